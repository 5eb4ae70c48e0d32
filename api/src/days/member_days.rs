//! The data of one member's days that other domains need.

use chrono::NaiveDate;

use super::cadence::Plan;
use super::calendar::Calendar;

/// A member's days, loaded once and passed to every consequence of an action.
#[derive(Clone, Copy, Debug)]
pub struct MemberDays<'a> {
    /// The member's plan.
    pub plan: &'a Plan,
    /// The calendar of the days.
    pub calendar: &'a Calendar,
    /// The latest day with a check-in.
    pub last_check_in: Option<NaiveDate>,
    /// Whether the member has a ladder. Members without one need no further statement.
    pub has_ladder: bool,
}
