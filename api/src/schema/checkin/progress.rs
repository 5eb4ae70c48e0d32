//! Progress in the schema.

use async_graphql::{Context, Enum, SimpleObject};
use entity::MemberId;

use crate::checkin::{runs, service};
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlResult};

/// What became of one of your days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "runs::Day")]
pub enum DayState {
    /// You checked in.
    CheckedIn,
    /// A reserve day covered it.
    Reserve,
    /// You had paused.
    Paused,
    /// Nothing was asked of you: it was not one of your weekdays, or before your first check-in, or your clocks
    /// skipped it.
    Off,
    /// It can still be written.
    Open,
    /// It passed without a word.
    Quiet,
}

/// How things stand today, for a word of welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "runs::Standing")]
pub enum ProgressStanding {
    /// You have yet to check in for the first time.
    New,
    /// You are back: today is your first check-in after a quiet day. Something to celebrate.
    CameBack,
    /// You have checked in today.
    CheckedIn,
    /// You have paused.
    Paused,
    /// Today is not one of your days; you may check in all the same.
    Off,
    /// Today is open.
    Open,
    /// Today is open, and so is an earlier day: written late, it carries your run on.
    Mendable,
    /// There were quiet days. The door is open, whenever you like.
    DoorOpen,
}

/// One of your last days.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ProgressDay {
    /// Which.
    date: Date,
    /// What became of it.
    state: DayState,
    /// Whether you can still check in for it: until 48 hours after its end.
    can_be_written: bool,
}

/// What you have built up.
#[derive(Clone, Debug, SimpleObject)]
pub struct Progress {
    /// Your day at this moment.
    today: Date,
    /// The number of days you have checked in on. It never falls.
    days_shown_up: i32,
    /// The latest of those days; null before the first.
    last_check_in_date: Option<Date>,
    /// Whether today, as your time zone has it, is one of them.
    checked_in_today: bool,
    /// The days you checked in on in the run that goes on. Reserve days, pauses and days off neither add to it nor end
    /// it, and it stands as long as a day can still be written. 0 when none goes on.
    current_run: i32,
    /// The most days of any run, as far as it is certain: days that can still be written count once they are. It
    /// never falls.
    longest_run: i32,
    /// How often you came back after a quiet day. It never falls.
    returns: i32,
    /// Reserve days you hold, at most 3: one to start with, and one more for every seven check-ins. They are used by
    /// themselves, at the end of a day in a run.
    reserve_days: i32,
    /// The next number of days shown up to celebrate.
    next_milestone: i32,
    /// How things stand today.
    standing: ProgressStanding,
    /// Your last 28 days, today's the last.
    days: Vec<ProgressDay>,
}

/// A count, as the schema has it.
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
            standing: progress.standing.into(),
            days: days.collect(),
        }
    }
}

/// What a member has built up.
pub async fn of(ctx: &Context<'_>, member: MemberId) -> GqlResult<Progress> {
    Ok(service::progress(ctx.app(), member).await?.into())
}
