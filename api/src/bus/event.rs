//! What there is to hear.

use chrono::{DateTime, Utc};
use entity::{CheckInId, MemberId, NotificationId};
use serde::{Deserialize, Serialize};

/// Something that happened to one member. It names what to read and never says what it holds: no text, no mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// He checked in, or changed a check-in of his.
    CheckInRecorded {
        /// Whose.
        member: MemberId,
        /// Which.
        check_in: CheckInId,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    },
    /// A line in his inbox fell due.
    NotificationReceived {
        /// Whose.
        member: MemberId,
        /// Which.
        notification: NotificationId,
        /// When it was due.
        at: DateTime<Utc>,
    },
}

impl Event {
    /// Who is told.
    pub const fn member(&self) -> MemberId {
        match self {
            Self::CheckInRecorded { member, .. } | Self::NotificationReceived { member, .. } => {
                *member
            }
        }
    }
}
