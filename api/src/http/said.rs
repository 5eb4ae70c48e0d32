//! One answer of an operation that may have several, as its client may read it.

use async_graphql::{Response, ServerError};
use serde::Serialize;

use super::errors::settle;
use super::operation::Outcome;
use super::request_log::RequestLine;
use super::respond::Errors;

/// What is said of an operation.
pub enum Said {
    /// It has an answer; there may be more.
    Answer(Response),
    /// It is not carried out, or no further.
    Refused(Vec<ServerError>),
}

impl Said {
    /// Gives every error its code, and writes them into the operation's line.
    pub fn of(outcome: Outcome, line: &mut RequestLine) -> Self {
        match outcome {
            Ok(mut response) => {
                line.told(settle(&mut response.errors, line.id()));
                Self::Answer(response)
            }
            Err(mut refusal) => {
                line.told(settle(&mut refusal.errors, line.id()));
                Self::Refused(refusal.errors)
            }
        }
    }

    /// As a GraphQL response (GraphQL §7.1).
    pub fn json(&self) -> String {
        match self {
            Self::Answer(response) => written(response),
            Self::Refused(errors) => written(&Errors::of(errors)),
        }
    }
}

/// Everything that is said is made of text keys and plain values, which can always be written.
pub fn written(said: &impl Serialize) -> String {
    serde_json::to_string(said).unwrap_or_default()
}
