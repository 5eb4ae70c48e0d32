//! Quiet hours in the schema.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use macros::payload;

use crate::days;
use crate::graphql::errors::NotificationError;
use crate::graphql::scalars::LocalTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::notification::quiet;
use crate::problem::{Problem, ProblemCode};
use crate::viewer::SignedIn;

/// The hours in which your phone stays silent.
///
/// Notifications of this time are in your inbox immediately. Their push is sent a few minutes after the end, one push
/// for each category. No push is sent if that would be too late or if you have read them. The push about a change of a
/// meeting is sent no later than the meeting's reminder would be.
///
/// Three kinds of push ignore quiet hours: those at a time you set yourself, such as a reminder; an answer to your own
/// nudge; and a request for contact from a partner whom you let wake you (`PactSide.canBeWoken`).
#[derive(SimpleObject)]
pub struct QuietHours {
    /// Whether they are switched on.
    enabled: bool,
    /// When they begin, on the wall clock of your time zone.
    from: LocalTime,
    /// When they end, on the same clock. If it is the earlier of the two times, they end on the next morning.
    until: LocalTime,
}

impl From<days::QuietHours> for QuietHours {
    fn from(hours: days::QuietHours) -> Self {
        Self {
            enabled: hours.enabled,
            from: LocalTime(hours.from()),
            until: LocalTime(hours.until()),
        }
    }
}

/// Your quiet hours.
pub struct QuietMe(pub SignedIn);

#[Object]
impl QuietMe {
    /// Your quiet hours: from 22:00 to 07:00 unless you set others.
    async fn quiet_hours(&self, ctx: &Context<'_>) -> Nullable<QuietHours> {
        let found = quiet::of_member(ctx.app().db.pool(), self.0.member).await;
        Some(found.map(Into::into).map_err(GqlError::from))
    }
}

/// The quiet hours to set.
#[derive(InputObject)]
pub struct SetQuietHoursInput {
    /// Whether they are switched on. The times are kept if they are off.
    enabled: bool,
    /// When they begin, on the wall clock of your time zone.
    from: LocalTime,
    /// When they end, on the same clock. It must differ from `from`.
    until: LocalTime,
}

/// The result of setting quiet hours.
#[payload(INVALID)]
pub struct SetQuietHoursPayload {
    /// Your current quiet hours; null if there are errors.
    quiet_hours: Option<QuietHours>,
    /// Why they were not set; empty if they were.
    errors: Vec<NotificationError>,
}

/// Changes to quiet hours.
#[derive(Default)]
pub struct QuietMutation;

#[Object]
impl QuietMutation {
    /// Sets your quiet hours, or switches them off. A push that already waits keeps its time.
    async fn set_quiet_hours(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quiet hours.")] input: SetQuietHoursInput,
    ) -> Nullable<SetQuietHoursPayload> {
        Some(set(ctx, &input).await)
    }
}

async fn set(ctx: &Context<'_>, input: &SetQuietHoursInput) -> GqlResult<SetQuietHoursPayload> {
    let who = ctx.member()?;
    let (LocalTime(from), LocalTime(until)) = (input.from, input.until);
    let Some(hours) = days::QuietHours::new(input.enabled, from, until) else {
        let message = "Quiet hours must begin and end at different times.";
        let problem = Problem::field("until", ProblemCode::Invalid, message);
        return Ok(SetQuietHoursPayload::refused(vec![problem]));
    };
    quiet::set(ctx.app(), who.member, hours).await?;
    Ok(SetQuietHoursPayload {
        quiet_hours: Some(hours.into()),
        ..SetQuietHoursPayload::default()
    })
}
