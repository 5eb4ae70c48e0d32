//! The errors of a request that is not carried out.

use std::sync::Arc;

use async_graphql::{ServerError, Value};
use http::StatusCode;

use super::accept::Media;
use super::errors::{MASK, given_code};
use super::guard::TooMuch;
use super::respond;
use crate::graphql::code::Code;
use crate::graphql::errors::Cause;

/// The most errors that a refusal lists.
const MOST_ERRORS: usize = 20;

/// Why an operation was not carried out.
#[derive(Debug)]
pub struct Refusal {
    /// The status, if it does not depend on the media type. `None` if the fault is in the GraphQL.
    status: Option<StatusCode>,
    /// The errors, each with its code.
    pub errors: Vec<ServerError>,
}

impl Refusal {
    /// Refuses because of the GraphQL, or because of the caller.
    pub fn new(code: Code, message: &str) -> Self {
        Self {
            status: None,
            errors: vec![respond::coded(code.as_str(), message)],
        }
    }

    /// Refuses because of the HTTP. The status is for clients that read only the status.
    pub fn http(status: StatusCode, message: &str) -> Self {
        Self {
            status: Some(status),
            ..Self::new(Code::BadRequest, message)
        }
    }

    /// Sets the status, for clients that read only the status.
    pub fn in_http(self, status: StatusCode) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// As [`Refusal::http`], with a code other than [`Code::BadRequest`].
    pub fn coded(status: StatusCode, code: Code, message: &str) -> Self {
        Self {
            status: Some(status),
            ..Self::new(code, message)
        }
    }

    /// Refuses with the errors of a whole request. There are no data, so the errors lose their paths. Only the first
    /// `MOST_ERRORS` are kept: there may be thousands, and nobody reads them all.
    pub fn of(mut errors: Vec<ServerError>) -> Self {
        errors.truncate(MOST_ERRORS);
        for error in &mut errors {
            error.path = Vec::new();
        }
        Self {
            status: None,
            errors,
        }
    }

    /// The rate limit is reached. The client may try again after this many seconds.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::limited("The rate limit is reached: wait a little.", seconds)
    }

    /// As [`Refusal::rate_limited`], with a message that names the limit.
    pub fn limited(message: &str, seconds: u64) -> Self {
        let mut refusal = Self::new(Code::RateLimited, message);
        for error in &mut refusal.errors {
            error
                .extensions
                .get_or_insert_default()
                .set("retryAfter", seconds);
        }
        refusal
    }

    /// The access token is invalid, has expired, or its session has ended.
    pub fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "The access token is not valid: refresh it, or sign in again.",
        )
    }

    /// The operation took longer than allowed.
    pub fn timed_out() -> Self {
        Self::new(
            Code::Timeout,
            "This took too long and was given up; you may send it again.",
        )
    }

    /// An operation panicked.
    pub fn panicked() -> Self {
        let mut refusal = Self::new(Code::Internal, MASK);
        for error in &mut refusal.errors {
            error.source = Some(Arc::new(Cause("an operation panicked".to_owned())));
        }
        refusal
    }

    /// Returns the seconds after which the client may try again, or `None` if no limit was reached.
    pub fn retry_after(&self) -> Option<u64> {
        let extensions = self.errors.first()?.extensions.as_ref()?;
        match extensions.get("retryAfter")? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        }
    }

    /// Whether the fault is in the HTTP.
    pub const fn is_of_http(&self) -> bool {
        self.status.is_some()
    }

    /// Whether the fault is in the request itself, and not in a limit, a timeout or the server.
    pub fn is_of_what_was_sent(&self) -> bool {
        let code = self.errors.first().and_then(given_code);
        !matches!(
            code,
            Some(Code::RateLimited | Code::Timeout | Code::Unavailable | Code::Internal)
        )
    }

    /// Returns the status of the answer. Call it once the errors have their `codes`. In `application/json` the status
    /// is 200 for everything that could be read as GraphQL. In `application/graphql-response+json` the status tells why
    /// a request was not carried out. Two codes stay 200 there too, because phones must be able to read them: their
    /// libraries drop the body of every other status.
    pub fn status(&self, media: Media, codes: &[Code]) -> StatusCode {
        if let Some(status) = self.status {
            return status;
        }
        match (media, codes.first().copied()) {
            (Media::Json, _)
            | (_, Some(Code::PersistedQueryNotFound | Code::Unauthenticated) | None) => {
                StatusCode::OK
            }
            (Media::Response, Some(Code::Forbidden)) => StatusCode::FORBIDDEN,
            (Media::Response, Some(Code::RateLimited)) => StatusCode::TOO_MANY_REQUESTS,
            (Media::Response, Some(Code::Timeout | Code::Unavailable)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            (Media::Response, Some(Code::Internal)) => StatusCode::INTERNAL_SERVER_ERROR,
            (Media::Response, Some(_)) => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<TooMuch> for Refusal {
    fn from(fault: TooMuch) -> Self {
        Self::new(fault.code(), &fault.message())
    }
}
