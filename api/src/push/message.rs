//! The text of a push on a locked screen, which others may see: as little as possible, in a kind tone.
//!
//! It consists of neutral phrases that are the same for everyone, of keys with which the app can translate them, and of
//! the notification's id, with which the unlocked app fetches the rest. No name, topic or title is available here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::NotificationId;
use entity::notification::Kind;

use crate::notification_kind::{Category, Phrase, TITLE, Urgency, spec};

/// A rendered push, for any provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The notification, whose id is opaque to everyone else.
    pub notification: NotificationId,
    /// The category that switches it off. The app knows nothing else about its kind until it fetches it.
    pub category: Category,
    /// The first line.
    pub title: Phrase,
    /// The second line.
    pub body: Phrase,
    /// How soon it should wake the phone.
    pub urgency: Urgency,
    /// The instant from which it must no longer be shown.
    pub expires_at: DateTime<Utc>,
    /// How long the provider may keep it.
    pub ttl: Duration,
}

/// Renders a push that leaves now.
pub fn render(
    notification: NotificationId,
    kind: Kind,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Rendered {
    let spec = spec(kind);
    Rendered {
        notification,
        category: spec.category,
        title: TITLE,
        body: spec.phrase,
        urgency: spec.urgency,
        expires_at,
        ttl: (expires_at - now).to_std().unwrap_or_default(),
    }
}
