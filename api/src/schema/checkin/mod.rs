//! Check-ins, progress, plans and trends in the schema.

mod check_in;
mod plan;
mod progress;
mod shared;
pub mod subscription;
mod take_back;
mod trend;
mod types;

use async_graphql::{Context, Object};
use chrono::Datelike as _;
use entity::{CheckInId, MemberId, PauseId};
use macros::page_args;

pub use self::check_in::CheckInMutation;
use self::plan::PausesOf;
pub use self::plan::{Pause, PlanMutation};
use self::progress::Progress;
pub use self::shared::{SharedCheckIns, in_circle};
pub use self::take_back::TakeBackMutation;
use self::trend::MoodTrend;
pub use self::types::{CheckIn, Emotion, KeptWord, named};
use crate::app::App;
use crate::checkin::entry;
use crate::checkin::service::{self, LIST, PAUSES};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::page::{Cursor, Page};
use crate::schema::profile::Weekday;
use crate::viewer::SignedIn;

/// The query for the vocabulary of feelings.
#[derive(Default)]
pub struct EmotionQuery;

#[Object]
impl EmotionQuery {
    /// The feelings to choose from at a check-in, in display order: family by family.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        let words = service::emotions(ctx.app()).await;
        let words = words.map(|words| words.iter().cloned().map(Emotion::from).collect());
        Some(words.map_err(Into::into))
    }
}

type CheckIns = Connection<LIST, CheckIn, CheckInsOf>;
type Pauses = Connection<PAUSES, Pause, PausesOf>;

/// Counts a member's check-ins.
struct CheckInsOf(MemberId);

impl Counted for CheckInsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// Your check-ins and your progress.
pub struct CheckInMe(pub SignedIn);

#[page_args]
#[Object]
impl CheckInMe {
    /// Your progress.
    async fn progress(&self, ctx: &Context<'_>) -> Nullable<Progress> {
        Some(progress::of(ctx, self.0.member).await)
    }

    /// Your check-ins, newest day first.
    async fn check_ins(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<CheckIns> {
        Some(self.page(ctx, &args).await)
    }

    /// Your check-in for one of your days; null if there is none.
    async fn check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day, on your own calendar.")] date: Date,
    ) -> Nullable<CheckIn> {
        let found = service::on_day(ctx.app(), self.0.member, date.0).await;
        found
            .map(|row| row.map(CheckIn::from))
            .map_err(Into::into)
            .transpose()
    }

    /// The weekdays on which you plan to check in, Monday first: all of them until you choose others. This is your
    /// latest choice, even if it only applies from tomorrow.
    async fn check_in_days(&self, ctx: &Context<'_>) -> Nullable<Vec<Weekday>> {
        Some(plan::days_of(ctx, self.0.member).await)
    }

    /// Your past, present and future pauses, latest first.
    async fn pauses(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Pauses> {
        Some(plan::page(ctx, self.0.member, &args).await)
    }

    /// Your moods, energy and feelings in a range of days, both ends included; nobody else can see them. At most 3,660
    /// days.
    async fn mood_trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day, on your own calendar.")] from: Date,
        #[graphql(desc = "The last day.")] to: Date,
    ) -> Nullable<MoodTrend> {
        Some(trend::of(ctx, self.0.member, from.0, to.0).await)
    }
}

impl CheckInMe {
    async fn page(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<CheckIns> {
        let page = Page::parse(args)?;
        let rows = service::check_ins(ctx.app(), self.0.member, &page).await?;
        let cursor = |row: &entry::CheckIn| Cursor {
            key: i64::from(row.local_date.num_days_from_ce()),
            id: row.id.0,
        };
        Ok(page.connection(CheckInsOf(self.0.member), rows, cursor, CheckIn::from))
    }
}

/// Loads the caller's check-ins by their ids, in one statement. Leaves out those of other members.
pub async fn load_check_ins(
    ctx: &Context<'_>,
    ids: &[CheckInId],
) -> GqlResult<Vec<(CheckInId, CheckIn)>> {
    let member = ctx.member()?.member;
    let rows = service::by_ids(ctx.app(), member, ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, CheckIn::from(row)))
        .collect())
}

/// Loads the caller's pauses by their ids, in one statement. Leaves out those of other members.
pub async fn load_pauses(ctx: &Context<'_>, ids: &[PauseId]) -> GqlResult<Vec<(PauseId, Pause)>> {
    let member = ctx.member()?.member;
    let rows = service::pauses_by_ids(ctx.app(), member, ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Pause::from(row)))
        .collect())
}
