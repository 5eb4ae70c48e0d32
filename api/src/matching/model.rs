//! Peerings between two members, and the rules for proposing, answering, withdrawing and ending them.

use chrono::{DateTime, TimeDelta, Utc};
use entity::peering::Model;
pub use entity::peering::State;
use entity::{MemberId, PeeringId};

use crate::proposal::{self as agreement, Shown, Transition};

/// How long a proposal waits for an answer.
pub const OPEN_FOR: TimeDelta = TimeDelta::days(7);
/// How long after a proposal a member may propose to the same member again, whatever became of it.
pub const PROPOSE_AGAIN_AFTER: TimeDelta = TimeDelta::days(30);
/// How long after an end or a no neither of the two is notified of a proposal by the other.
pub const QUIET_AFTER_NO: TimeDelta = TimeDelta::days(30);
/// How many proposals of one member may wait at a time.
pub const MOST_PROPOSALS: u64 = 3;
/// How many partners one member may have at a time.
pub const MOST_PARTNERS: u64 = 5;

/// Two members, in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The member with the lower id.
    pub lower: MemberId,
    /// The member with the higher id.
    pub higher: MemberId,
}

impl Pair {
    /// Makes the pair of two members, given in any order.
    pub fn of(one: MemberId, other: MemberId) -> Self {
        Self {
            lower: one.min(other),
            higher: one.max(other),
        }
    }

    /// The two members of a peering.
    pub fn of_row(row: &Model) -> Self {
        Self::of(row.lower_id, row.higher_id)
    }

    /// Whether a member is one of the two.
    pub fn contains(self, member: MemberId) -> bool {
        self.lower == member || self.higher == member
    }

    /// Returns the partner of `one`, who is one of the two.
    pub fn partner_of(self, one: MemberId) -> MemberId {
        if self.lower == one {
            self.higher
        } else {
            self.lower
        }
    }
}

/// A peering as one of the two sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peering {
    /// Its id.
    pub id: PeeringId,
    /// The viewer's partner.
    pub partner: MemberId,
    /// Its state for the viewer.
    pub state: Shown,
    /// Whether the viewer proposed it.
    pub proposed_by_viewer: bool,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// When the proposal expires.
    pub expires_at: DateTime<Utc>,
    /// Since when both have said yes; `None` while it is a proposal.
    pub since: Option<DateTime<Utc>>,
}

/// The proposal that a peering began with.
pub fn of_row(row: &Model) -> agreement::Proposal {
    agreement::Proposal {
        by: row.proposed_by,
        state: match row.state {
            _ if row.ended_at.is_some() => agreement::State::Over,
            State::Proposed => agreement::State::Proposed,
            State::Declined => agreement::State::Declined,
            State::Active => agreement::State::Active,
            State::Withdrawn | State::Ended => agreement::State::Over,
        },
        expires_at: row.expires_at,
    }
}

/// Whether both said yes, and neither has ended it.
pub fn is_active(row: &Model) -> bool {
    of_row(row).is_active()
}

/// Returns a peering as one of the two sees it, or `None` if it is not visible to him. Does not check whether the
/// partner is hidden.
pub fn seen_by(viewer: MemberId, row: &Model, now: DateTime<Utc>) -> Option<Peering> {
    let pair = Pair::of_row(row);
    let state = of_row(row).shown_to(viewer, now)?;
    (pair.lower == viewer || pair.higher == viewer).then_some(Peering {
        id: row.id,
        partner: pair.partner_of(viewer),
        state,
        proposed_by_viewer: row.proposed_by == viewer,
        proposed_at: row.proposed_at,
        expires_at: row.expires_at,
        since: row.answered_at.filter(|_| state == Shown::Active),
    })
}

