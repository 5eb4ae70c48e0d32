//! Meetings and occurrences in the GraphQL schema, and the queries of them.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};
use entity::{CircleId, MeetingId, MemberId, OccurrenceId};
use macros::page_args;

use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::{Date, DateTime, LocalTime, TimeZone, Url};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::meeting::service::{self, LIST, OccurrenceFilter, OccurrenceView};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::schema::circle::Circle;
use crate::schema::edges;
use crate::viewer::SignedIn;

/// Whether a meeting takes place online, at a place, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::meeting::MeetingFormat")]
pub enum MeetingFormat {
    /// Online, by a link.
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
    /// It takes place.
    Scheduled,
    /// It was called off.
    Cancelled,
}

/// An answer to "are you coming?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::rsvp::Answer")]
pub enum RsvpAnswer {
    /// Yes: you have a seat.
    Going,
    /// No.
    NotGoing,
}

/// A meeting. Its occurrences say when it takes place.
#[derive(Clone, Debug)]
pub struct Meeting(Arc<OccurrenceView>);

impl From<OccurrenceView> for Meeting {
    fn from(view: OccurrenceView) -> Self {
        Self(Arc::new(view))
    }
}

/// A meeting. Its occurrences say when it takes place.
#[page_args]
#[Object]
impl Meeting {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.meeting.id.global()
    }

    /// Its title: one line of up to 120 characters.
    async fn title(&self) -> &str {
        &self.0.meeting.title
    }

    /// Its description: up to 4,000 characters. May be blank.
    async fn description(&self) -> &str {
        &self.0.meeting.description
    }

    /// Whether it takes place online, at a place, or both.
    async fn format(&self) -> MeetingFormat {
        self.0.meeting.format.into()
    }

    /// The circle it belongs to. Null if it is open to every member, or you cannot see the circle.
    async fn circle(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Circle> {
        edges::circle(ctx, self.0.meeting.circle_id?).await
    }

    /// The id of the `Circle` it belongs to; null if it is open to every member.
    #[graphql(deprecation = "Use `circle`. Since 2026-11-27.")]
    async fn circle_id(&self) -> Option<ID> {
        self.0.meeting.circle_id.map(CircleId::global)
    }

    /// The time zone of its local dates and times.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.meeting.time_zone)?)
    }

    /// The place, in words. Null if there is none, or you are neither going nor can change the meeting.
    async fn place(&self) -> Option<&str> {
        let place = self.0.meeting.place.as_deref();
        place.filter(|_| self.0.is_let_in())
    }

    /// The link to join by, HTTPS. Null if there is none, or you are neither going nor can change the meeting.
    async fn join_url(&self) -> Nullable<Url> {
        let link = self.0.meeting.join_url.as_deref();
        let link = link.filter(|_| self.0.is_let_in())?;
        Some(Url::stored(link).map_err(GqlError::from))
    }

    /// Whether you can change it and call it off.
    async fn viewer_runs(&self) -> bool {
        self.0.runs
    }

    /// Rises by one with each change. Send it as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.meeting.version
    }

    /// Its occurrences, the soonest first.
    async fn occurrences(
        &self,
        ctx: &async_graphql::Context<'_>,
        args: PageArgs,
    ) -> Nullable<Occurrences> {
        Some(page(ctx, OccurrenceFilter::Of(self.0.meeting.id), &args).await)
    }
}

/// An occurrence of a meeting: one time at which it takes place.
#[derive(Clone, Debug)]
pub struct MeetingOccurrence(Arc<OccurrenceView>);

impl From<OccurrenceView> for MeetingOccurrence {
    fn from(view: OccurrenceView) -> Self {
        Self(Arc::new(view))
    }
}

