//! Check-ins and progress in the schema.

use async_graphql::{ComplexObject, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::Datelike as _;
use entity::check_in::Model;
use entity::{CheckInId, MemberId};

use super::model::MOODS;
use super::service::{self, CheckInOutcome, LIST, NewCheckIn};
use crate::account::SignedIn;
use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::{Cursor, Page, PageArgs};
use crate::graphql::errors::{CheckInError, user_errors};
use crate::graphql::node::NodeId as _;
use crate::graphql::scalars::{Date, DateTime, TimeZone, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::problem::{Problem, ProblemCode, Problems};

/// One of your days on which you said that you are here.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct CheckIn {
    /// The global id.
    #[graphql(owned)]
    pub id: ID,
    /// The id your app made.
    client_id: Uuid,
    /// Which of your days it is for.
    local_date: Date,
    #[graphql(skip)]
    zone_name: String,
    /// The hour on the wall, 0 to 6, at which your days began.
    day_start_hour: i32,
    /// How you were, from 1, very low, to 5, very good; null when you did not say.
    mood: Option<i32>,
    /// When it reached us.
    created_at: DateTime,
    /// When it was last changed.
    updated_at: DateTime,
}

impl From<Model> for CheckIn {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.global(),
            client_id: Uuid(row.id.0),
            local_date: Date(row.local_date),
            zone_name: row.time_zone,
            day_start_hour: row.day_start_hour,
            mood: row.mood,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

#[ComplexObject]
impl CheckIn {
    /// The time zone your days were in.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.zone_name)?)
    }
}

/// What you have built up. It only grows.
#[derive(Clone, Debug, SimpleObject)]
pub struct Progress {
    /// The number of days you have checked in on. It never falls.
    days_shown_up: i32,
    /// The latest of those days; null before the first.
    last_check_in_date: Option<Date>,
    /// Whether today, as your time zone has it, is one of them.
    checked_in_today: bool,
}

async fn progress(ctx: &async_graphql::Context<'_>, member: MemberId) -> GqlResult<Progress> {
    let progress = service::progress(ctx.app(), member).await?;
    Ok(Progress {
        days_shown_up: progress.days_shown_up,
        last_check_in_date: progress.last_check_in.map(Date),
        checked_in_today: progress.checked_in_today,
    })
}

type CheckIns = Connection<LIST, CheckIn, CheckInsOf>;

/// The check-ins of this member.
struct CheckInsOf(MemberId);

impl Counted for CheckInsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// Your check-ins and what they add up to.
pub struct CheckInMe(pub SignedIn);

#[Object]
impl CheckInMe {
    /// What you have built up.
    async fn progress(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Progress> {
        Some(progress(ctx, self.0.member).await)
    }

    /// Your check-ins, the newest day first.
    async fn check_ins(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<CheckIns> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(self.page(ctx, &args).await)
    }

    /// Your check-in of one of your days; null when there is none.
    async fn check_in(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The day, on your own calendar.")] date: Date,
    ) -> Nullable<CheckIn> {
        let found = service::on_day(ctx.app(), self.0.member, date.0).await;
        found
            .map(|row| row.map(CheckIn::from))
            .map_err(Into::into)
            .transpose()
    }
}

impl CheckInMe {
    async fn page(&self, ctx: &async_graphql::Context<'_>, args: &PageArgs) -> GqlResult<CheckIns> {
        let page = Page::parse(args)?;
        let rows = service::check_ins(ctx.app(), self.0.member, &page).await?;
        let cursor = |row: &Model| Cursor {
            key: i64::from(row.local_date.num_days_from_ce()),
            id: row.id.0,
        };
        Ok(page.connection(CheckInsOf(self.0.member), rows, cursor, CheckIn::from))
    }
}

/// A check-in to record.
#[derive(Debug, InputObject)]
pub struct CheckInInput {
    /// Made by the app, of version 7. Sent again it changes nothing, except that another mood, while the
    /// day lasts, is the mood from then on.
    id: Uuid,
    /// Which of your days it is for: today's. The day before is taken until 12 hours after its end
    /// when `madeAt`, or the time in `id`, lies in it: so a check-in that waited on the phone for a
    /// connection finds its day. When left out it is the day of `madeAt`, or else today.
    local_date: Option<Date>,
    /// How you are, from 1, very low, to 5, very good. Left out it says nothing; null takes it back.
    mood: MaybeUndefined<i32>,
    /// When it was made, by the phone's clock.
    made_at: Option<DateTime>,
}

/// What became of a check-in.
#[derive(Debug)]
pub struct CheckInPayload {
    member: MemberId,
    check_in: Option<CheckIn>,
    problems: Vec<Problem>,
}

/// What became of a check-in.
#[Object]
impl CheckInPayload {
    /// The check-in of the day. With CONFLICT it is the one that is there already.
    async fn check_in(&self) -> &Option<CheckIn> {
        &self.check_in
    }

    /// What you have built up, this check-in included.
    async fn progress(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Progress> {
        Some(progress(ctx, self.member).await)
    }

    /// Why it was not taken; empty when it was.
    async fn errors(&self) -> Vec<CheckInError> {
        user_errors(self.problems.clone())
    }
}

/// Checking in.
#[derive(Default)]
pub struct CheckInMutation;

#[Object]
impl CheckInMutation {
    /// Says that you are here today. Once for each of your days, from however many devices.
    async fn check_in(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The check-in.")] input: CheckInInput,
    ) -> Nullable<CheckInPayload> {
        Some(check_in(ctx, input).await)
    }
}

async fn check_in(
    ctx: &async_graphql::Context<'_>,
    input: CheckInInput,
) -> GqlResult<CheckInPayload> {
    let member = ctx.member()?.member;
    let mut problems = Problems::default();
    let mood = match input.mood {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(mood) => {
            if !MOODS.contains(&mood) {
                let message = "A mood goes from 1 to 5.";
                problems.push(Problem::field("mood", ProblemCode::OutOfRange, message));
            }
            Some(Some(mood))
        }
    };
    let id = problems.check(input.id.made_by_app("id"));
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(CheckInPayload {
            member,
            check_in: None,
            problems: problems.into_vec(),
        });
    };
    let new = NewCheckIn {
        id,
        day: input.local_date.map(|date| date.0),
        mood,
        made_at: input.made_at.map(|made| made.0),
    };
    let outcome = service::check_in(ctx.app(), member, new).await?;
    let conflict = |field, message: &str| Problem::field(field, ProblemCode::Conflict, message);
    let (check_in, problem) = match outcome {
        CheckInOutcome::Recorded(row)
        | CheckInOutcome::Edited(row)
        | CheckInOutcome::Unchanged(row) => (Some(row), None),
        CheckInOutcome::DayTaken(row) => {
            let message = "This day has a check-in already; it is given.";
            (Some(row), Some(conflict("localDate", message)))
        }
        CheckInOutcome::IdTaken(row) => {
            let message = "This id was sent before, with another content.";
            (row, Some(conflict("id", message)))
        }
        CheckInOutcome::OtherDay { today } => {
            let field = match (new.day, new.made_at) {
                (None, Some(_)) => "madeAt",
                _ => "localDate",
            };
            let message = format!("Your day is {today} now, and that day is not open.");
            (
                None,
                Some(Problem::field(field, ProblemCode::OutOfRange, message)),
            )
        }
    };
    Ok(CheckInPayload {
        member,
        check_in: check_in.map(CheckIn::from),
        problems: problem.into_iter().collect(),
    })
}

/// Check-ins of the member who asks, by their ids and in one statement; others' are left out.
pub async fn load_check_ins(
    ctx: &async_graphql::Context<'_>,
    ids: &[CheckInId],
) -> GqlResult<Vec<(CheckInId, CheckIn)>> {
    let member = ctx.member()?.member;
    let rows = service::by_ids(ctx.app(), member, ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, CheckIn::from(row)))
        .collect())
}