/// What a proposal does, given the earlier peerings of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalOutcome<'a> {
    /// Nothing: the two are partners, or his proposal waits already. This is the row.
    Stands(&'a Model),
    /// Accepts this proposal of the other member, even if the proposer of the new one had declined it.
    Accepts(&'a Model),
    /// Is refused: his last proposal is too recent. He can propose again from this instant on.
    TooSoon(DateTime<Utc>),
    /// Creates a proposal that the other member is not notified of and cannot see: one of the two ended a peering, or
    /// declined one, not long ago. It expires without an answer.
    Silent,
    /// Creates a proposal.
    New,
}

/// Decides what a proposal of `me` does, given every earlier peering of the two.
pub fn decide_proposal(rows: &[Model], me: MemberId, now: DateTime<Utc>) -> ProposalOutcome<'_> {
    let open = rows
        .iter()
        .find(|row| is_active(row) || of_row(row).waits(now));
    match open {
        Some(row) if is_active(row) || row.proposed_by == me => ProposalOutcome::Stands(row),
        Some(row) => ProposalOutcome::Accepts(row),
        None => {
            // An ended peering does not count here: both know of it, so it does not have to look like a no or a lapse.
            let asked = rows
                .iter()
                .filter(|row| row.proposed_by == me && row.state != State::Ended);
            let again = asked.map(|row| row.proposed_at + PROPOSE_AGAIN_AFTER).max();
            match again {
                Some(again) if now < again => ProposalOutcome::TooSoon(again),
                _ if rows.iter().any(|row| ended_or_declined_recently(row, now)) => {
                    ProposalOutcome::Silent
                }
                _ => ProposalOutcome::New,
            }
        }
    }
}

/// Whether one of the two ended or declined this peering less than [`QUIET_AFTER_NO`] ago. A proposal that was
/// silent from the beginning does not count: it is stored as declined, but has no answer.
fn ended_or_declined_recently(row: &Model, now: DateTime<Utc>) -> bool {
    let said_at = match row.state {
        State::Ended => row.ended_at,
        State::Declined => row.answered_at,
        State::Proposed | State::Active | State::Withdrawn => None,
    };
    said_at.is_some_and(|at| now < at + QUIET_AFTER_NO)
}

/// Decides what withdrawing a proposal does.
pub fn withdrawal(row: &Model, me: MemberId, now: DateTime<Utc>) -> Transition {
    let proposal = of_row(row);
    if proposal.by != me {
        return proposal.not_allowed(me, now);
    }
    if proposal.is_active() {
        Transition::WrongState
    } else if proposal.waits(now) {
        Transition::Apply
    } else {
        Transition::AlreadyApplied
    }
}

