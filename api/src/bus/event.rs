//! What there is to hear.

use chrono::{DateTime, Utc};
use entity::{CheckInId, MemberId, NotificationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What happened between a member and his partner, or a man who asks to be his partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A peering is new, is not as it was, or is over.
    PeeringChanged,
    /// A pact is new, is not as it was, or is over.
    PactChanged,
    /// His partner nudged him; its subject is the nudge.
    NudgeReceived,
    /// His partner answered a nudge of his; its subject is the nudge.
    NudgeAnswered,
    /// His partner checked in, and lets him see it; its subject is the pact.
    CheckedIn,
    /// What his partner means to do is new, is not as it was, or is not his to see any more; its subject is the
    /// commitment.
    CommitmentChanged,
}

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
    /// His partner did something that he is to see.
    PartnerActivity {
        /// Who is told.
        member: MemberId,
        /// What.
        activity: Activity,
        /// The id of what to read.
        subject: Uuid,
    },
}

impl Event {
    /// Who is told.
    pub const fn member(&self) -> MemberId {
        match self {
            Self::CheckInRecorded { member, .. }
            | Self::NotificationReceived { member, .. }
            | Self::PartnerActivity { member, .. } => *member,
        }
    }
}
