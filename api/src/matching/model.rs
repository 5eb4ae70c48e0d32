//! What two men are to each other, and what may become of it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::peering::Model;
pub use entity::peering::State;
use entity::{MemberId, PeeringId};

/// A proposal waits for an answer so long.
pub const OPEN_FOR: TimeDelta = TimeDelta::days(7);
/// The same man asks the same man again after so long, whatever became of it.
pub const ASKS_AGAIN_AFTER: TimeDelta = TimeDelta::days(30);
/// After an end or a no, neither of the two hears of a proposal of the other for so long.
pub const LEFT_IN_PEACE_FOR: TimeDelta = TimeDelta::days(30);
/// So many proposals of one man wait at a time.
pub const MOST_PROPOSALS: u64 = 3;
/// So many partners one man has at a time.
pub const MOST_PARTNERS: u64 = 5;

/// Two members, whoever is named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Whose id comes first.
    pub lower: MemberId,
    /// Whose id comes last.
    pub higher: MemberId,
}

impl Pair {
    /// Of these two.
    pub fn of(one: MemberId, other: MemberId) -> Self {
        Self {
            lower: one.min(other),
            higher: one.max(other),
        }
    }

    /// The two of a peering.
    pub fn in_it(row: &Model) -> Self {
        Self::of(row.lower_id, row.higher_id)
    }

    /// Whether a man is one of the two.
    pub fn has(self, man: MemberId) -> bool {
        self.lower == man || self.higher == man
    }

    /// The man beside this one.
    pub fn beside(self, one: MemberId) -> MemberId {
        if self.lower == one {
            self.higher
        } else {
            self.lower
        }
    }
}

/// What something that takes the yes of both is to somebody who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It waits for an answer.
    Proposed,
    /// Both said yes.
    Active,
}

/// A peering as one of the two sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peering {
    /// Its id.
    pub id: PeeringId,
    /// The other man.
    pub partner: MemberId,
    /// How far it has come.
    pub state: Shown,
    /// Whether it was the viewer who asked.
    pub proposed_by_viewer: bool,
    /// When one asked the other.
    pub proposed_at: DateTime<Utc>,
    /// When it lapses, while it waits.
    pub expires_at: DateTime<Utc>,
    /// Since when both have said yes.
    pub since: Option<DateTime<Utc>>,
}

/// Whether a proposal is still to lapse. One that was declined is, for the man who asked.
pub fn waits(row: &Model, now: DateTime<Utc>) -> bool {
    matches!(row.state, State::Proposed | State::Declined)
        && row.ended_at.is_none()
        && now < row.expires_at
}

/// Whether both said yes, and neither has ended it.
pub fn is_active(row: &Model) -> bool {
    row.state == State::Active && row.ended_at.is_none()
}

/// A peering as one of the two sees it; none when it is not there for him. Whether the other is there is not looked at.
pub fn seen_by(viewer: MemberId, row: &Model, now: DateTime<Utc>) -> Option<Peering> {
    let pair = Pair::in_it(row);
    let proposed_by_viewer = row.proposed_by == viewer;
    let declined_it = row.state == State::Declined && !proposed_by_viewer;
    let state = if is_active(row) {
        Shown::Active
    } else if waits(row, now) && !declined_it {
        Shown::Proposed
    } else {
        return None;
    };
    (pair.lower == viewer || pair.higher == viewer).then_some(Peering {
        id: row.id,
        partner: pair.beside(viewer),
        state,
        proposed_by_viewer,
        proposed_at: row.proposed_at,
        expires_at: row.expires_at,
        since: row.answered_at.filter(|_| state == Shown::Active),
    })
}

