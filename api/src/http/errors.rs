//! Every top-level error gets a code from the closed list, and loses what a client must not read.

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use uuid::Uuid;

use crate::graphql::errors::Cause;

/// The closed list: apps branch on these, so one that was given out keeps its meaning.
pub const CODES: [&str; 13] = [
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "PERSISTED_QUERY_NOT_FOUND",
    "BAD_REQUEST",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "RATE_LIMITED",
    "QUERY_TOO_COMPLEX",
    "TIMEOUT",
    INTERNAL,
];

/// A fault of the system, whose cause is in the log.
pub const INTERNAL: &str = "INTERNAL_SERVER_ERROR";

/// What a client reads in place of a cause.
pub const MASK: &str = "Something went wrong on our side.";

/// Gives every error its code, writes causes to the log, once each, and puts the request's id in their
/// place. Answers the codes.
pub fn settle(errors: &mut [ServerError], request: Uuid) -> Vec<&'static str> {
    let mut codes = Vec::with_capacity(errors.len());
    let mut logged: Vec<String> = Vec::new();
    for error in errors {
        let code = given_code(error).unwrap_or_else(|| library_code(error));
        let source = error.source.take();
        let extensions = error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("code", code);
        if code == INTERNAL {
            extensions.set("requestId", request.to_string());
            MASK.clone_into(&mut error.message);
            let class = source.as_ref().and_then(|cause| cause.downcast_ref());
            let class = class.map_or("an error nobody gave a code", |Cause(class)| class);
            if !logged.iter().any(|before| before == class) {
                tracing::error!(request_id = %request, class, "a field could not be had");
                logged.push(class.to_owned());
            }
        }
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn given_code(error: &ServerError) -> Option<&'static str> {
    let Some(Value::String(given)) = error.extensions.as_ref()?.get("code") else {
        return None;
    };
    // A code that is not on the list is a mistake of ours, and is told like one.
    Some(
        CODES
            .into_iter()
            .find(|code| code == given)
            .unwrap_or(INTERNAL),
    )
}

/// The code of an error that the GraphQL library made. It names no kinds, so its wording has to do; an
/// upgrade that changes it is caught by the tests of these codes.
fn library_code(error: &ServerError) -> &'static str {
    const BAD_VALUE: [&str; 3] = [
        "Invalid value for argument",
        "Failed to parse \"",
        "Expected input type",
    ];
    const TOO_MUCH: [&str; 4] = [
        "Query is too complex",
        "Query is nested too deep",
        "The recursion depth",
        "The number of",
    ];
    let says = |starts: &[&str]| starts.iter().any(|start| error.message.starts_with(start));
    if error.source.is_none() && says(&BAD_VALUE) {
        "BAD_USER_INPUT"
    } else if !error.path.is_empty() {
        INTERNAL
    } else if says(&TOO_MUCH) {
        "QUERY_TOO_COMPLEX"
    } else {
        "GRAPHQL_VALIDATION_FAILED"
    }
}
