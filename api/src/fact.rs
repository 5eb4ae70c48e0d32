//! What happens to members, as one domain states it and others answer it.
//!
//! A domain states a fact inside its transaction; [`consequences`](crate::consequences) says what follows, in the same
//! transaction. It is given to the [`App`] at set-up, so that no domain has to know the others.

use entity::account::Role;
use entity::session::RevokedReason;
use entity::{CircleId, MemberId, PeeringId, SessionId};
use futures::future::BoxFuture;

use crate::app::App;
use crate::days::calendar::DayTerms;
use crate::db::Tx;
use crate::error::Fault;

/// Something that happened, in the past tense. It carries what has been read already.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A member asked for his account's deletion: from now on nobody sees him, and he sees nobody.
    DeletionRequested {
        /// Who.
        member: MemberId,
    },
    /// A member keeps his account after all: he is visible again.
    DeletionUndone {
        /// Who.
        member: MemberId,
    },
    /// A member's account is about to be removed for good.
    Purging {
        /// Who.
        member: MemberId,
    },
    /// A member's account has another role.
    RoleChanged {
        /// Who.
        member: MemberId,
        /// What he may do now.
        role: Role,
    },
    /// Sessions ended, for whatever reason.
    SessionsEnded {
        /// Which.
        sessions: &'a [SessionId],
        /// Why.
        reason: RevokedReason,
    },
    /// Another member registered a push address of his.
    PushAddressTaken {
        /// Who had it.
        member: MemberId,
    },
    /// A member did something that shows he is here, other than checking in.
    ShowedUp {
        /// Who.
        member: MemberId,
    },
    /// A member's days begin in another zone or at another hour.
    DayTermsChanged {
        /// Who.
        member: MemberId,
        /// Until now.
        before: DayTerms,
        /// From now on.
        after: DayTerms,
    },
    /// A member joined a circle, or got another role in it.
    CircleRoleChanged {
        /// Which circle.
        circle: CircleId,
        /// Who.
        member: MemberId,
    },
    /// A member runs a circle no longer, and stays in it.
    SteppedDown {
        /// Which circle.
        circle: CircleId,
        /// Who.
        member: MemberId,
    },
    /// A member left a circle, or was removed from it.
    LeftCircle {
        /// Which circle.
        circle: CircleId,
        /// Who.
        member: MemberId,
    },
    /// Two members are partners no longer. Both are locked.
    PeeringEnded {
        /// What they had.
        peering: PeeringId,
        /// The two.
        members: [MemberId; 2],
    },
}

/// Answers a fact.
pub type Follow = for<'a> fn(&'a App, &'a Tx, Fact<'a>) -> BoxFuture<'a, Result<(), Fault>>;
