//! Builds answers: status, content type and body.

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use super::accept::Media;
use super::errors::{MASK, settle};
use super::operation::Outcome;
use super::request_log::RequestLine;
use crate::graphql::code::Code;

/// Answers with the outcome of an operation, and records it in the request's log line.
pub fn outcome(media: Media, outcome: Outcome, line: &mut RequestLine) -> Response<Body> {
    match outcome {
        Ok(mut outcome) => {
            let codes = settle(&mut outcome.errors, line.id());
            line.answered(StatusCode::OK, codes);
            // Resolvers set cookies by these headers, which are not part of the JSON.
            let cookies = std::mem::take(&mut outcome.http_headers);
            let mut response = written(StatusCode::OK, media, &outcome);
            response.headers_mut().extend(cookies);
            response
        }
        Err(mut refusal) => {
            let codes = settle(&mut refusal.errors, line.id());
            let status = refusal.status(media, &codes);
            line.answered(status, codes);
            let mut response = written(status, media, &Errors::of(&refusal.errors));
            if let Some(seconds) = refusal.retry_after() {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
    }
}

/// A GraphQL response without data, and so without the `data` key (GraphQL §7.1).
#[derive(Serialize)]
pub struct Errors<'a> {
    errors: &'a [ServerError],
}

impl<'a> Errors<'a> {
    /// Wraps these errors.
    pub const fn of(errors: &'a [ServerError]) -> Self {
        Self { errors }
    }
}

/// Answers in plain JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    written(status, Media::Json, body)
}

fn written(status: StatusCode, media: Media, body: &impl Serialize) -> Response<Body> {
    // All answers have text keys and plain values, so this cannot fail.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = match media {
        Media::Response => "application/graphql-response+json; charset=utf-8",
        Media::Json => "application/json; charset=utf-8",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("accept"));
    response
}

/// Answers with one GraphQL error and no data.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    json(status, &Errors::of(&[coded(code, message)]))
}

/// Answers a request that panicked.
pub fn fault(request: Uuid) -> Response<Body> {
    let mut error = coded(Code::Internal.as_str(), MASK);
    if let Some(extensions) = &mut error.extensions {
        extensions.set("requestId", request.to_string());
    }
    json(StatusCode::INTERNAL_SERVER_ERROR, &Errors::of(&[error]))
}

/// Makes an error with its code.
pub fn coded(code: &str, message: &str) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    ServerError {
        extensions: Some(extensions),
        ..ServerError::new(message, None)
    }
}

/// Answers 404 for an unknown path.
pub async fn nothing_here() -> Response<Body> {
    error(
        StatusCode::NOT_FOUND,
        Code::NotFound.as_str(),
        "There is nothing at this address; the API is /graphql.",
    )
}
