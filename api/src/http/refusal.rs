//! What a request is told that is not carried out.

use std::sync::Arc;

use async_graphql::{ServerError, Value};
use http::StatusCode;

use super::accept::Media;
use super::errors::{MASK, given_code};
use super::guard::TooMuch;
use super::respond;
use crate::graphql::code::Code;
use crate::graphql::errors::Cause;

/// Errors that a refusal names at most.
const MOST_ERRORS: usize = 20;

/// Why an operation was not carried out.
#[derive(Debug)]
pub struct Refusal {
    /// A status that does not depend on the kind of answer; none for what is wrong with the GraphQL.
    status: Option<StatusCode>,
    /// The errors, each with its code.
    pub errors: Vec<ServerError>,
}

impl Refusal {
    /// There is something wrong with the GraphQL, or with who asks.
    pub fn new(code: Code, message: &str) -> Self {
        Self {
            status: None,
            errors: vec![respond::coded(code.as_str(), message)],
        }
    }

    /// There is something wrong with the HTTP: the status says so to whoever reads only that.
    pub fn http(status: StatusCode, message: &str) -> Self {
        Self {
            status: Some(status),
            ..Self::new(Code::BadRequest, message)
        }
    }

    /// With a status for whoever reads only that.
    pub fn in_http(self, status: StatusCode) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// With another code than [`Code::BadRequest`].
    pub fn coded(status: StatusCode, code: Code, message: &str) -> Self {
        Self {
            status: Some(status),
            ..Self::new(code, message)
        }
    }

    /// Of errors in a request, or in all that was asked for: there are no data, and so no places in them. Nobody reads
    /// more than a few of them, and there may be thousands.
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

    /// There were too many; in so many seconds there may be another.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::limited("Too much was asked for: wait a little.", seconds)
    }

    /// As [`Refusal::rate_limited`], saying what there was too much of.
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

    /// The access token is not good, or not any more.
    pub fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "The access token is not good any more: refresh it, or sign in again.",
        )
    }

    /// The time an operation may take is over.
    pub fn timed_out() -> Self {
        Self::new(
            Code::Timeout,
            "This took too long and was given up; it may be sent again.",
        )
    }

    /// The program broke a promise to itself.
    pub fn panicked() -> Self {
        let mut refusal = Self::new(Code::Internal, MASK);
        for error in &mut refusal.errors {
            error.source = Some(Arc::new(Cause("an operation panicked".to_owned())));
        }
        refusal
    }

    /// After how many seconds it may be asked again, where there is a limit.
    pub fn retry_after(&self) -> Option<u64> {
        let extensions = self.errors.first()?.extensions.as_ref()?;
        match extensions.get("retryAfter")? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        }
    }

    /// Whether it is the HTTP there is something wrong with.
    pub const fn is_of_http(&self) -> bool {
        self.status.is_some()
    }

    /// Whether what was sent is the reason, and neither the hour nor us.
    pub fn is_of_what_was_sent(&self) -> bool {
        let code = self.errors.first().and_then(given_code);
        !matches!(
            code,
            Some(Code::RateLimited | Code::Timeout | Code::Unavailable | Code::Internal)
        )
    }

    /// The status of the answer, once the errors have their `codes`. In `application/json` everything that
    /// could be read as GraphQL is 200; in `application/graphql-response+json` the status tells a
    /// request that was not carried out, but for what phones must be able to read: their libraries drop
    /// the body of every other status.
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
