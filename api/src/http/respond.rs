//! Answers.

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use super::errors::{INTERNAL, MASK};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer in JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // Everything answered is made of text keys and plain values, which can always be written.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A GraphQL answer without data.
pub fn errors(status: StatusCode, errors: &[ServerError]) -> Response<Body> {
    #[derive(Serialize)]
    struct Errors<'a> {
        errors: &'a [ServerError],
    }
    json(status, &Errors { errors })
}

/// A GraphQL answer with one error and no data.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    errors(status, &[coded(code, message)])
}

/// The answer to a request that ran into a fault of the program.
pub fn fault(request: Uuid) -> Response<Body> {
    let mut error = coded(INTERNAL, MASK);
    if let Some(extensions) = &mut error.extensions {
        extensions.set("requestId", request.to_string());
    }
    errors(StatusCode::INTERNAL_SERVER_ERROR, &[error])
}

/// An error with its code.
pub fn coded(code: &str, message: &str) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    ServerError {
        extensions: Some(extensions),
        ..ServerError::new(message, None)
    }
}

/// There is nothing at this address.
pub async fn nothing_here() -> Response<Body> {
    error(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "There is nothing at this address; the API is POST /graphql.",
    )
}
