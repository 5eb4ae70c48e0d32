//! What the operator hears of pushes.

use entity::device::Platform;

/// What a person should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The provider's quota is used up.
    QuotaExceeded,
    /// The provider has no valid credentials for a platform.
    PlatformRefused,
    /// The project, its URL or our rights are wrong.
    Misconfigured,
    /// Our credentials are refused.
    AccessRefused,
    /// An app of another project registered here.
    SenderMismatch,
    /// The provider does not take a message of ours.
    Rejected,
    /// Addresses seem to die in masses; none is given up.
    MassDeath,
}

impl Alert {
    /// Tells it: in the log, and as a number.
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
            Self::Rejected => ("rejected", "the push provider does not take a message"),
            Self::MassDeath => (
                "mass_death",
                "push addresses seem to die in masses: none is given up until that ends",
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

/// A platform in metrics and logs.
pub(crate) const fn platform_word(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "ios",
        Platform::Android => "android",
        Platform::Web => "web",
    }
}
