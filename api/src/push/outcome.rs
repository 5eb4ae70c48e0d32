//! The outcome of an attempt to send a push.

use std::time::Duration;

use entity::device::DeadReason;

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted the message.
    Accepted {
        /// The provider's id of the message.
        message_id: String,
    },
    /// The address is gone, or was never valid.
    Dead(DeadReason),
    /// The provider rejects this message and always will: a bug in this service.
    Rejected,
    /// The quota is used up: the whole sender pauses.
    QuotaExceeded {
        /// How long to pause.
        retry_after: Duration,
    },
    /// The provider or the network is temporarily unavailable.
    Unavailable {
        /// How long to wait, if the provider says so.
        retry_after: Option<Duration>,
    },
    /// The provider has no valid credentials for this platform. No message gets there until the operator acts.
    PlatformRefused,
    /// The project, its URL or the service account's rights are wrong. No message gets anywhere until the operator
    /// acts.
    Misconfigured,
    /// No access token could be obtained.
    NoAccess {
        /// When to ask for one again.
        retry_after: Duration,
        /// Whether the credentials were refused, so that the operator has to act.
        refused: bool,
    },
    /// Pushes are switched off.
    Off,
}

impl Outcome {
    /// Returns the label for metrics and for the operator.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Dead(DeadReason::Unregistered) => "unregistered",
            Self::Dead(DeadReason::InvalidAddress) => "invalid_address",
            Self::Dead(DeadReason::SenderMismatch) => "sender_mismatch",
            Self::Dead(DeadReason::Expired) => "expired_address",
            Self::Rejected => "rejected",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::Unavailable { .. } => "unavailable",
            Self::PlatformRefused => "platform_refused",
            Self::Misconfigured => "misconfigured",
            Self::NoAccess { .. } => "no_access",
            Self::Off => "off",
        }
    }
}
