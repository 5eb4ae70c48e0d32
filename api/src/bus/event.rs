//! The events of the bus.

use chrono::{DateTime, Utc};
use entity::{CheckInId, MemberId, NotificationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What happened between a member and a partner, or someone who asks to be a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A peering is new, has changed or is over.
    PeeringChanged,
    /// A pact is new, has changed or is over.
    PactChanged,
    /// The partner nudged the member; the subject is the nudge.
    NudgeReceived,
    /// The partner answered the member's nudge; the subject is the nudge.
    NudgeAnswered,
    /// The partner checked in and shares check-ins; the subject is the pact.
    CheckedIn,
    /// A commitment of the partner is new, has changed or is no longer visible to the member; the subject is the
    /// commitment.
    CommitmentChanged,
}

/// An event for one member. It names what to read and never carries content: no text, no mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The member recorded or changed a check-in.
    CheckInRecorded {
        /// The member.
        member: MemberId,
        /// The check-in.
        check_in: CheckInId,
        /// When the check-in was last changed.
        updated_at: DateTime<Utc>,
    },
    /// A notification in the member's inbox fell due.
    NotificationReceived {
        /// The member.
        member: MemberId,
        /// The notification.
        notification: NotificationId,
        /// When it was due.
        at: DateTime<Utc>,
    },
    /// The partner did something that the member can see.
    PartnerActivity {
        /// The member who receives the event.
        member: MemberId,
        /// What happened.
        activity: Activity,
        /// The id of what to read.
        subject: Uuid,
    },
}

impl Event {
    /// Returns the member who receives the event.
    pub const fn member(&self) -> MemberId {
        match self {
            Self::CheckInRecorded { member, .. }
            | Self::NotificationReceived { member, .. }
            | Self::PartnerActivity { member, .. } => *member,
        }
    }
}
