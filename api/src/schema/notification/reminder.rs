//! The check-in reminder in the schema.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::graphql::errors::CheckInError;
use crate::graphql::scalars::{DateTime, LocalTime};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::nudge::reminder::{self, Reminder};
use crate::viewer::SignedIn;

/// Your daily reminder to check in. It stays away on days when you have checked in before its time, that you have
/// paused, or that are not among your weekdays. When you have let three pass it comes half as often, and after
/// fourteen days no more, until you are back.
#[derive(SimpleObject)]
pub struct CheckInReminder {
    /// The time of day, on the wall clock of your time zone. On the night clocks go forward over it, it comes
    /// right after; on the night it comes twice, the first time.
    local_time: LocalTime,
    /// Whether it is on.
    enabled: bool,
    /// When it comes next; null when it is off, and when it is silent until you are back.
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
    /// Your daily reminder to check in; null when you never set one.
    async fn check_in_reminder(&self, ctx: &Context<'_>) -> Nullable<CheckInReminder> {
        let found = reminder::of_member(ctx.app().db.pool(), self.0.member).await;
        let found = found.map(|reminder| reminder.map(CheckInReminder::from));
        found.map_err(GqlError::from).transpose()
    }
}

/// When you like to be reminded.
#[derive(InputObject)]
pub struct SetCheckInReminderInput {
    /// The time of day, on the wall clock of your time zone.
    local_time: LocalTime,
    /// Whether it is on. Switched off, it keeps its time.
    enabled: bool,
}

/// What became of a reminder that was to be set.
#[derive(Default, SimpleObject)]
pub struct SetCheckInReminderPayload {
    /// The reminder as it is now; null when there are errors.
    reminder: Option<CheckInReminder>,
    /// Why it was not set.
    errors: Vec<CheckInError>,
}

/// What can be done with the reminder.
#[derive(Default)]
pub struct ReminderMutation;

#[Object]
impl ReminderMutation {
    /// Sets your daily reminder to check in, or switches it off.
    async fn set_check_in_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When, and whether.")] input: SetCheckInReminderInput,
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
