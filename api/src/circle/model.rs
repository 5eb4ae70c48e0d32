//! What a circle is, and who decides in it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::circle_invitation::{Model, State};
pub use entity::circle_membership::CircleRole;
use entity::{CircleId, CircleInvitationId, MemberId};

use crate::text::{Lines, TextForm};

/// A circle's name.
pub const NAME: TextForm = TextForm {
    max: 80,
    lines: Lines::One,
};
/// What a circle is for.
pub const PURPOSE: TextForm = TextForm {
    max: 500,
    lines: Lines::Many,
};

/// An invitation waits for an answer so long.
pub const INVITATION_OPEN_FOR: TimeDelta = TimeDelta::days(14);
/// Who said no to a circle, or left it, hears of no invitation into it for so long.
pub const ASKED_AGAIN_AFTER: TimeDelta = TimeDelta::days(30);
/// So many invitations into one circle wait at a time.
pub const MOST_OPEN_INVITATIONS: u64 = 30;
/// So many men one facilitator invites within a day.
pub const MOST_INVITATIONS_A_DAY: u64 = 30;

/// A circle to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCircle {
    /// Its id, made by the app.
    pub id: CircleId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
}

/// A circle as somebody in it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Its id.
    pub id: CircleId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// How many men are in it, without those who are hidden.
    pub member_count: i64,
    /// What the viewer does in it.
    pub role: CircleRole,
    /// When the viewer joined it.
    pub joined_at: DateTime<Utc>,
}

/// A man in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub member: MemberId,
    /// What he does in it.
    pub role: CircleRole,
    /// When he joined it.
    pub joined_at: DateTime<Utc>,
}

/// An invitation as whoever is invited sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: CircleInvitationId,
    /// The circle's name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// How many members are in it, as far as he may see them.
    pub member_count: i64,
    /// Who invites him.
    pub invited_by: MemberId,
    /// What he is to do in it.
    pub role: CircleRole,
    /// When he was invited.
    pub at: DateTime<Utc>,
    /// When it lapses.
    pub expires_at: DateTime<Utc>,
}

/// What inviting a member comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inviting<'a> {
    /// He is invited already.
    Stands(&'a Model),
    /// He was, and it was taken back: it waits again, and nothing rings twice.
    Reopens(&'a Model),
    /// It is a new one, in this state.
    New(State),
}

/// What inviting a member comes to, by all there was between him and the circle.
pub fn inviting(rows: &[Model], now: DateTime<Utc>) -> Inviting<'_> {
    let held = rows.iter().any(|row| holds_off(row, now));
    let usable = |row: &&Model| match row.state {
        State::Waiting => !held,
        State::Silent | State::Declined => true,
        State::Accepted | State::Left => false,
    };
    let in_time = rows.iter().filter(|row| now < row.expires_at);
    let found = in_time.filter(usable).max_by_key(|row| row.at);
    match found {
        Some(row) if row.ended_at.is_none() => Inviting::Stands(row),
        Some(row) => Inviting::Reopens(row),
        None if held => Inviting::New(State::Silent),
        None => Inviting::New(State::Waiting),
    }
}

/// Whether he said no, or left, not long ago.
fn holds_off(row: &Model, now: DateTime<Utc>) -> bool {
    let said_at = match row.state {
        State::Declined => row.answered_at,
        State::Left => Some(row.at),
        State::Waiting | State::Silent | State::Accepted => None,
    };
    said_at.is_some_and(|at| now < at + ASKED_AGAIN_AFTER)
}

/// What an answer to an invitation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// It is to be done.
    Take,
    /// It is done already.
    Stands,
    /// It is not there for him.
    NotThere,
    /// He said yes before, and is in the circle.
    SaidYes,
}

/// What an answer to an invitation comes to.
pub fn answering(row: &Model, is_in: bool, accept: bool, now: DateTime<Utc>) -> Answering {
    match (row.state, accept) {
        (State::Waiting, _) if row.ended_at.is_none() && now < row.expires_at => Answering::Take,
        (State::Accepted, true) if is_in => Answering::Stands,
        (State::Accepted, false) if is_in => Answering::SaidYes,
        (State::Declined, false) => Answering::Stands,
        _ => Answering::NotThere,
    }
}

/// What he will do in a circle when he is put into it: what is asked for; else what he does already; else
/// he takes part.
pub fn role_to_be(asked: Option<CircleRole>, now: Option<CircleRole>) -> CircleRole {
    asked.or(now).unwrap_or(CircleRole::Member)
}

