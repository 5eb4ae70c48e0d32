//! Alerts about pushes, for the operator.

use entity::device::Platform;

/// A condition that a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The provider's quota is used up.
    QuotaExceeded,
    /// The provider has no valid credentials for a platform.
    PlatformRefused,
    /// The project, its URL or the service account's rights are wrong.
    Misconfigured,
    /// The provider refuses the configured credentials.
    AccessRefused,
    /// An app of another project registered here.
    SenderMismatch,
    /// The provider rejects a message.
    Rejected,
    /// Many addresses are reported gone at once. None is given up.
    MassDeath,
}

impl Alert {
    /// Logs the alert and counts it.
    pub fn tell(self, platform: Option<Platform>) {
        let (name, text) = match self {
            Self::QuotaExceeded => (
                "quota_exceeded",
                "pushes pause: the provider's quota is used up",
            ),
            Self::PlatformRefused => (
                "platform_refused",
                "the push provider has no valid credentials for this platform: upload them in its console",
            ),
            Self::Misconfigured => (
                "misconfigured",
                "the push project, its URL or the service account's rights are wrong: see `belay doctor`",
            ),
            Self::AccessRefused => (
                "access_refused",
                "the push provider refuses the configured credentials: see `belay doctor`",
            ),
            Self::SenderMismatch => (
                "sender_mismatch",
                "an app of another push project registered here",
            ),
            Self::Rejected => ("rejected", "the push provider rejects a message"),
            Self::MassDeath => (
                "mass_death",
                "many push addresses are reported gone at once: none is given up until this ends",
            ),
        };
        metrics::counter!("belay_push_alerts_total", "alert" => name).increment(1);
        tracing::error!(
            alert = name,
            platform = platform.map(platform_word),
            "{text}"
        );
    }
}

/// Returns the name of a platform for metrics and logs.
pub(crate) const fn platform_word(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "ios",
        Platform::Android => "android",
        Platform::Web => "web",
    }
}
