//! Facts about members, which one domain states and others react to.
//!
//! A domain states a fact inside its transaction, and [`consequences`](crate::consequences) applies what follows in the
//! same transaction. The [`App`](crate::app::App) receives that function at set-up, so that no domain depends on the
//! others.

use chrono::NaiveDate;
use entity::account::Role;
use entity::notification::Model as Notification;
use entity::session::RevokedReason;
use entity::{CheckInId, CircleId, MemberId, PeeringId, SessionId};

use crate::days::MemberDays;
use crate::days::calendar::DayTerms;

/// Something that happened, in the past tense. It carries rows that were read already.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// Members were notified, and the pushes must be planned before the transaction ends.
    Announced {
        /// The notifications.
        notifications: &'a [Notification],
    },
    /// A member requested the deletion of the account.
    DeletionRequested {
        /// The member.
        member: MemberId,
    },
    /// A member undid the deletion of the account.
    DeletionUndone {
        /// The member.
        member: MemberId,
    },
    /// A member became hidden: visible to nobody else, and unable to see anybody else.
    Hidden {
        /// The member.
        member: MemberId,
    },
    /// A member became visible again.
    ShownAgain {
        /// The member.
        member: MemberId,
    },
    /// A member's account is about to be purged.
    Purging {
        /// The member.
        member: MemberId,
    },
    /// The role of a member's account changed.
    RoleChanged {
        /// The member.
        member: MemberId,
        /// The new role.
        role: Role,
    },
    /// Sessions ended.
    SessionsEnded {
        /// The sessions.
        sessions: &'a [SessionId],
        /// The reason.
        reason: RevokedReason,
    },
    /// Another member registered a push address of this member.
    PushAddressTaken {
        /// The member who had the address before.
        member: MemberId,
    },
    /// A member checked in.
    CheckedIn(CheckedIn<'a>),
    /// The contents of a check-in are new or changed.
    CheckInWritten {
        /// The member.
        member: MemberId,
        /// The check-in.
        check_in: CheckInId,
        /// Whether the check-in asks for a word with a partner.
        word: Word,
    },
    /// A member gave a sign of life other than a check-in.
    ShowedUp {
        /// The member.
        member: MemberId,
        /// The member's days, which are locked, or `None` if they have not been read yet.
        days: Option<MemberDays<'a>>,
    },
    /// No check-in is expected of a member on a day any more.
    NothingAskedOn {
        /// The member.
        member: MemberId,
        /// The member's day.
        day: NaiveDate,
    },
    /// A member's days now begin in another zone or at another hour.
    DayTermsChanged {
        /// The member.
        member: MemberId,
        /// The former terms.
        before: DayTerms,
        /// The new terms.
        after: DayTerms,
    },
    /// A member joined a circle, or has another role in it.
    CircleRoleChanged {
        /// The circle.
        circle: CircleId,
        /// The member.
        member: MemberId,
    },
    /// A member no longer runs a circle, but stays in it.
    SteppedDown {
        /// The circle.
        circle: CircleId,
        /// The member.
        member: MemberId,
    },
    /// A member left a circle, or was removed from it.
    LeftCircle {
        /// The circle.
        circle: CircleId,
        /// The member.
        member: MemberId,
    },
    /// Two members are no longer partners. Both are locked.
    PeeringEnded {
        /// Their former peering.
        peering: PeeringId,
        /// The two members.
        members: [MemberId; 2],
    },
}

/// A member's first check-in on a day, which counts.
#[derive(Clone, Copy, Debug)]
pub struct CheckedIn<'a> {
    /// The member.
    pub member: MemberId,
    /// The member's day.
    pub day: NaiveDate,
    /// The member's days before it.
    pub days: MemberDays<'a>,
    /// Whether the member had not checked in for so long that the reminders may have paused.
    pub was_away: bool,
}

/// Whether a check-in asks for a word with a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It asks for one.
    Wanted,
    /// It asked for one before, and does not any more.
    TakenBack,
    /// It does not ask for one.
    Unsaid,
}
