//! From the bytes of a request to an operation that parses, or to what is wrong with it.

use std::time::Duration;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Request as Operation, ServerError, Variables};
use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;

use super::respond;

/// What a request is refused with before it reaches the schema.
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The one error in it, with its code.
    pub error: Box<ServerError>,
}

impl Refusal {
    /// A refusal in words.
    pub fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self {
            status,
            error: Box::new(respond::coded(code, message)),
        }
    }

    fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }
}

/// A request's body (GraphQL over HTTP §5.4).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
}

/// Which of a document's operations is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name in the document, when it has one.
    pub name: Option<String>,
}

/// JSON only: a form or plain text can be sent by any web page without asking us first.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_json(headers) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "BAD_REQUEST",
        "The request must have the content type application/json, in UTF-8.",
    ))
}

/// Whether the request says that it is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(header), None) = (given.next(), given.next()) else {
        return false;
    };
    let Ok(header) = header.to_str() else {
        return false;
    };
    let mut parts = header.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

/// Reads a body of at most `limit` bytes.
pub async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Refusal> {
    let body = Limited::new(body, limit).collect();
    match tokio::time::timeout(patience, body).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BAD_REQUEST",
            &format!("The request is larger than {limit} bytes."),
        )),
        Ok(Err(_)) => Err(Refusal::bad_request("The request ended before its time.")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "TIMEOUT",
            "The request took too long to arrive.",
        )),
    }
}

/// An operation that parses, ready to be run, and which one it is.
pub fn parse(body: &[u8]) -> Result<(Operation, Asked), Refusal> {
    let not_json = || Refusal::bad_request("The request is not a JSON object as GraphQL wants it.");
    // A list would be read as the fields in their order, or is a batch.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(not_json());
    }
    let sent: Sent = serde_json::from_slice(body).map_err(|_| not_json())?;
    let Some(query) = sent.query else {
        return Err(Refusal::bad_request("The request has no query."));
    };
    let document = async_graphql::parser::parse_query(&query).map_err(|fault| {
        let mut refusal = Refusal::new(StatusCode::OK, "GRAPHQL_PARSE_FAILED", "");
        let ServerError {
            message, locations, ..
        } = ServerError::from(fault);
        (refusal.error.message, refusal.error.locations) = (message, locations);
        refusal
    })?;
    let asked = select(&document, sent.operation_name.as_deref())
        .map_err(|message| Refusal::new(StatusCode::OK, "BAD_REQUEST", message))?;

    let mut operation = Operation::new(query).variables(sent.variables);
    operation.operation_name.clone_from(&asked.name);
    operation.set_parsed_query(document);
    Ok((operation, asked))
}

/// The operation to run (GraphQL §6.1, `GetOperation`).
fn select(document: &ExecutableDocument, wanted: Option<&str>) -> Result<Asked, &'static str> {
    // Some clients send an empty name for none.
    let wanted = wanted.filter(|name| !name.is_empty());
    let unknown = "The document has no operation of that name.";
    let (name, operation) = match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => (None, operation),
        (DocumentOperations::Single(_), Some(_)) => return Err(unknown),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            let operation = operations.get(name).ok_or(unknown)?;
            (Some(name.to_owned()), operation)
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.iter();
            match (all.next(), all.next()) {
                (Some((name, operation)), None) => (Some(name.to_string()), operation),
                _ => {
                    return Err("The document has several operations: say which by operationName.");
                }
            }
        }
    };
    let kind = operation.node.ty;
    if kind == OperationType::Subscription {
        return Err("A subscription cannot be asked for in a request.");
    }
    Ok(Asked { kind, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Result<Asked, String> {
        parse(body.as_bytes())
            .map(|(_, asked)| asked)
            .map_err(|refusal| refusal.error.message)
    }

    #[test]
    fn the_operation_asked_for_is_found() {
        let named = |name: &str| Asked {
            kind: OperationType::Query,
            name: Some(name.to_owned()),
        };
        assert_eq!(asked(r#"{"query":"query A { a }"}"#), Ok(named("A")));
        let two = r#"{"query":"query A { a } query B { b }""#;
        assert_eq!(
            asked(&format!(r#"{two}, "operationName": "B"}}"#)),
            Ok(named("B"))
        );
        assert!(asked(&format!("{two}}}")).is_err());
        assert!(asked(&format!(r#"{two}, "operationName": "C"}}"#)).is_err());
        assert!(asked(r#"{"query":"{ a }", "operationName": "", "variables": null}"#).is_ok());
        assert!(asked(r#"{"query":"{ a }", "operationName": "A"}"#).is_err());
    }

    #[test]
    fn a_body_is_one_object_of_the_right_shape() {
        for body in [
            r#"["{ a }"]"#,
            r#"[{"query": "{ a }"}]"#,
            r#"{"query": 1}"#,
            r#"{"query": "{ a }", "variables": [1]}"#,
            r#"{"query": "{ a }""#,
            "{}",
            "",
        ] {
            assert!(asked(body).is_err(), "{body}");
        }
    }

    #[test]
    fn json_in_utf_8_is_taken_and_nothing_else() {
        let taken = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(taken("application/json"));
        assert!(taken("Application/JSON; charset=\"UTF-8\""));
        assert!(!taken("application/json; charset=utf-16"));
        assert!(!taken("text/plain"));
        assert!(!taken("application/jsonp"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