/// What a proposal comes to, by what there was between the two before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposal<'a> {
    /// They are partners, or he has asked already: this one.
    Stands(&'a Model),
    /// The other had asked him: this is a yes to it, also from a man who had said no.
    Accepts(&'a Model),
    /// He asked not long ago: he can again from then on.
    TooSoon(DateTime<Utc>),
    /// Not long ago one of the two ended what there was, or said no: it waits and lapses, and the other hears nothing
    /// of it.
    Silent,
    /// It is a new one.
    New,
}

/// What a proposal of `me` comes to, by every peering there was of the two.
pub fn proposal(rows: &[Model], me: MemberId, now: DateTime<Utc>) -> Proposal<'_> {
    let open = rows.iter().find(|row| is_active(row) || waits(row, now));
    match open {
        Some(row) if is_active(row) || row.proposed_by == me => Proposal::Stands(row),
        Some(row) => Proposal::Accepts(row),
        None => {
            // What was agreed to and has ended is told apart by nobody: both know of it.
            let asked = rows
                .iter()
                .filter(|row| row.proposed_by == me && row.state != State::Ended);
            let again = asked.map(|row| row.proposed_at + ASKS_AGAIN_AFTER).max();
            match again {
                Some(again) if now < again => Proposal::TooSoon(again),
                _ if rows.iter().any(|row| keeps_in_peace(row, now)) => Proposal::Silent,
                _ => Proposal::New,
            }
        }
    }
}

/// Whether one of the two ended this, or said no to it, not long ago. One that was silent from the beginning has no
/// answer.
fn keeps_in_peace(row: &Model, now: DateTime<Utc>) -> bool {
    let said_at = match row.state {
        State::Ended => row.ended_at,
        State::Declined => row.answered_at,
        State::Proposed | State::Active | State::Withdrawn => None,
    };
    said_at.is_some_and(|at| now < at + LEFT_IN_PEACE_FOR)
}

/// What a wish to change a peering comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is to be done.
    Take,
    /// It is done already.
    Stands,
    /// It is not there for him.
    NotThere,
    /// It is for the other man to do.
    NotHis,
    /// It has come too far, or not far enough, for that.
    OtherState,
}

/// What an answer of `me` comes to.
pub fn answer(row: &Model, me: MemberId, accept: bool, now: DateTime<Utc>) -> Step {
    if row.proposed_by == me {
        return not_his_if_there(row, me, now);
    }
    match (row.state, accept) {
        (State::Declined, false) => Step::Stands,
        (State::Active, true) if is_active(row) => Step::Stands,
        (State::Active, false) if is_active(row) => Step::OtherState,
        (State::Proposed, _) if waits(row, now) => Step::Take,
        _ => Step::NotThere,
    }
}

/// What taking a proposal back comes to.
pub fn withdrawal(row: &Model, me: MemberId, now: DateTime<Utc>) -> Step {
    if row.proposed_by != me {
        return not_his_if_there(row, me, now);
    }
    if is_active(row) {
        Step::OtherState
    } else if waits(row, now) {
        Step::Take
    } else {
        Step::Stands
    }
}

/// What ending a peering comes to.
pub fn end(row: &Model, me: MemberId, now: DateTime<Utc>) -> Step {
    if is_active(row) {
        Step::Take
    } else if row.state == State::Ended {
        Step::Stands
    } else if seen_by(me, row, now).is_some() {
        Step::OtherState
    } else {
        Step::NotThere
    }
}

