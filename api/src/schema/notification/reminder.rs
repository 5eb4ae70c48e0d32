//! The check-in reminder in the schema.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use macros::payload;

use crate::graphql::errors::CheckInError;
use crate::graphql::scalars::{DateTime, LocalTime};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::notification::reminder::{self, Reminder};
use crate::viewer::SignedIn;

/// Your daily reminder to check in. It does not come on days on which you have already checked in, that you have
/// paused, or that are not among your weekdays. If you let three pass, it comes on every second day, and after fourteen
/// days no more until you are back.
#[derive(SimpleObject)]
pub struct CheckInReminder {
    /// The time of day, on the wall clock of your time zone. If clocks skip it, the reminder comes right after the gap.
    /// If it comes twice, the reminder comes the first time.
    local_time: LocalTime,
    /// Whether it is on.
    enabled: bool,
    /// When it comes next; null if it is off, or silent until you are back.
    next_at: Option<DateTime>,
}

impl From<Reminder> for CheckInReminder {
    fn from(reminder: Reminder) -> Self {
        Self {
            local_time: LocalTime(reminder.local_time),
            enabled: reminder.enabled,
            next_at: reminder.next_due_at.map(DateTime),
        }
    }
}

/// Your reminder.
pub struct ReminderMe(pub SignedIn);

#[Object]
impl ReminderMe {
    /// Your daily reminder to check in; null if you never set one.
    async fn check_in_reminder(&self, ctx: &Context<'_>) -> Nullable<CheckInReminder> {
        let found = reminder::of_member(ctx.app().db.pool(), self.0.member).await;
        let found = found.map(|reminder| reminder.map(CheckInReminder::from));
        found.map_err(GqlError::from).transpose()
    }
}

/// The reminder to set.
#[derive(InputObject)]
pub struct SetCheckInReminderInput {
    /// The time of day, on the wall clock of your time zone.
    local_time: LocalTime,
    /// Whether it is on. The time is kept if it is off.
    enabled: bool,
}

/// The result of setting the reminder.
#[payload()]
pub struct SetCheckInReminderPayload {
    /// The current reminder; null if there are errors.
    reminder: Option<CheckInReminder>,
    /// Why it was not set; empty if it was.
    errors: Vec<CheckInError>,
}

/// Changes to the reminder.
#[derive(Default)]
pub struct ReminderMutation;

#[Object]
impl ReminderMutation {
    /// Sets your daily reminder to check in, or switches it off.
    async fn set_check_in_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reminder.")] input: SetCheckInReminderInput,
    ) -> Nullable<SetCheckInReminderPayload> {
        Some(set(ctx, &input).await)
    }
}

async fn set(
    ctx: &Context<'_>,
    input: &SetCheckInReminderInput,
) -> GqlResult<SetCheckInReminderPayload> {
    let who = ctx.member()?;
    let LocalTime(time) = input.local_time;
    let set = reminder::set(ctx.app(), who.member, time, input.enabled).await?;
    Ok(SetCheckInReminderPayload {
        reminder: Some(set.into()),
        ..SetCheckInReminderPayload::default()
    })
}
