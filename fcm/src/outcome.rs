//! The outcome of one attempt.
//!
//! An answer is read by its `errorCode` first and by its HTTP status second, because a status is ambiguous: a 404 with
//! `UNREGISTERED` means that an installation is gone. Without it, a 404 means that the project or the URL is wrong.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

use crate::{retry_after, token_source::TokenError};

/// The pause after a used-up quota if the answer names none. This is Google's advice.
pub const DEFAULT_QUOTA_PAUSE: Duration = Duration::from_mins(1);

/// The outcome of one attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome may ask for the address to be forgotten or the sender to pause"]
pub enum Outcome {
    /// Google accepted the message. It does not report to the sender whether the message is shown.
    Accepted {
        /// The message's name, `projects/{project}/messages/{id}`.
        name: String,
    },
    /// The installation is gone, or its address was replaced: the address is dead.
    Unregistered,
    /// The address is malformed: it is dead.
    InvalidTarget,
    /// The address belongs to another project. It is dead here, and an operator should find out why an app of another
    /// project registered.
    SenderIdMismatch,
    /// The message is malformed, which is a bug of the sender. Another attempt would fail the same way.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The fields of the request that Google names, such as `message.android.ttl`.
        fields: Vec<String>,
    },
    /// A quota is used up. The whole sender must pause and then ramp up, not only this message.
    QuotaExceeded {
        /// How long to pause; [`DEFAULT_QUOTA_PAUSE`] if the answer does not say.
        retry_after: Duration,
    },
    /// Google or the network failed. This message may be tried again, after at least ten seconds.
    Unavailable {
        /// What failed.
        fault: Fault,
        /// The wait that the answer asks for, if any.
        retry_after: Option<Duration>,
    },
    /// Google's credentials for the platform, such as its key for APNs, are missing or wrong. Every message to this
    /// platform fails this way until an operator uploads them.
    PlatformCredentials,
    /// The project, the URL or the service account's rights are wrong. An operator must act, and no address may be
    /// forgotten because of it.
    Misconfigured {
        /// The HTTP status. A 401 was answered twice, the second time to a new access token.
        status: u16,
    },
    /// There was no access token, so nothing was sent.
    NoAccessToken {
        /// The reason. If it [is a refusal](TokenError::is_refusal), an operator must act.
        error: TokenError,
        /// The time until the token server is asked again.
        retry_after: Duration,
    },
}

/// A fault after which another attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server, or a gateway before it, answered with this HTTP status.
    Status(u16),
    /// A success without a message name, such as an HTML page from a proxy.
    UnreadableAnswer,
    /// No answer within the configured time. The message may have been accepted.
    Timeout,
    /// The connection failed or broke. The message may have been accepted.
    Connection,
}

impl Outcome {
    /// Whether the address is dead. Forget it only if it is still the one that the message was sent to.
    pub fn is_dead(&self) -> bool {
        matches!(
            self,
            Self::Unregistered | Self::InvalidTarget | Self::SenderIdMismatch
        )
    }

    /// Whether the same message may be accepted later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::QuotaExceeded { .. }
            | Self::Unavailable { .. }
            | Self::PlatformCredentials
            | Self::Misconfigured { .. }
            | Self::NoAccessToken { .. } => true,
            Self::Accepted { .. }
            | Self::Unregistered
            | Self::InvalidTarget
            | Self::SenderIdMismatch
            | Self::Rejected { .. } => false,
        }
    }

    /// Returns the name for metrics and storage.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Unregistered => "unregistered",
            Self::InvalidTarget => "invalid_target",
            Self::SenderIdMismatch => "sender_id_mismatch",
            Self::Rejected { .. } => "rejected",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::Unavailable { .. } => "unavailable",
            Self::PlatformCredentials => "platform_credentials",
            Self::Misconfigured { .. } => "misconfigured",
            Self::NoAccessToken { .. } => "no_access_token",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { .. } => f.write_str("accepted"),
            Self::Unregistered => f.write_str("the installation is no longer registered"),
            Self::InvalidTarget => f.write_str("the address is not valid"),
            Self::SenderIdMismatch => f.write_str("the address belongs to another project"),
            Self::Rejected { status, fields } if fields.is_empty() => {
                write!(f, "the message was rejected (HTTP {status})")
            }
            Self::Rejected { status, fields } => {
                write!(
                    f,
                    "the message was rejected (HTTP {status}): {}",
                    fields.join(", ")
                )
            }
            Self::QuotaExceeded { retry_after } => {
                write!(
                    f,
                    "a quota is used up; retry after {} s",
                    retry_after.as_secs()
                )
            }
            Self::Unavailable { fault, .. } => write!(f, "unavailable: {fault}"),
            Self::PlatformCredentials => {
                f.write_str("FCM's credentials for the platform are missing or wrong")
            }
            Self::Misconfigured { status } => {
                write!(
                    f,
                    "the project, its URL or the service account's rights are wrong (HTTP {status})"
                )
            }
            Self::NoAccessToken { error, .. } => write!(f, "no access token: {error}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::UnreadableAnswer => f.write_str("the answer could not be read"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Connection => f.write_str("the connection failed"),
        }
    }
}