fn not_his_if_there(row: &Model, me: MemberId, now: DateTime<Utc>) -> Step {
    match seen_by(me, row, now) {
        Some(_) => Step::NotHis,
        None => Step::NotThere,
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

    /// Mike asked Paul at noon.
    fn asked(state: State) -> Model {
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
    fn a_pair_is_the_same_whoever_is_named_first() {
        let pair = Pair::of(MIKE, PAUL);
        assert_eq!(pair, Pair::of(PAUL, MIKE));
        assert_eq!((pair.lower, pair.higher), (PAUL, MIKE));
        assert_eq!((pair.beside(MIKE), pair.beside(PAUL)), (PAUL, MIKE));
    }

    #[test]
    fn a_no_looks_to_the_man_who_asked_like_silence() {
        let end = noon() + OPEN_FOR;
        for now in [noon(), end - TimeDelta::microseconds(1), end] {
            let waiting = seen_by(MIKE, &asked(State::Proposed), now);
            assert_eq!(seen_by(MIKE, &asked(State::Declined), now), waiting);
            assert_eq!(waiting.is_some(), now < end);
            assert_eq!(seen_by(PAUL, &asked(State::Declined), now), None);
        }
    }

    #[test]
    fn each_of_the_two_sees_what_is_there_for_him_and_others_nothing() {
        let seen = |viewer| {
            STATES.map(|state| seen_by(viewer, &asked(state), noon()).map(|seen| seen.state))
        };
        let (waits, both) = (Some(Shown::Proposed), Some(Shown::Active));
        assert_eq!(seen(MIKE), [waits, both, None, waits, None]);
        assert_eq!(seen(PAUL), [waits, both, None, None, None]);
        assert_eq!(seen(SAM), [None; 5]);
    }

    #[test]
    fn what_a_proposal_comes_to_follows_from_what_there_was() {
        let (lapsed, again) = (noon() + OPEN_FOR, noon() + ASKS_AGAIN_AFTER);
        for state in STATES {
            let rows = [asked(state)];
            let comes_to = |me, now| proposal(&rows, me, now);
            let row = &rows[0];
            let (mikes, pauls) = match state {
                State::Active => (Proposal::Stands(row), Proposal::Stands(row)),
                State::Withdrawn => (Proposal::TooSoon(again), Proposal::New),
                State::Ended => (Proposal::Silent, Proposal::Silent),
                _ => (Proposal::Stands(row), Proposal::Accepts(row)),
            };
            assert_eq!(comes_to(MIKE, noon()), mikes, "{state:?}");
            assert_eq!(comes_to(PAUL, noon()), pauls, "{state:?}");
            if state != State::Active {
                let (mikes, pauls) = match state {
                    State::Ended => (Proposal::Silent, Proposal::Silent),
                    // To Mike a no is as silence.
                    State::Declined => (Proposal::TooSoon(again), Proposal::Silent),
                    _ => (Proposal::TooSoon(again), Proposal::New),
                };
                assert_eq!(comes_to(MIKE, lapsed), mikes, "{state:?}");
                assert_eq!(comes_to(PAUL, lapsed), pauls, "{state:?}");
                assert_eq!(comes_to(MIKE, again), Proposal::New, "{state:?}");
            }
        }
        assert_eq!(proposal(&[], MIKE, noon()), Proposal::New);
        // One that was silent from the beginning begins nothing anew.
        let silent = Model {
            answered_at: None,
            ..asked(State::Declined)
        };
        let rows = [silent];
        assert_eq!(proposal(&rows, PAUL, lapsed), Proposal::New);
        assert_eq!(proposal(&rows, MIKE, lapsed), Proposal::TooSoon(again));
    }

    #[test]
    fn each_step_is_for_one_of_them_and_for_its_time() {
        use Step::{NotHis, NotThere, OtherState, Stands, Take};
        type Rule = fn(&Model, MemberId, DateTime<Utc>) -> Step;
        let yes: Rule = |row, me, now| answer(row, me, true, now);
        let no: Rule = |row, me, now| answer(row, me, false, now);
        for (name, rule, who, expected) in [
            (
                "yes",
                yes,
                PAUL,
                [Take, Stands, NotThere, NotThere, NotThere],
            ),
            (
                "no",
                no,
                PAUL,
                [Take, OtherState, NotThere, Stands, NotThere],
            ),
            (
                "yes",
                yes,
                MIKE,
                [NotHis, NotHis, NotThere, NotHis, NotThere],
            ),
            (
                "back",
                withdrawal,
                MIKE,
                [Take, OtherState, Stands, Take, Stands],
            ),
            (
                "back",
                withdrawal,
                PAUL,
                [NotHis, NotHis, NotThere, NotThere, NotThere],
            ),
            (
                "end",
                end,
                MIKE,
                [OtherState, Take, NotThere, OtherState, Stands],
            ),
            (
                "end",
                end,
                PAUL,
                [OtherState, Take, NotThere, NotThere, Stands],
            ),
        ] {
            let steps = STATES.map(|state| rule(&asked(state), who, noon()));
            assert_eq!(steps, expected, "{name} of {who}");
        }
        let lapsed = noon() + OPEN_FOR;
        assert_eq!(yes(&asked(State::Proposed), PAUL, lapsed), NotThere);
        assert_eq!(withdrawal(&asked(State::Proposed), MIKE, lapsed), Stands);
    }
}
