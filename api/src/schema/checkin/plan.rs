//! Weekdays and pauses in the schema.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{Datelike as _, NaiveDate};
use entity::pause::Model;
use entity::{MemberId, PauseId};
use macros::payload;

use super::PAUSES;
use super::Pauses;
use crate::app::App;
use crate::checkin::service::{self, EndPauseOutcome, NewPause, PauseOutcome};
use crate::days::cadence::Cadence;
use crate::error::Fault;
use crate::graphql::connection::Counted;
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::CheckInError;
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::Me;
use crate::schema::profile::Weekday;
use crate::text::required;

/// The most days of a pause.
const MAX_DAYS: i64 = 366;

/// Days on which nothing is asked of you.
#[derive(Clone, Debug)]
pub struct Pause(Model);

impl From<Model> for Pause {
    fn from(row: Model) -> Self {
        Self(row)
    }
}

/// Days on which nothing is asked of you.
#[Object]
impl Pause {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The id that your app generated.
    async fn client_id(&self) -> Uuid {
        Uuid(self.0.id.0)
    }

    /// The first day, on your own calendar. It is later than requested if the requested day had already closed.
    async fn first_date(&self) -> Date {
        Date(self.0.first_date)
    }

    /// The last day. It is earlier than requested if you ended the pause.
    async fn last_date(&self) -> Date {
        Date(self.0.last_date)
    }
}

/// Counts a member's pauses.
pub struct PausesOf(MemberId);

impl Counted for PausesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_pauses(app, self.0).await
    }
}

/// Returns a page of a member's pauses.
pub async fn page(ctx: &Context<'_>, member: MemberId, args: &PageArgs) -> GqlResult<Pauses> {
    let page: Page<PAUSES> = Page::parse(args)?;
    let rows = service::pauses(ctx.app(), member, &page).await?;
    let cursor = |row: &Model| Cursor {
        key: i64::from(row.first_date.num_days_from_ce()),
        id: row.id.0,
    };
    Ok(page.connection(PausesOf(member), rows, cursor, Pause::from))
}

/// Returns the weekdays on which a member plans to check in.
pub async fn days_of(ctx: &Context<'_>, member: MemberId) -> GqlResult<Vec<Weekday>> {
    let cadence = service::cadence(ctx.app(), member).await?;
    Ok(cadence.days().into_iter().map(Weekday::from).collect())
}

/// The weekdays on which you plan to check in.
#[derive(Debug, InputObject)]
pub struct SetCheckInDaysInput {
    /// The weekdays, at least one.
    days: Vec<Weekday>,
    /// When you chose them, by the phone's clock. A choice that waited for a connection applies from that day on, as
    /// far back as days can still be written. If omitted, it is now.
    made_at: Option<DateTime>,
}

/// The result of setting your weekdays.
#[payload(REQUIRED)]
pub struct SetCheckInDaysPayload {
    /// You, with the current weekdays and progress; null if there are errors.
    me: Option<Me>,
    /// Why they were not set; empty if they were.
    errors: Vec<CheckInError>,
}

/// Days on which nothing is to be asked of you.
#[derive(Debug, InputObject)]
pub struct StartPauseInput {
    /// The id, a UUID of version 7 that your app generates.
    id: Uuid,
    /// The first day, on your own calendar. Days that have closed, 48 hours after their end, do not change: the pause
    /// then begins with the first day that is still open.
    first_date: Date,
    /// The last day. It must not be before the first, and a pause has at most 366 days.
    last_date: Date,
}

/// The result of starting a pause.
#[payload(CONFLICT, INVALID, OUT_OF_RANGE)]
pub struct StartPausePayload {
    /// The pause. With CONFLICT it is your existing one. Null if there are other errors.
    pause: Option<Pause>,
    /// You, with the current progress; null if there are errors.
    me: Option<Me>,
    /// Why the pause was not created; empty if it was.
    errors: Vec<CheckInError>,
}

/// A pause to end.
#[derive(Debug, InputObject)]
pub struct EndPauseInput {
    /// The id of the pause.
    pause_id: ID,
}

/// The result of ending a pause.
#[payload(NOT_FOUND)]
pub struct EndPausePayload {
    /// The pause as it is now; null if none of its days had passed, so that it was removed, or if there are errors.
    pause: Option<Pause>,
    /// You, with the current progress; null if there are errors.
    me: Option<Me>,
    /// Why the pause was not ended; empty if it was.
    errors: Vec<CheckInError>,
}

