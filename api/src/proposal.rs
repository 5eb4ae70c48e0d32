//! Something that takes the agreement of two members: one proposes it, the other answers. Peerings and pacts follow
//! these rules.
//!
//! A no is not disclosed: to the proposer, a declined proposal looks open until it expires.

use chrono::{DateTime, Utc};
use entity::MemberId;

/// The state of a proposal, as the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for an answer.
    Proposed,
    /// The answer was no.
    Declined,
    /// The answer was yes.
    Active,
    /// It was withdrawn, or ended after a yes.
    Over,
}

/// The state that a member sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A proposal that waits for an answer.
    Proposed,
    /// Both said yes.
    Active,
}

/// What the rules need to know.
#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    /// The proposer.
    pub by: MemberId,
    /// Its state.
    pub state: State,
    /// When the proposal expires.
    pub expires_at: DateTime<Utc>,
}

/// The decision about a request to change a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Apply the change.
    Apply,
    /// The change was applied before.
    AlreadyApplied,
    /// No such proposal is visible to the member.
    NotFound,
    /// Only the other member may do this.
    NotAllowed,
    /// Its state does not allow this.
    WrongState,
}

impl Proposal {
    /// Whether it is open. A declined one is as well: to the proposer it looks open until it expires.
    pub fn waits(self, now: DateTime<Utc>) -> bool {
        matches!(self.state, State::Proposed | State::Declined) && now < self.expires_at
    }

    /// Whether both said yes, and it is not over.
    pub fn is_active(self) -> bool {
        self.state == State::Active
    }

    /// Returns its state for one of the two, or `None` if it is not visible to him.
    pub fn shown_to(self, viewer: MemberId, now: DateTime<Utc>) -> Option<Shown> {
        let declined_it = self.state == State::Declined && self.by != viewer;
        if self.is_active() {
            Some(Shown::Active)
        } else if self.waits(now) && !declined_it {
            Some(Shown::Proposed)
        } else {
            None
        }
    }

    /// Decides what an answer of `me`, who is one of the two, does.
    pub fn answer(self, me: MemberId, accept: bool, now: DateTime<Utc>) -> Transition {
        if self.by == me {
            return self.not_allowed(me, now);
        }
        match (self.state, accept) {
            (State::Declined, false) | (State::Active, true) => Transition::AlreadyApplied,
            (State::Active, false) => Transition::WrongState,
            (State::Proposed, _) if self.waits(now) => Transition::Apply,
            _ => Transition::NotFound,
        }
    }

    /// Refuses a request that only the other member may make. Hides the proposal from a member who cannot see it.
    pub fn not_allowed(self, me: MemberId, now: DateTime<Utc>) -> Transition {
        match self.shown_to(me, now) {
            Some(_) => Transition::NotAllowed,
            None => Transition::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const PROPOSER: MemberId = MemberId(Uuid::from_u128(1));
    const OTHER: MemberId = MemberId(Uuid::from_u128(2));

    fn proposals() -> impl Strategy<Value = (Proposal, DateTime<Utc>)> {
        let states = [State::Proposed, State::Declined, State::Active, State::Over];
        let state = prop::sample::select(states.to_vec());
        (state, -10_i64..10).prop_map(|(state, minutes)| {
            let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
            let proposal = Proposal {
                by: PROPOSER,
                state,
                expires_at: now + TimeDelta::minutes(minutes),
            };
            (proposal, now)
        })
    }

    proptest! {
        #[test]
        fn the_proposer_cannot_tell_a_no_from_silence((proposal, now) in proposals()) {
            let waiting = Proposal { state: State::Proposed, ..proposal };
            let declined = Proposal { state: State::Declined, ..proposal };
            prop_assert_eq!(waiting.shown_to(PROPOSER, now), declined.shown_to(PROPOSER, now));
            for accept in [true, false] {
                prop_assert_eq!(
                    waiting.answer(PROPOSER, accept, now),
                    declined.answer(PROPOSER, accept, now)
                );
            }
        }

        #[test]
        fn only_the_other_member_answers_and_only_visible_proposals((proposal, now) in proposals()) {
            for accept in [true, false] {
                prop_assert_ne!(proposal.answer(PROPOSER, accept, now), Transition::Apply);
                let is_taken = proposal.answer(OTHER, accept, now) == Transition::Apply;
                let sees_it_wait = proposal.shown_to(OTHER, now) == Some(Shown::Proposed);
                prop_assert_eq!(is_taken, sees_it_wait);
            }
        }
    }
}
