//! What a circle is, and who decides in it.

use chrono::{DateTime, Utc};
pub use entity::circle_membership::CircleRole;
use entity::{CircleId, MemberId};

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
