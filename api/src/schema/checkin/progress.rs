//! Progress in the schema.

use async_graphql::{Context, Enum, SimpleObject};
use entity::MemberId;

use crate::checkin::{runs, service};
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlResult};

/// The state of one of your days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "runs::Day")]
pub enum DayState {
    /// You checked in.
    CheckedIn,
    /// A reserve day covered it.
    Reserve,
    /// The day is in a pause.
    Paused,
    /// Nothing was asked of you: it was not one of your weekdays, or before your first check-in, or your clocks skipped
    /// it.
    Off,
    /// You can still check in for it.
    Open,
    /// It closed without a check-in.
    Quiet,
}

/// The state of today, to choose a greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "runs::TodayState")]
pub enum ProgressStanding {
    /// You have not checked in yet.
    New,
    /// You are back: today is your first check-in after a quiet day. Something to celebrate.
    CameBack,
    /// You have checked in today.
    CheckedIn,
    /// Today is in a pause.
    Paused,
    /// Today is not one of your days. You can check in anyway.
    Off,
    /// Today is open.
    Open,
    /// Today is open, and so is an earlier day: a late check-in for it continues your run.
    Mendable,
    /// There were quiet days. The door is open: you can come back at any time.
    DoorOpen,
}

/// One of your recent days.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ProgressDay {
    /// The date.
    date: Date,
    /// The state of the day.
    state: DayState,
    /// Whether you can still check in for it: until 48 hours after its end.
    can_be_written: bool,
}

/// Your progress.
#[derive(Clone, Debug, SimpleObject)]
pub struct Progress {
    /// Your current day.
    today: Date,
    /// The number of days with a check-in. It never falls.
    days_shown_up: i32,
    /// The latest day with a check-in; null before the first.
    last_check_in_date: Option<Date>,
    /// Whether you have checked in today, by your time zone.
    checked_in_today: bool,
    /// The days with a check-in in your current run; 0 if there is none. Reserve days, pauses and days off neither add
    /// to it nor end it. It continues as long as a day can still be written.
    current_run: i32,
    /// The days of your longest run that is certain: days that can still be written count once they are. It never
    /// falls.
    longest_run: i32,
    /// How often you came back after a quiet day. It never falls.
    returns: i32,
    /// Your reserve days, at most 3. You start with one, and get one more for every seven check-ins. They are used
    /// automatically, at the end of a day in a run.
    reserve_days: i32,
    /// The next milestone to celebrate, in days with a check-in.
    next_milestone: i32,
    /// The state of today.
    standing: ProgressStanding,
    /// Your last 28 days, ending with today.
    days: Vec<ProgressDay>,
}

/// Converts a count to the schema's integer.
pub fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl From<runs::Progress> for Progress {
    fn from(progress: runs::Progress) -> Self {
        let days = progress.recent.iter().map(|shown| ProgressDay {
            date: Date(shown.date),
            state: shown.day.into(),
            can_be_written: shown.can_be_written,
        });
        Self {
            today: Date(progress.today),
            days_shown_up: whole(progress.days_shown_up),
            last_check_in_date: progress.last_check_in.map(Date),
            checked_in_today: progress.has_checked_in_today(),
            current_run: whole(progress.current_run),
            longest_run: whole(progress.longest_run),
            returns: whole(progress.returns),
            reserve_days: progress.reserves.into(),
            next_milestone: whole(runs::next_milestone(progress.days_shown_up)),
            standing: progress.today_state.into(),
            days: days.collect(),
        }
    }
}

/// Returns a member's progress.
pub async fn of(ctx: &Context<'_>, member: MemberId) -> GqlResult<Progress> {
    Ok(service::progress(ctx.app(), member).await?.into())
}