/// Whether going from one role to another, or out of the circle, takes a facilitator away from it.
pub fn steps_down(from: Option<CircleRole>, to: Option<CircleRole>) -> bool {
    from == Some(CircleRole::Facilitator) && to != Some(CircleRole::Facilitator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    fn invited(state: State) -> Model {
        let waits = matches!(state, State::Waiting | State::Silent);
        Model {
            id: CircleInvitationId(uuid::Uuid::from_u128(1)),
            circle_id: CircleId(uuid::Uuid::from_u128(2)),
            member_id: MemberId(uuid::Uuid::from_u128(3)),
            invited_by: Some(MemberId(uuid::Uuid::from_u128(4))),
            role: CircleRole::Member,
            state,
            at: noon(),
            expires_at: if state == State::Left {
                noon()
            } else {
                noon() + INVITATION_OPEN_FOR
            },
            answered_at: (!waits).then(noon),
            ended_at: matches!(state, State::Accepted | State::Left).then(noon),
        }
    }

    #[test]
    fn who_said_no_or_left_is_left_in_peace_for_thirty_days() {
        let (lapsed, later) = (noon() + INVITATION_OPEN_FOR, noon() + ASKED_AGAIN_AFTER);
        let moment = TimeDelta::microseconds(1);
        for state in [State::Declined, State::Left] {
            let rows = [invited(state)];
            for now in [lapsed, later - moment] {
                assert_eq!(
                    inviting(&rows, now),
                    Inviting::New(State::Silent),
                    "{state:?}"
                );
            }
            assert_eq!(inviting(&rows, later), Inviting::New(State::Waiting));
        }
        // Nor does what was taken back before he left ring then.
        let mut before = invited(State::Waiting);
        before.ended_at = Some(noon());
        let rows = [before, invited(State::Left)];
        assert_eq!(inviting(&rows, noon()), Inviting::New(State::Silent));
    }

    #[test]
    fn what_waits_waits_once_and_what_was_taken_back_waits_again() {
        for state in [State::Waiting, State::Silent, State::Declined] {
            let mut rows = [invited(state)];
            assert_eq!(inviting(&rows, noon()), Inviting::Stands(&rows[0]));
            rows[0].ended_at = Some(noon());
            assert_eq!(inviting(&rows, noon()), Inviting::Reopens(&rows[0]));
        }
        let accepted = [invited(State::Accepted)];
        assert_eq!(inviting(&accepted, noon()), Inviting::New(State::Waiting));
        assert_eq!(inviting(&[], noon()), Inviting::New(State::Waiting));
    }

    #[test]
    fn an_answer_is_taken_once_and_in_time() {
        use Answering::{NotThere, SaidYes, Stands, Take};
        for (state, is_in, yes, no) in [
            (State::Waiting, false, Take, Take),
            (State::Silent, false, NotThere, NotThere),
            (State::Accepted, true, Stands, SaidYes),
            (State::Accepted, false, NotThere, NotThere),
            (State::Declined, false, NotThere, Stands),
            (State::Left, false, NotThere, NotThere),
        ] {
            let row = invited(state);
            assert_eq!(answering(&row, is_in, true, noon()), yes, "{state:?}");
            assert_eq!(answering(&row, is_in, false, noon()), no, "{state:?}");
        }
        let lapsed = noon() + INVITATION_OPEN_FOR;
        assert_eq!(
            answering(&invited(State::Waiting), false, true, lapsed),
            NotThere
        );
        let taken_back = Model {
            ended_at: Some(noon()),
            ..invited(State::Waiting)
        };
        assert_eq!(answering(&taken_back, false, true, noon()), NotThere);
    }

    #[test]
    fn nobody_loses_a_role_that_was_not_spoken_of() {
        let (member, facilitator) = (CircleRole::Member, CircleRole::Facilitator);
        assert_eq!(role_to_be(None, None), member);
        assert_eq!(role_to_be(None, Some(facilitator)), facilitator);
        assert_eq!(role_to_be(Some(member), Some(facilitator)), member);
        assert_eq!(role_to_be(Some(facilitator), None), facilitator);
    }

    #[test]
    fn a_facilitator_steps_down_by_taking_part_or_going() {
        let (member, facilitator) = (Some(CircleRole::Member), Some(CircleRole::Facilitator));
        assert!(steps_down(facilitator, member));
        assert!(steps_down(facilitator, None));
        assert!(!steps_down(facilitator, facilitator));
        assert!(!steps_down(member, None));
        assert!(!steps_down(None, facilitator));
    }
}