/// Decides what ending a peering does.
pub fn end(row: &Model, me: MemberId, now: DateTime<Utc>) -> Transition {
    if is_active(row) {
        Transition::Apply
    } else if row.state == State::Ended {
        Transition::AlreadyApplied
    } else if seen_by(me, row, now).is_some() {
        Transition::WrongState
    } else {
        Transition::NotFound
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const MIKE: MemberId = MemberId(Uuid::from_u128(2));
    const PAUL: MemberId = MemberId(Uuid::from_u128(1));
    const SAM: MemberId = MemberId(Uuid::from_u128(3));

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    /// Mike proposed to Paul at noon.
    fn peering(state: State) -> Model {
        let answered = matches!(state, State::Active | State::Declined | State::Ended);
        let over = matches!(state, State::Withdrawn | State::Ended);
        Model {
            id: PeeringId(Uuid::from_u128(9)),
            lower_id: PAUL,
            higher_id: MIKE,
            proposed_by: MIKE,
            state,
            proposed_at: noon(),
            expires_at: noon() + OPEN_FOR,
            answered_at: answered.then(noon),
            ended_at: over.then(noon),
        }
    }

    const STATES: [State; 5] = [
        State::Proposed,
        State::Active,
        State::Withdrawn,
        State::Declined,
        State::Ended,
    ];

    #[test]
    fn the_order_of_two_members_does_not_change_their_pair() {
        let pair = Pair::of(MIKE, PAUL);
        assert_eq!(pair, Pair::of(PAUL, MIKE));
        assert_eq!((pair.lower, pair.higher), (PAUL, MIKE));
        assert_eq!((pair.partner_of(MIKE), pair.partner_of(PAUL)), (PAUL, MIKE));
    }

    #[test]
    fn the_proposer_cannot_tell_a_no_from_silence() {
        let end = noon() + OPEN_FOR;
        for now in [noon(), end - TimeDelta::microseconds(1), end] {
            let waiting = seen_by(MIKE, &peering(State::Proposed), now);
            assert_eq!(seen_by(MIKE, &peering(State::Declined), now), waiting);
            assert_eq!(waiting.is_some(), now < end);
            assert_eq!(seen_by(PAUL, &peering(State::Declined), now), None);
        }
    }

    #[test]
    fn each_member_of_the_pair_has_his_own_view_and_others_see_nothing() {
        let seen = |viewer| {
            STATES.map(|state| seen_by(viewer, &peering(state), noon()).map(|seen| seen.state))
        };
        let (waits, both) = (Some(Shown::Proposed), Some(Shown::Active));
        assert_eq!(seen(MIKE), [waits, both, None, waits, None]);
        assert_eq!(seen(PAUL), [waits, both, None, None, None]);
        assert_eq!(seen(SAM), [None; 5]);
    }

    #[test]
    fn the_outcome_of_a_proposal_follows_from_earlier_peerings() {
        let (lapsed, again) = (noon() + OPEN_FOR, noon() + PROPOSE_AGAIN_AFTER);
        for state in STATES {
            let rows = [peering(state)];
            let outcome = |me, now| decide_proposal(&rows, me, now);
            let row = &rows[0];
            let (mikes, pauls) = match state {
                State::Active => (ProposalOutcome::Stands(row), ProposalOutcome::Stands(row)),
                State::Withdrawn => (ProposalOutcome::TooSoon(again), ProposalOutcome::New),
                State::Ended => (ProposalOutcome::Silent, ProposalOutcome::Silent),
                _ => (ProposalOutcome::Stands(row), ProposalOutcome::Accepts(row)),
            };
            assert_eq!(outcome(MIKE, noon()), mikes, "{state:?}");
            assert_eq!(outcome(PAUL, noon()), pauls, "{state:?}");
            if state != State::Active {
                let (mikes, pauls) = match state {
                    State::Ended => (ProposalOutcome::Silent, ProposalOutcome::Silent),
                    // Mike cannot tell a no from silence.
                    State::Declined => (ProposalOutcome::TooSoon(again), ProposalOutcome::Silent),
                    _ => (ProposalOutcome::TooSoon(again), ProposalOutcome::New),
                };
                assert_eq!(outcome(MIKE, lapsed), mikes, "{state:?}");
                assert_eq!(outcome(PAUL, lapsed), pauls, "{state:?}");
                assert_eq!(outcome(MIKE, again), ProposalOutcome::New, "{state:?}");
            }
        }
        assert_eq!(decide_proposal(&[], MIKE, noon()), ProposalOutcome::New);
        // A proposal that was silent from the beginning does not start the quiet time again.
        let silent = Model {
            answered_at: None,
            ..peering(State::Declined)
        };
        let rows = [silent];
        assert_eq!(decide_proposal(&rows, PAUL, lapsed), ProposalOutcome::New);
        assert_eq!(
            decide_proposal(&rows, MIKE, lapsed),
            ProposalOutcome::TooSoon(again)
        );
    }

    #[test]
    fn each_transition_is_limited_to_its_member_and_state() {
        use Transition::{AlreadyApplied, Apply, NotAllowed, NotFound, WrongState};
        type Rule = fn(&Model, MemberId, DateTime<Utc>) -> Transition;
        let yes: Rule = |row, me, now| of_row(row).answer(me, true, now);
        let no: Rule = |row, me, now| of_row(row).answer(me, false, now);
        for (name, rule, who, expected) in [
            (
                "yes",
                yes,
                PAUL,
                [Apply, AlreadyApplied, NotFound, NotFound, NotFound],
            ),
            (
                "no",
                no,
                PAUL,
                [Apply, WrongState, NotFound, AlreadyApplied, NotFound],
            ),
            (
                "yes",
                yes,
                MIKE,
                [NotAllowed, NotAllowed, NotFound, NotAllowed, NotFound],
            ),
            (
                "back",
                withdrawal,
                MIKE,
                [Apply, WrongState, AlreadyApplied, Apply, AlreadyApplied],
            ),
            (
                "back",
                withdrawal,
                PAUL,
                [NotAllowed, NotAllowed, NotFound, NotFound, NotFound],
            ),
            (
                "end",
                end,
                MIKE,
                [WrongState, Apply, NotFound, WrongState, AlreadyApplied],
            ),
            (
                "end",
                end,
                PAUL,
                [WrongState, Apply, NotFound, NotFound, AlreadyApplied],
            ),
        ] {
            let transitions = STATES.map(|state| rule(&peering(state), who, noon()));
            assert_eq!(transitions, expected, "{name} of {who}");
        }
        let lapsed = noon() + OPEN_FOR;
        assert_eq!(yes(&peering(State::Proposed), PAUL, lapsed), NotFound);
        assert_eq!(
            withdrawal(&peering(State::Proposed), MIKE, lapsed),
            AlreadyApplied
        );
    }
}
