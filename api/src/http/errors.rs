//! Gives every top-level error a code from the closed list, and removes what a client must not read.

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use uuid::Uuid;

use crate::graphql::code::Code;
use crate::graphql::errors::Cause;

/// The message that a client reads in place of an internal cause.
pub const MASK: &str = "Something went wrong on our side.";

/// Gives every error its code. Logs each distinct cause once and replaces it with the request's id. Returns the codes.
pub fn settle(errors: &mut [ServerError], request: Uuid) -> Vec<Code> {
    let mut codes = Vec::with_capacity(errors.len());
    let mut logged: Vec<String> = Vec::new();
    for error in errors {
        let code = given_code(error).unwrap_or_else(|| library_code(error));
        let source = error.source.take();
        let extensions = error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("code", code.as_str());
        if matches!(code, Code::Internal | Code::Unavailable) {
            extensions.set("requestId", request.to_string());
            if code == Code::Internal {
                MASK.clone_into(&mut error.message);
            }
            let class = source.as_ref().and_then(|cause| cause.downcast_ref());
            let class = class.map_or("an error without a code", |Cause(class)| class);
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

/// Returns the code that was set when the error was made, or `None` if there is none.
pub fn given_code(error: &ServerError) -> Option<Code> {
    let Some(Value::String(given)) = error.extensions.as_ref()?.get("code") else {
        return None;
    };
    // A code that is not on the list is our mistake, so it is reported as an internal error.
    Some(Code::read(given).unwrap_or(Code::Internal))
}

/// Returns the code of an error that the GraphQL library made. The library gives its errors no kinds, so this matches
/// their wording. Tests of these codes catch an upgrade that changes the wording.
fn library_code(error: &ServerError) -> Code {
    const BAD_VALUE: [&str; 3] = [
        "Invalid value for argument",
        "Failed to parse \"",
        "Expected input type",
    ];
    let says_so = || {
        let message = &error.message;
        BAD_VALUE.iter().any(|start| message.starts_with(start))
    };
    if error.source.is_none() && says_so() {
        Code::BadUserInput
    } else if !error.path.is_empty() {
        Code::Internal
    } else {
        Code::ValidationFailed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_graphql::{Error, PathSegment, Pos};

    use super::*;
    use crate::error::Fault;
    use crate::graphql::GqlError;

    fn settled(mut error: ServerError) -> (Code, serde_json::Value) {
        error.path = vec![PathSegment::Field("me".to_owned())];
        let mut errors = [error];
        let codes = settle(&mut errors, Uuid::from_u128(7));
        let json = serde_json::to_value(&errors[0]).unwrap();
        assert_eq!(json["extensions"]["code"], codes[0].as_str());
        assert!(errors[0].source.is_none());
        (codes[0], json)
    }

    #[test]
    fn the_request_id_replaces_an_internal_cause() {
        let broken = Error::from(GqlError::Fault(Fault::Broken("hunter2 is a secret")));
        let own = Error::new_with_source(std::io::Error::other("hunter2"));
        let unlisted = Error {
            extensions: {
                let mut extensions = ErrorExtensionValues::default();
                extensions.set("code", "HUNTER2_FAILED");
                Some(extensions)
            },
            ..Error::new("hunter2 is bad")
        };
        let plain = Error::new("hunter2 came back null");
        for error in [broken, own, unlisted, plain] {
            let (code, json) = settled(error.into_server_error(Pos::default()));
            assert_eq!(code, Code::Internal);
            assert_eq!(
                json["extensions"]["requestId"],
                Uuid::from_u128(7).to_string()
            );
            assert_eq!(json["message"], MASK);
            assert!(
                !json.to_string().to_lowercase().contains("hunter2"),
                "{json}"
            );
        }
    }

    #[test]
    fn an_outage_says_when_to_retry_and_hides_its_cause() {
        let away = sea_orm::DbErr::Conn(sea_orm::RuntimeErr::Internal("hunter2 is away".into()));
        let away = Error::from(GqlError::from(away));
        let (code, json) = settled(away.into_server_error(Pos::default()));
        assert_eq!(code, Code::Unavailable);
        assert_eq!(json["extensions"]["retryAfter"], 5);
        assert_eq!(
            json["extensions"]["requestId"],
            Uuid::from_u128(7).to_string()
        );
        assert!(!json.to_string().contains("hunter2"), "{json}");
    }

    #[test]
    fn expected_errors_keep_their_code() {
        let wait = std::time::Duration::from_millis(1500);
        let limited = Error::from(GqlError::Fault(Fault::RateLimited(wait)));
        let (code, json) = settled(limited.into_server_error(Pos::default()));
        assert_eq!(code, Code::RateLimited);
        assert_eq!(json["extensions"]["retryAfter"], 2);
        let absent = Error::from(GqlError::NotFound).into_server_error(Pos::default());
        assert_eq!(settled(absent).0, Code::NotFound);
        let mut bad = ServerError::new("Failed to parse \"Date\": no date", None);
        assert_eq!(settled(bad.clone()).0, Code::BadUserInput);
        bad.source = Some(Arc::new("an error of our own that begins so"));
        assert_eq!(settled(bad).0, Code::Internal);
    }
}