/// An outcome, or the request for a new access token before there can be one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Outcome(Outcome),
    /// A bare 401: the access token was not accepted.
    TokenNotAccepted,
}

/// Reads an answer. `now` is the base for a `Retry-After` that is a date.
pub(crate) fn read(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Answer {
    if status.is_success() {
        return Answer::Outcome(match serde_json::from_slice(body) {
            Ok(Sent { name }) => Outcome::Accepted { name },
            Err(_) => Outcome::Unavailable {
                fault: Fault::UnreadableAnswer,
                retry_after: None,
            },
        });
    }
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| retry_after::parse(value, now));
    // An HTML page has no error code and is read by its status.
    let error = serde_json::from_slice(body)
        .map(|Failed { error }| error)
        .unwrap_or_default();
    let quota = || Outcome::QuotaExceeded {
        retry_after: retry_after.unwrap_or(DEFAULT_QUOTA_PAUSE),
    };
    let unavailable = || Outcome::Unavailable {
        fault: Fault::Status(status.as_u16()),
        retry_after,
    };

    let outcome = match error.code() {
        Some("UNREGISTERED") => Outcome::Unregistered,
        Some("SENDER_ID_MISMATCH") => Outcome::SenderIdMismatch,
        Some("QUOTA_EXCEEDED") => quota(),
        Some("THIRD_PARTY_AUTH_ERROR") => Outcome::PlatformCredentials,
        Some("UNAVAILABLE" | "INTERNAL") => unavailable(),
        Some("INVALID_ARGUMENT") => error.invalid_argument(status),
        // No code, `UNSPECIFIED_ERROR`, or an unknown one.
        _ => match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
                error.invalid_argument(status)
            }
            StatusCode::UNAUTHORIZED => return Answer::TokenNotAccepted,
            StatusCode::TOO_MANY_REQUESTS => quota(),
            StatusCode::REQUEST_TIMEOUT => unavailable(),
            status if status.is_server_error() => unavailable(),
            // 403, 404 and every other status that a correct request to a correct URL never gets.
            _ => Outcome::Misconfigured {
                status: status.as_u16(),
            },
        },
    };
    Answer::Outcome(outcome)
}

#[derive(Deserialize)]
struct Sent {
    name: String,
}

#[derive(Deserialize)]
struct Failed {
    error: ApiError,
}

/// The relevant parts of `google.rpc.Status` as JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiError {
    message: String,
    status: String,
    details: Vec<Detail>,
}

/// The code of an `FcmError`, or the violations of a `google.rpc.BadRequest`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: Option<String>,
    field_violations: Vec<FieldViolation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldViolation {
    field: String,
}

impl ApiError {
    /// Returns FCM's own code. The canonical status replaces a missing code only where both mean the same.
    fn code(&self) -> Option<&str> {
        let own = self
            .details
            .iter()
            .find_map(|detail| detail.error_code.as_deref());
        own.or_else(|| (self.status == "INVALID_ARGUMENT").then_some("INVALID_ARGUMENT"))
    }

    fn invalid_argument(&self, status: StatusCode) -> Outcome {
        if self.blames_the_target() {
            return Outcome::InvalidTarget;
        }
        let fields = self
            .fields()
            .filter(|field| is_field_path(field))
            .map(str::to_owned)
            .collect();
        Outcome::Rejected {
            status: status.as_u16(),
            fields,
        }
    }

    /// Whether the target is at fault. Google either names the field in a violation, or names none and says so only in
    /// the message.
    fn blames_the_target(&self) -> bool {
        let mut fields = self.fields().peekable();
        if fields.peek().is_some() {
            return fields.all(|field| matches!(field, "message.token" | "message.fid"));
        }
        let message = self.message.to_ascii_lowercase();
        [
            "message.token",
            "message.fid",
            "not a valid fcm registration token",
        ]
        .iter()
        .any(|sign| message.contains(sign))
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        self.details
            .iter()
            .flat_map(|detail| &detail.field_violations)
            .map(|violation| violation.field.as_str())
    }
}

/// Whether it is a path of field names, and so cannot contain any of the message's content.
fn is_field_path(field: &str) -> bool {
    (1..=100).contains(&field.len())
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._[]".contains(&byte))
}

#[cfg(test)]
mod tests;