/// Changes to your weekdays and pauses.
#[derive(Default)]
pub struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Sets the weekdays on which you plan to check in, from today on, or from tomorrow if you have checked in today.
    /// Earlier days do not change.
    async fn set_check_in_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The weekdays.")] input: SetCheckInDaysInput,
    ) -> Nullable<SetCheckInDaysPayload> {
        Some(set_days(ctx, input).await)
    }

    /// Starts a pause. On its days nothing is asked of you, you get no reminder, and your run continues.
    async fn start_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days to pause.")] input: StartPauseInput,
    ) -> Nullable<StartPausePayload> {
        Some(start_pause(ctx, &input).await)
    }

    /// Ends a pause. Today is one of your days again, and earlier paused days stay paused. A pause that has not begun
    /// is removed.
    async fn end_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pause.")] input: EndPauseInput,
    ) -> Nullable<EndPausePayload> {
        Some(end_pause(ctx, &input).await)
    }
}

async fn set_days(
    ctx: &Context<'_>,
    input: SetCheckInDaysInput,
) -> GqlResult<SetCheckInDaysPayload> {
    let who = ctx.member()?;
    let days: Vec<_> = input.days.into_iter().map(Into::into).collect();
    let Some(cadence) = Cadence::on(&days) else {
        return Ok(SetCheckInDaysPayload::refused(vec![required("days")]));
    };
    let made_at = input.made_at.map(|made_at| made_at.0);
    service::choose_days(ctx.app(), who.member, cadence, made_at).await?;
    Ok(SetCheckInDaysPayload {
        me: Some(Me::of(who)),
        ..SetCheckInDaysPayload::default()
    })
}

fn parse(input: &StartPauseInput) -> Result<NewPause, Vec<Problem>> {
    let mut problems = Problems::default();
    let id: Option<PauseId> = problems.check(input.id.made_by_app("id"));
    let (first, last): (NaiveDate, NaiveDate) = (input.first_date.0, input.last_date.0);
    if last < first || (last - first).num_days() >= MAX_DAYS {
        let message = "The last day must not be before the first. A pause has at most 366 days.";
        let problem = Problem::field("lastDate", ProblemCode::OutOfRange, message);
        problems.push(problem.limit(MAX_DAYS));
    }
    match id {
        Some(id) if problems.is_empty() => Ok(NewPause { id, first, last }),
        _ => Err(problems.into_vec()),
    }
}

async fn start_pause(ctx: &Context<'_>, input: &StartPauseInput) -> GqlResult<StartPausePayload> {
    let who = ctx.member()?;
    let new = match parse(input) {
        Ok(new) => new,
        Err(problems) => {
            return Ok(StartPausePayload::refused(problems));
        }
    };
    let conflict = |field, message: &str| Problem::field(field, ProblemCode::Conflict, message);
    let (pause, problem) = match service::pause(ctx.app(), who.member, new).await? {
        PauseOutcome::Made(pause) | PauseOutcome::Unchanged(pause) => (Some(pause), None),
        PauseOutcome::IdTaken(pause) => {
            let message = "This id was already used for other content.";
            (pause, Some(conflict("id", message)))
        }
        PauseOutcome::Overlaps(pause) => {
            let message = "You have already paused some of these days. That pause is returned.";
            (Some(pause), Some(conflict("firstDate", message)))
        }
        PauseOutcome::Closed { open_from } => {
            let message =
                format!("A pause can end on {open_from} or later: the days before have closed.");
            let problem = Problem::field("lastDate", ProblemCode::OutOfRange, message);
            (None, Some(problem))
        }
    };
    Ok(StartPausePayload {
        // A pause that was taken back since is not shown.
        pause: pause
            .filter(|pause| pause.first_date <= pause.last_date)
            .map(Pause),
        me: problem.is_none().then(|| Me::of(who)),
        ..StartPausePayload::refused(problem.into_iter().collect())
    })
}

async fn end_pause(ctx: &Context<'_>, input: &EndPauseInput) -> GqlResult<EndPausePayload> {
    let who = ctx.member()?;
    let outcome = match PauseId::from_global(&input.pause_id) {
        Some(id) => service::end_pause(ctx.app(), who.member, id).await?,
        None => EndPauseOutcome::NotFound,
    };
    Ok(match outcome {
        EndPauseOutcome::Ended(pause) => EndPausePayload {
            pause: Some(pause)
                .filter(|pause| pause.first_date <= pause.last_date)
                .map(Pause),
            me: Some(Me::of(who)),
            errors: Vec::new(),
        },
        EndPauseOutcome::NotFound => {
            let message = "You have no such pause.";
            let problem = Problem::field("pauseId", ProblemCode::NotFound, message);
            EndPausePayload::refused(vec![problem])
        }
    })
}
