//! One answer of an operation that may have several, in the form that its client may read.

use async_graphql::{Response, ServerError};
use serde::Serialize;

use super::errors::settle;
use super::operation::Outcome;
use super::request_log::RequestLine;
use super::respond::Errors;

/// One answer of an operation.
pub enum Reply {
    /// A response; more may follow.
    Answer(Response),
    /// The operation is not carried out, or is broken off.
    Refused(Vec<ServerError>),
}

impl Reply {
    /// Gives every error its code, and records the codes in the operation's log line.
    pub fn of(outcome: Outcome, line: &mut RequestLine) -> Self {
        match outcome {
            Ok(mut response) => {
                line.record_codes(settle(&mut response.errors, line.id()));
                Self::Answer(response)
            }
            Err(mut refusal) => {
                line.record_codes(settle(&mut refusal.errors, line.id()));
                Self::Refused(refusal.errors)
            }
        }
    }

    /// Writes it as a GraphQL response (GraphQL §7.1).
    pub fn json(&self) -> String {
        match self {
            Self::Answer(response) => written(response),
            Self::Refused(errors) => written(&Errors::of(errors)),
        }
    }
}

/// Writes JSON. All answers have text keys and plain values, so this cannot fail.
pub fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
