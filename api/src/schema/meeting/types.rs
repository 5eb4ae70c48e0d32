//! What meetings look like, and how to find them.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};
use entity::{CircleId, MeetingId, MemberId, OccurrenceId};

use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::{Date, DateTime, LocalTime, TimeZone, Url};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::meeting::service::{self, LIST, Seen, Which};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::schema::circle::Circle;
use crate::schema::edges;
use crate::viewer::SignedIn;

/// Where a meeting happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::meeting::MeetingFormat")]
pub enum MeetingFormat {
    /// By a link.
    Online,
    /// At a place.
    InPerson,
    /// Both.
    Hybrid,
}

/// Whether an occurrence takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::meeting_occurrence::OccurrenceStatus")]
pub enum OccurrenceStatus {
    /// It does.
    Scheduled,
    /// It was called off.
    Cancelled,
}

/// An answer to "are you coming?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::rsvp::Answer")]
pub enum RsvpAnswer {
    /// Yes: a seat is kept.
    Going,
    /// No.
    NotGoing,
}

/// What meets. When it does is told by its occurrences.
#[derive(Clone, Debug)]
pub struct Meeting(Arc<Seen>);

impl From<Seen> for Meeting {
    fn from(seen: Seen) -> Self {
        Self(Arc::new(seen))
    }
}

/// What meets. When it does is told by its occurrences.
#[Object]
impl Meeting {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.meeting.id.global()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.meeting.title
    }

    /// What it is about; may be blank.
    async fn description(&self) -> &str {
        &self.0.meeting.description
    }

    /// Where it happens.
    async fn format(&self) -> MeetingFormat {
        self.0.meeting.format.into()
    }

    /// The circle whose meeting it is; null when it is open to every member, and when you may not see the circle.
    async fn circle(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Circle> {
        edges::circle(ctx, self.0.meeting.circle_id?).await
    }

    /// The id of the `Circle` whose meeting it is; null when it is open to every member.
    #[graphql(deprecation = "Use `circle`. Since 2026-11-27.")]
    async fn circle_id(&self) -> Option<ID> {
        self.0.meeting.circle_id.map(CircleId::global)
    }

    /// The time zone whose wall clock its times are on.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.meeting.time_zone)?)
    }

    /// The place, in words; null when there is none, and for those who are not going.
    async fn place(&self) -> Option<&str> {
        let place = self.0.meeting.place.as_deref();
        place.filter(|_| self.0.is_let_in())
    }

    /// The link to join by, https; null when there is none, and for those who are not going.
    async fn join_url(&self) -> Nullable<Url> {
        let link = self.0.meeting.join_url.as_deref();
        let link = link.filter(|_| self.0.is_let_in())?;
        Some(Url::stored(link).map_err(GqlError::from))
    }

    /// Whether you may change it and call it off.
    async fn viewer_runs(&self) -> bool {
        self.0.runs
    }

    /// Rises with each change; send it as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.meeting.version
    }

    /// The times it takes place, the soonest first.
    async fn occurrences(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Occurrences> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(page(ctx, Which::Of(self.0.meeting.id), &args).await)
    }
}

/// One time a meeting takes place.
#[derive(Clone, Debug)]
pub struct MeetingOccurrence(Arc<Seen>);

impl From<Seen> for MeetingOccurrence {
    fn from(seen: Seen) -> Self {
        Self(Arc::new(seen))
    }
}

/// One time a meeting takes place.
#[Object]
impl MeetingOccurrence {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.occurrence.id.global()
    }

    /// What meets.
    async fn meeting(&self) -> Meeting {
        Meeting(self.0.clone())
    }

    /// When it starts.
    async fn starts_at(&self) -> DateTime {
        DateTime(self.0.occurrence.starts_at)
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime {
        DateTime(self.0.occurrence.ends_at)
    }

    /// The day it starts, in `timeZone`.
    async fn local_date(&self) -> Date {
        Date(self.0.occurrence.local_date)
    }

    /// The time it starts, on the wall in `timeZone`.
    async fn local_time(&self) -> LocalTime {
        LocalTime(self.0.occurrence.local_time)
    }

    /// The time zone whose wall clock it is on.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.meeting.time_zone)?)
    }

    /// How many seats there are; null when there is room for all.
    async fn capacity(&self) -> Option<i32> {
        self.0.occurrence.capacity
    }

    /// How many men are going.
    async fn seats_taken(&self) -> i32 {
        self.0.occurrence.seats_taken
    }

    /// How many seats are free; null when there is room for all.
    async fn seats_left(&self) -> Option<i32> {
        let occurrence = &self.0.occurrence;
        let left = |seats: i32| (seats - occurrence.seats_taken).max(0);
        occurrence.capacity.map(left)
    }

    /// Whether it takes place.
    async fn status(&self) -> OccurrenceStatus {
        self.0.occurrence.status.into()
    }

    /// What you answered; null when you have not. Others' answers are theirs.
    async fn viewer_answer(&self) -> Option<RsvpAnswer> {
        self.0.answer.map(RsvpAnswer::from)
    }

    /// Rises with each change but those of seats.
    async fn version(&self) -> i32 {
        self.0.occurrence.version
    }
}

