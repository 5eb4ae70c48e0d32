//! Check-ins that members share with their circles.

use async_graphql::{Context, SimpleObject};
use chrono::Datelike as _;
use entity::CircleId;

use super::types::Emotion;
use super::types::named;
use crate::app::App;
use crate::checkin::entry;
use crate::checkin::service::{self, CIRCLE_CHECK_INS};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::page::{Cursor, Page};
use crate::schema::profile::{Member, load_members};

/// A check-in that a member shares with their circles.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SharedCheckIn {
    /// The member who wrote it.
    member: Member,
    /// The member's day that it is for.
    local_date: Date,
    /// The member's mood, from 1 (very low) to 5 (very good); null if they did not say.
    mood: Option<i32>,
    /// The member's energy, from 1 (next to none) to 5 (plenty); null if they did not say.
    energy: Option<i32>,
    #[graphql(skip)]
    slugs: Vec<String>,
    #[graphql(skip)]
    words: Option<Opened>,
    /// Whether the member would like someone to get in touch.
    wants_a_word: bool,
    /// When the member last changed it.
    updated_at: DateTime,
}

#[async_graphql::ComplexObject]
impl SharedCheckIn {
    /// The member's feelings, in their order.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        Some(named(ctx, &self.slugs).await)
    }

    /// The member's note, up to 2,000 characters; null if there is none.
    async fn note(&self) -> Nullable<&str> {
        shown(self.words.as_ref())
    }
}

/// A page of the check-ins that are shared in a circle.
pub type SharedCheckIns = Connection<CIRCLE_CHECK_INS, SharedCheckIn, InCircle>;

/// Counts the check-ins that are shared in a circle with a viewer.
pub struct InCircle(entity::MemberId, CircleId);

impl Counted for InCircle {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_in_circle(app, self.0, self.1).await
    }
}

/// Returns a page of the check-ins that members share with a circle.
pub async fn in_circle(
    ctx: &Context<'_>,
    circle: CircleId,
    args: &PageArgs,
) -> GqlResult<SharedCheckIns> {
    let me = ctx.member()?.member;
    let page: Page<CIRCLE_CHECK_INS> = Page::parse(args)?;
    let rows = service::in_circle(ctx.app(), me, circle, &page).await?;
    let writers: Vec<_> = rows.iter().map(|row| row.member).collect();
    let members = load_members(ctx, &writers).await?;
    let shared = rows.into_iter().filter_map(|row| {
        let (_, member) = members.iter().find(|(id, _)| *id == row.member)?;
        Some((row, member.clone()))
    });
    let cursor = |(row, _): &(entry::CheckIn, Member)| Cursor {
        key: i64::from(row.local_date.num_days_from_ce()),
        id: row.id.0,
    };
    let read = |(row, member): (entry::CheckIn, Member)| SharedCheckIn {
        member,
        local_date: Date(row.local_date),
        mood: row.content.mood,
        energy: row.content.energy,
        slugs: row.content.emotions,
        words: row.content.note,
        wants_a_word: row.content.wants_a_word,
        updated_at: DateTime(row.updated_at),
    };
    Ok(page.connection(InCircle(me, circle), shared.collect(), cursor, read))
}
