//! What became of one attempt.
//!
//! An answer is read by its `errorCode` first and its HTTP status second, because one status stands
//! for several things: a 404 with `UNREGISTERED` means that an installation is gone, one without it
//! that the project or the URL is wrong.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

use crate::{retry_after, token_source::TokenError};

/// The pause after a quota was used up and the answer asked for none: Google's advice.
pub const DEFAULT_QUOTA_PAUSE: Duration = Duration::from_mins(1);

/// What became of one attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome may ask for the address to be forgotten or the sender to pause"]
pub enum Outcome {
    /// Google took the message. Whether it is shown is not reported to the sender.
    Accepted {
        /// The message's name, `projects/{project}/messages/{id}`.
        name: String,
    },
    /// The installation is gone, or its address was replaced: the address is dead.
    Unregistered,
    /// The address was never one: it is dead.
    InvalidTarget,
    /// The address belongs to another project: it is dead here, and somebody should know why an app
    /// of another project registered.
    SenderIdMismatch,
    /// The message is malformed, which is a bug of the sender. Another attempt ends the same way.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The fields of the request that Google names, such as `message.android.ttl`.
        fields: Vec<String>,
    },
    /// A quota is used up: the whole sender, not this message alone, pauses and then ramps up.
    QuotaExceeded {
        /// How long, [`DEFAULT_QUOTA_PAUSE`] where the answer does not say.
        retry_after: Duration,
    },
    /// Google or the way there failed: this message may be tried again, after at least ten seconds.
    Unavailable {
        /// What failed.
        fault: Fault,
        /// The wait asked for, if any.
        retry_after: Option<Duration>,
    },
    /// Google's credentials for the platform, such as its key for APNs, are missing or wrong: every
    /// message to this platform ends this way until somebody uploads them.
    PlatformCredentials,
    /// The project, the URL or the service account's rights are wrong: somebody must act, and no
    /// address may be forgotten over it.
    Misconfigured {
        /// The HTTP status. A 401 was answered twice, the second time to a new access token.
        status: u16,
    },
    /// There was no access token, so nothing was sent.
    NoAccessToken {
        /// Why. If it [is a refusal](TokenError::is_refusal), somebody must act.
        error: TokenError,
        /// When the token server is asked again.
        retry_after: Duration,
    },
}

/// What failed where another attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server, or a gateway before it, answered with this HTTP status.
    Status(u16),
    /// A success without a message name, such as an HTML page from a proxy.
    UnreadableAnswer,
    /// No answer within the configured time. The message may have been accepted.
    Timeout,
    /// The connection could not be made or broke. The message may have been accepted.
    Connection,
}

impl Outcome {
    /// Whether the address is dead, if it is still the one that the message was sent to.
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

    /// A name for metrics and for storage.
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

/// An answer, or the one that asks for a new access token before it becomes an outcome.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Outcome(Outcome),
    /// A bare 401: the access token was not accepted.
    TokenNotAccepted,
}

/// Reads an answer. `now` is the time that a `Retry-After` which is a date is counted from.
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
        // No code, `UNSPECIFIED_ERROR`, or one that is not known yet.
        _ => match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
                error.invalid_argument(status)
            }
            StatusCode::UNAUTHORIZED => return Answer::TokenNotAccepted,
            StatusCode::TOO_MANY_REQUESTS => quota(),
            StatusCode::REQUEST_TIMEOUT => unavailable(),
            status if status.is_server_error() => unavailable(),
            // 403, 404 and whatever else no correct request to a correct URL is answered with.
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

/// `google.rpc.Status` as JSON, the parts that decide something.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiError {
    message: String,
    status: String,
    details: Vec<Detail>,
}

/// Of `FcmError` the code, of `google.rpc.BadRequest` the violations.
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
    /// FCM's own code. The canonical status stands in for it only where both mean the same.
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

    /// Whether the target is at fault. Google names the field in a violation, or names none and
    /// says so in the message, which is then the only sign there is.
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

/// A path of field names and nothing that a message's content could have slipped into.
fn is_field_path(field: &str) -> bool {
    (1..=100).contains(&field.len())
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._[]".contains(&byte))
}

#[cfg(test)]
mod tests;