type Occurrences = Connection<LIST, MeetingOccurrence, OccurrencesFor>;

/// The occurrences of a kind that are there for a viewer.
struct OccurrencesFor(MemberId, Which);

impl Counted for OccurrencesFor {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0, self.1).await
    }
}

async fn page(
    ctx: &async_graphql::Context<'_>,
    which: Which,
    args: &PageArgs,
) -> GqlResult<Occurrences> {
    let viewer = ctx.member()?.member;
    let page = Page::parse(args)?;
    let rows = service::occurrences(ctx.app(), viewer, which, &page).await?;
    let cursor = |seen: &Seen| Cursor {
        key: seen.occurrence.starts_at.timestamp_micros(),
        id: seen.occurrence.id.0,
    };
    let whole = OccurrencesFor(viewer, which);
    Ok(page.connection(whole, rows, cursor, MeetingOccurrence::from))
}

/// Your meetings.
pub struct MeetingMe(pub SignedIn);

#[Object]
impl MeetingMe {
    /// The occurrences you said you are going to that take place and are not over, the soonest first.
    async fn next_meetings(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Occurrences> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(page(ctx, Which::Going, &args).await)
    }
}

/// Finding meetings.
#[derive(Default)]
pub struct MeetingQuery;

#[Object]
impl MeetingQuery {
    /// The occurrences you may come to that take place and are not over, the soonest first: those open to
    /// every member and those of your circles.
    async fn upcoming_meetings(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Occurrences> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(page(ctx, Which::Upcoming, &args).await)
    }

    /// A meeting; null when it is not there for you.
    async fn meeting(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The id of a `Meeting`.")] id: ID,
    ) -> Nullable<Meeting> {
        match MeetingId::from_global(&id) {
            Some(id) => load_meeting(ctx, id).await.transpose(),
            None => ctx.member().err().map(Err),
        }
    }

    /// One time a meeting takes place; null when it is not there for you.
    async fn occurrence(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The id of a `MeetingOccurrence`.")] id: ID,
    ) -> Nullable<MeetingOccurrence> {
        match OccurrenceId::from_global(&id) {
            Some(id) => load_occurrence(ctx, id).await.transpose(),
            None => ctx.member().err().map(Err),
        }
    }
}

async fn load_meeting(
    ctx: &async_graphql::Context<'_>,
    id: MeetingId,
) -> GqlResult<Option<Meeting>> {
    let found = load_meetings(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, meeting)| meeting))
}

async fn load_occurrence(
    ctx: &async_graphql::Context<'_>,
    id: OccurrenceId,
) -> GqlResult<Option<MeetingOccurrence>> {
    let found = load_occurrences(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, occurrence)| occurrence))
}

/// Meetings that are there for the viewer, in one statement; the others are left out.
pub async fn load_meetings(
    ctx: &async_graphql::Context<'_>,
    ids: &[MeetingId],
) -> GqlResult<Vec<(MeetingId, Meeting)>> {
    let viewer = ctx.member()?.member;
    let seen = service::by_meetings(ctx.app(), viewer, ids).await?;
    Ok(seen
        .into_iter()
        .map(|seen| (seen.meeting.id, Meeting::from(seen)))
        .collect())
}

/// Occurrences that are there for the viewer, in one statement; the others are left out.
pub async fn load_occurrences(
    ctx: &async_graphql::Context<'_>,
    ids: &[OccurrenceId],
) -> GqlResult<Vec<(OccurrenceId, MeetingOccurrence)>> {
    let viewer = ctx.member()?.member;
    let seen = service::by_occurrences(ctx.app(), viewer, ids).await?;
    Ok(seen
        .into_iter()
        .map(|seen| (seen.occurrence.id, MeetingOccurrence::from(seen)))
        .collect())
}
