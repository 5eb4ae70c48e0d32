//! Weekdays and pauses in the schema.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{Datelike as _, NaiveDate};
use entity::pause::Model;
use entity::{MemberId, PauseId};

use super::PAUSES;
use super::Pauses;
use crate::app::App;
use crate::checkin::service::{self, EndPauseOutcome, NewPause, PauseOutcome};
use crate::days::cadence::Cadence;
use crate::error::Fault;
use crate::graphql::connection::Counted;
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::{CheckInError, user_errors};
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

    /// The id your app made.
    async fn client_id(&self) -> Uuid {
        Uuid(self.0.id.0)
    }

    /// The first day, on your own calendar. It is later than you asked for when days of it had closed.
    async fn first_date(&self) -> Date {
        Date(self.0.first_date)
    }

    /// The last day. It is earlier than you asked for when you ended the pause.
    async fn last_date(&self) -> Date {
        Date(self.0.last_date)
    }
}

/// The pauses of this member.
pub struct PausesOf(MemberId);

impl Counted for PausesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_pauses(app, self.0).await
    }
}

/// A page of a member's pauses.
pub async fn page(ctx: &Context<'_>, member: MemberId, args: &PageArgs) -> GqlResult<Pauses> {
    let page: Page<PAUSES> = Page::parse(args)?;
    let rows = service::pauses(ctx.app(), member, &page).await?;
    let cursor = |row: &Model| Cursor {
        key: i64::from(row.first_date.num_days_from_ce()),
        id: row.id.0,
    };
    Ok(page.connection(PausesOf(member), rows, cursor, Pause::from))
}

/// The weekdays of a member.
pub async fn days_of(ctx: &Context<'_>, member: MemberId) -> GqlResult<Vec<Weekday>> {
    let cadence = service::cadence(ctx.app(), member).await?;
    Ok(cadence.days().into_iter().map(Weekday::from).collect())
}

/// The weekdays on which you mean to check in.
#[derive(Debug, InputObject)]
pub struct SetCheckInDaysInput {
    /// At least one.
    days: Vec<Weekday>,
    /// When you chose them, by the phone's clock: what waited for a connection is in force from that day on, as far
    /// back as a day can be written late. Left out, it is now.
    made_at: Option<DateTime>,
}

/// What became of weekdays that were to be set.
#[derive(Default, SimpleObject)]
pub struct SetCheckInDaysPayload {
    /// You, with the days and the progress as they are now; null when there are errors.
    me: Option<Me>,
    /// Why they were not set.
    errors: Vec<CheckInError>,
}

/// Days on which nothing is to be asked of you.
#[derive(Debug, InputObject)]
pub struct StartPauseInput {
    /// Made by the app, of version 7.
    id: Uuid,
    /// The first day, on your own calendar. Days that have closed, 48 hours after their end, stay as they were: the
    /// pause then begins with the first that has not.
    first_date: Date,
    /// The last day, not before the first, and at most 366 days in all.
    last_date: Date,
}

/// What became of a pause.
#[derive(Default, SimpleObject)]
pub struct StartPausePayload {
    /// The pause. With CONFLICT it is the one that is there already.
    pause: Option<Pause>,
    /// You, with the progress as it is now; null when there are errors.
    me: Option<Me>,
    /// Why it was not made.
    errors: Vec<CheckInError>,
}

/// Which pause is over.
#[derive(Debug, InputObject)]
pub struct EndPauseInput {
    /// The id of the pause.
    pause_id: ID,
}

/// What became of a pause that was to end.
#[derive(Default, SimpleObject)]
pub struct EndPausePayload {
    /// The pause as it is now; null when it was taken back before a day of it was over, or when there are errors.
    pause: Option<Pause>,
    /// You, with the progress as it is now; null when there are errors.
    me: Option<Me>,
    /// Why it did not end.
    errors: Vec<CheckInError>,
}

/// What a member means to do.
#[derive(Default)]
pub struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Sets the weekdays on which you mean to check in: from today on, or from tomorrow when you have checked in
    /// today. What was stays as it was.
    async fn set_check_in_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: SetCheckInDaysInput,
    ) -> Nullable<SetCheckInDaysPayload> {
        Some(set_days(ctx, input).await)
    }

    /// Pauses: nothing is asked of you on these days, you are not reminded, and your run stands.
    async fn start_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] input: StartPauseInput,
    ) -> Nullable<StartPausePayload> {
        Some(start_pause(ctx, &input).await)
    }

    /// Ends a pause: today is one of your days again, and what was paused before stays so. One that has not begun is
    /// taken back.
    async fn end_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: EndPauseInput,
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
        return Ok(SetCheckInDaysPayload {
            errors: user_errors(vec![required("days")]),
            ..SetCheckInDaysPayload::default()
        });
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
        let message = "The last day is not before the first, and a pause has at most 366 days.";
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
            return Ok(StartPausePayload {
                errors: user_errors(problems),
                ..StartPausePayload::default()
            });
        }
    };
    let conflict = |field, message: &str| Problem::field(field, ProblemCode::Conflict, message);
    let (pause, problem) = match service::pause(ctx.app(), who.member, new).await? {
        PauseOutcome::Made(pause) | PauseOutcome::Unchanged(pause) => (Some(pause), None),
        PauseOutcome::IdTaken(pause) => {
            let message = "This id was sent before, with another content.";
            (pause, Some(conflict("id", message)))
        }
        PauseOutcome::Overlaps(pause) => {
            let message = "You have paused some of these days already; that pause is given.";
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
        // One that was taken back since is not there any more.
        pause: pause
            .filter(|pause| pause.first_date <= pause.last_date)
            .map(Pause),
        me: problem.is_none().then(|| Me::of(who)),
        errors: user_errors(problem.into_iter().collect()),
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
            EndPausePayload {
                errors: user_errors(vec![problem]),
                ..EndPausePayload::default()
            }
        }
    })
}