/// An occurrence of a meeting: one time at which it takes place.
#[Object]
impl MeetingOccurrence {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.occurrence.id.global()
    }

    /// The meeting.
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

    /// The wall-clock time it starts, in `timeZone`.
    async fn local_time(&self) -> LocalTime {
        LocalTime(self.0.occurrence.local_time)
    }

    /// The time zone of `localDate` and `localTime`.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.meeting.time_zone)?)
    }

    /// How many seats there are; null if there is no limit.
    async fn capacity(&self) -> Option<i32> {
        self.0.occurrence.capacity
    }

    /// How many members are going.
    async fn seats_taken(&self) -> i32 {
        self.0.occurrence.seats_taken
    }

    /// How many seats are free; null if there is no limit.
    async fn seats_left(&self) -> Option<i32> {
        let occurrence = &self.0.occurrence;
        let left = |seats: i32| (seats - occurrence.seats_taken).max(0);
        occurrence.capacity.map(left)
    }

    /// Whether it takes place or was called off.
    async fn status(&self) -> OccurrenceStatus {
        self.0.occurrence.status.into()
    }

    /// Your answer; null if you have not answered. You cannot see others' answers.
    async fn viewer_answer(&self) -> Option<RsvpAnswer> {
        self.0.answer.map(RsvpAnswer::from)
    }

    /// Rises by one with each change, except for changes of the seats that are taken.
    async fn version(&self) -> i32 {
        self.0.occurrence.version
    }
}

type Occurrences = Connection<LIST, MeetingOccurrence, OccurrencesFor>;

/// Counts the occurrences of a list that are visible to a viewer.
struct OccurrencesFor(MemberId, OccurrenceFilter);

impl Counted for OccurrencesFor {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0, self.1).await
    }
}

async fn page(
    ctx: &async_graphql::Context<'_>,
    filter: OccurrenceFilter,
    args: &PageArgs,
) -> GqlResult<Occurrences> {
    let viewer = ctx.member()?.member;
    let page = Page::parse(args)?;
    let rows = service::occurrences(ctx.app(), viewer, filter, &page).await?;
    let cursor = |view: &OccurrenceView| Cursor {
        key: view.occurrence.starts_at.timestamp_micros(),
        id: view.occurrence.id.0,
    };
    let whole = OccurrencesFor(viewer, filter);
    Ok(page.connection(whole, rows, cursor, MeetingOccurrence::from))
}

/// The fields of [`Me`](crate::schema::Me) that are about meetings.
pub struct MeetingMe(pub SignedIn);

#[page_args]
#[Object]
impl MeetingMe {
    /// The occurrences to which you are going and that are not over, the soonest first. Leaves out those that were
    /// called off.
    async fn next_meetings(
        &self,
        ctx: &async_graphql::Context<'_>,
        args: PageArgs,
    ) -> Nullable<Occurrences> {
        Some(page(ctx, OccurrenceFilter::Going, &args).await)
    }
}

/// The queries of meetings.
#[derive(Default)]
pub struct MeetingQuery;

#[page_args]
#[Object]
impl MeetingQuery {
    /// The occurrences that are visible to you and not over, the soonest first: those open to every member, and those
    /// of your circles. Leaves out those that were called off.
    async fn upcoming_meetings(
        &self,
        ctx: &async_graphql::Context<'_>,
        args: PageArgs,
    ) -> Nullable<Occurrences> {
        Some(page(ctx, OccurrenceFilter::Upcoming, &args).await)
    }

    /// A meeting; null if no such meeting is visible to you.
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

    /// An occurrence of a meeting; null if no such occurrence is visible to you.
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

/// Loads the given meetings that are visible to the viewer. One statement.
pub async fn load_meetings(
    ctx: &async_graphql::Context<'_>,
    ids: &[MeetingId],
) -> GqlResult<Vec<(MeetingId, Meeting)>> {
    let viewer = ctx.member()?.member;
    let found = service::by_meetings(ctx.app(), viewer, ids).await?;
    Ok(found
        .into_iter()
        .map(|view| (view.meeting.id, Meeting::from(view)))
        .collect())
}

/// Loads the given occurrences that are visible to the viewer. One statement.
pub async fn load_occurrences(
    ctx: &async_graphql::Context<'_>,
    ids: &[OccurrenceId],
) -> GqlResult<Vec<(OccurrenceId, MeetingOccurrence)>> {
    let viewer = ctx.member()?.member;
    let found = service::by_occurrences(ctx.app(), viewer, ids).await?;
    Ok(found
        .into_iter()
        .map(|view| (view.occurrence.id, MeetingOccurrence::from(view)))
        .collect())
}
