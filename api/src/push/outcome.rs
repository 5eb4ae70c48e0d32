//! What became of an attempt to send.

use std::time::Duration;

use entity::device::DeadReason;

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it.
    Accepted {
        /// The provider's name for the message.
        message_id: String,
    },
    /// The address is gone, or never was one.
    Dead(DeadReason),
    /// The provider does not take this message, and never will: a bug of ours.
    Rejected,
    /// A quota is used up: the whole sender waits.
    QuotaExceeded {
        /// So long.
        retry_after: Duration,
    },
    /// The provider, or the way there, has a bad moment.
    Unavailable {
        /// How long to wait, when the provider says.
        retry_after: Option<Duration>,
    },
    /// The provider has no valid credentials for this platform: nothing gets there until somebody acts.
    PlatformRefused,
    /// The project, its URL or our rights are wrong: nothing gets anywhere until somebody acts.
    Misconfigured,
    /// There is no access to the provider.
    NoAccess {
        /// When access is asked for again.
        retry_after: Duration,
        /// The credentials were refused: somebody has to act.
        refused: bool,
    },
    /// Pushes are switched off.
    Off,
}

impl Outcome {
    /// A word for metrics and for the operator.
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
