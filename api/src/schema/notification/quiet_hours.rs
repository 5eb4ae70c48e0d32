//! Quiet hours in the schema.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::days;
use crate::graphql::errors::{NotificationError, user_errors};
use crate::graphql::scalars::LocalTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::nudge::quiet;
use crate::problem::{Problem, ProblemCode};
use crate::viewer::SignedIn;

/// When your phone is left in peace. What falls due then is in your inbox at once. It is pushed some minutes after they
/// are over, one push for each category, or not at all when it would be too late or you have read it. What changes about a
/// meeting is pushed by the time of the meeting's reminder. What comes at a time you set yourself, such as a reminder, an
/// answer to your own nudge, and a word that a partner asks for whom you let wake you (`PactSide.canBeWoken`), are pushed
/// at once.
#[derive(SimpleObject)]
pub struct QuietHours {
    /// Whether they are kept.
    enabled: bool,
    /// When they begin, on the wall clock of your time zone.
    from: LocalTime,
    /// When they are over, on the same clock: the next morning when it is the earlier time of the two.
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
    /// Your quiet hours: from 22:00 until 07:00 unless you set others.
    async fn quiet_hours(&self, ctx: &Context<'_>) -> Nullable<QuietHours> {
        let found = quiet::of_member(ctx.app().db.pool(), self.0.member).await;
        Some(found.map(Into::into).map_err(GqlError::from))
    }
}

/// When your phone is to be left in peace.
#[derive(InputObject)]
pub struct SetQuietHoursInput {
    /// Whether they are kept. Switched off, they keep their times.
    enabled: bool,
    /// When they begin, on the wall clock of your time zone.
    from: LocalTime,
    /// When they are over, on the same clock; another time than `from`.
    until: LocalTime,
}

/// What became of quiet hours that were to be set.
#[derive(Default, SimpleObject)]
pub struct SetQuietHoursPayload {
    /// Your quiet hours as they are now; null when there are errors.
    quiet_hours: Option<QuietHours>,
    /// Why they were not set.
    errors: Vec<NotificationError>,
}

/// What can be done with quiet hours.
#[derive(Default)]
pub struct QuietMutation;

#[Object]
impl QuietMutation {
    /// Sets your quiet hours, or switches them off. What waits already comes when it was to.
    async fn set_quiet_hours(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From when until when, and whether.")] input: SetQuietHoursInput,
    ) -> Nullable<SetQuietHoursPayload> {
        Some(set(ctx, &input).await)
    }
}

async fn set(ctx: &Context<'_>, input: &SetQuietHoursInput) -> GqlResult<SetQuietHoursPayload> {
    let who = ctx.member()?;
    let (LocalTime(from), LocalTime(until)) = (input.from, input.until);
    let Some(hours) = days::QuietHours::new(input.enabled, from, until) else {
        let message = "They begin at one time of day and are over at another.";
        let problem = Problem::field("until", ProblemCode::Invalid, message);
        return Ok(SetQuietHoursPayload {
            errors: user_errors(vec![problem]),
            ..SetQuietHoursPayload::default()
        });
    };
    quiet::set(ctx.app(), who.member, hours).await?;
    Ok(SetQuietHoursPayload {
        quiet_hours: Some(hours.into()),
        ..SetQuietHoursPayload::default()
    })
}
