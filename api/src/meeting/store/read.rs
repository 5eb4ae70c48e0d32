//! Queries of meetings and occurrences that are visible to a viewer.

use chrono::{DateTime, Utc};
use entity::account::Role;
use entity::circle_membership::CircleRole;
use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::rsvp::{self, Answer};
use entity::{
    CircleId, MeetingId, MemberId, OccurrenceId, account, circle_membership, meeting, member,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoTableRef as _, LockType, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult,
    IdenStatic as _, Iterable as _, JoinType, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QueryResult, QuerySelect as _, RelationTrait as _, Select,
};

use crate::meeting::model::{LONGEST, MeetingAccess};
use crate::page::{Cursor, Page};
use crate::tx::{Rank, Tx};
use crate::visibility::takes_part;

/// Identifies the cursors of every list of occurrences: all have the same order.
pub const LIST: u8 = 7;

/// An occurrence and its meeting, as one viewer sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccurrenceView {
    /// The occurrence.
    pub occurrence: occurrence::Model,
    /// The meeting.
    pub meeting: meeting::Model,
    /// The viewer's answer; `None` if he has not answered.
    pub answer: Option<Answer>,
    /// Whether the viewer may change the meeting and call it off.
    pub runs: bool,
    /// When the viewer's account was created.
    pub account_made_at: Option<DateTime<Utc>>,
}

impl OccurrenceView {
    /// Whether the viewer sees the place and the link.
    pub fn is_let_in(&self) -> bool {
        self.runs || self.answer == Some(Answer::Going)
    }
}

struct Row {
    occurrence: occurrence::Model,
    meeting: meeting::Model,
    answer: Option<Answer>,
    role: Option<Role>,
    account_made_at: Option<DateTime<Utc>>,
    in_circle: Option<CircleRole>,
}

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self {
            occurrence: occurrence::Model::from_query_result(row, "occurrence_")?,
            meeting: meeting::Model::from_query_result(row, "meeting_")?,
            answer: row.try_get("", "answer")?,
            role: row.try_get("", "account_role")?,
            account_made_at: row.try_get("", "account_made_at")?,
            in_circle: row.try_get("", "circle_role")?,
        })
    }
}

impl Row {
    fn seen_by(self, viewer: MemberId) -> OccurrenceView {
        let access = MeetingAccess {
            role: self.role.unwrap_or(Role::Member),
            of_circle: self.meeting.circle_id.is_some(),
            in_circle: self.in_circle,
        };
        OccurrenceView {
            runs: access.changes(self.meeting.host_id.map(|host| host == viewer)),
            occurrence: self.occurrence,
            meeting: self.meeting,
            answer: self.answer,
            account_made_at: self.account_made_at,
        }
    }
}

/// The occurrences that a list holds.
#[derive(Clone, Copy, Debug)]
pub enum OccurrenceFilter {
    /// All that are scheduled and not over.
    Upcoming,
    /// Those of them to which the viewer is going.
    Going,
    /// All of one meeting.
    Of(MeetingId),
}

/// Selects the occurrences that are visible to a viewer, with his answers, his roles and the age of his account.
fn visible_to(viewer: MemberId) -> Select<occurrence::Entity> {
    let mut query = occurrence::Entity::find().select_only();
    for column in occurrence::Column::iter() {
        query = query.column_as(column, format!("occurrence_{}", column.as_str()));
    }
    for column in meeting::Column::iter() {
        query = query.column_as(column, format!("meeting_{}", column.as_str()));
    }
    let mut query = query
        .column_as(rsvp::Column::Answer, "answer")
        .column_as(account::Column::Role, "account_role")
        .column_as(account::Column::CreatedAt, "account_made_at")
        .column_as(circle_membership::Column::Role, "circle_role")
        .join(JoinType::InnerJoin, occurrence::Relation::Meeting.def());
    let on_viewer = |column: SimpleExpr| column.eq(viewer);
    sea_orm::QueryTrait::query(&mut query)
        .join(
            JoinType::LeftJoin,
            rsvp::Entity,
            Expr::col((rsvp::Entity, rsvp::Column::OccurrenceId))
                .equals((occurrence::Entity, occurrence::Column::Id))
                .and(on_viewer(Expr::col((rsvp::Entity, rsvp::Column::MemberId)))),
        )
        .join(
            JoinType::LeftJoin,
            account::Entity,
            on_viewer(Expr::col((account::Entity, account::Column::MemberId))),
        )
        .join(
            JoinType::LeftJoin,
            circle_membership::Entity,
            Expr::col((
                circle_membership::Entity,
                circle_membership::Column::CircleId,
            ))
            .equals((meeting::Entity, meeting::Column::CircleId))
            .and(on_viewer(Expr::col((
                circle_membership::Entity,
                circle_membership::Column::MemberId,
            )))),
        );
    query.filter(takes_part(Expr::val(viewer))).filter(
        Condition::any()
            .add(meeting::Column::CircleId.is_null())
            .add(circle_membership::Column::MemberId.is_not_null()),
    )
}

async fn all(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    query: Select<occurrence::Entity>,
) -> Result<Vec<OccurrenceView>, DbErr> {
    let rows = query.into_model::<Row>().all(db).await?;
    Ok(rows.into_iter().map(|row| row.seen_by(viewer)).collect())
}

/// Finds an occurrence, or `None` if it is not visible to the viewer.
pub async fn by_occurrence(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    id: OccurrenceId,
) -> Result<Option<OccurrenceView>, DbErr> {
    Ok(by_occurrences(db, viewer, &[id]).await?.pop())
}

/// Fetches the given occurrences that are visible to the viewer, in no particular order.
pub async fn by_occurrences(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    ids: &[OccurrenceId],
) -> Result<Vec<OccurrenceView>, DbErr> {
    let query = visible_to(viewer).filter(occurrence::Column::Id.is_in(ids.iter().copied()));
    all(db, viewer, query).await
}

/// As [`by_occurrence`], to answer it. Locks the meeting and the viewer `FOR SHARE`: nobody can change the meeting
/// without notifying this viewer, and the viewer cannot be hidden, which gives his seats back, until the transaction
/// ends.
pub async fn to_answer(
    tx: &Tx,
    viewer: MemberId,
    id: OccurrenceId,
) -> Result<Option<OccurrenceView>, DbErr> {
    tx.lock(Rank::Meeting);
    let mut query = visible_to(viewer).filter(occurrence::Column::Id.eq(id));
    let himself = Expr::col((member::Entity, member::Column::Id)).eq(viewer);
    sea_orm::QueryTrait::query(&mut query)
        .join(JoinType::InnerJoin, member::Entity, himself)
        .and_where(Expr::col((member::Entity, member::Column::HiddenAt)).is_null())
        .lock_with_tables(
            LockType::Share,
            [
                meeting::Entity.into_table_ref(),
                member::Entity.into_table_ref(),
            ],
        );
    Ok(all(tx, viewer, query).await?.pop())
}

/// As [`by_occurrence`], to change it. Locks the meeting `FOR NO KEY UPDATE`: nobody can answer it until the
/// transaction ends.
pub async fn to_change(
    tx: &Tx,
    viewer: MemberId,
    id: OccurrenceId,
) -> Result<Option<OccurrenceView>, DbErr> {
    tx.lock(Rank::Meeting);
    let mut query = visible_to(viewer).filter(occurrence::Column::Id.eq(id));
    sea_orm::QueryTrait::query(&mut query)
        .lock_with_tables(LockType::NoKeyUpdate, [meeting::Entity]);
    Ok(all(tx, viewer, query).await?.pop())
}

/// Finds a meeting with its first occurrence, or `None` if it is not visible to the viewer.
pub async fn by_meeting(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    id: MeetingId,
) -> Result<Option<OccurrenceView>, DbErr> {
    Ok(by_meetings(db, viewer, &[id]).await?.pop())
}

/// Fetches the given meetings that are visible to the viewer, each with its first occurrence, in no particular order.
pub async fn by_meetings(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    ids: &[MeetingId],
) -> Result<Vec<OccurrenceView>, DbErr> {
    let place = |table: &'static str| {
        let column = |column: occurrence::Column| Expr::col((table, column));
        Expr::tuple([
            column(occurrence::Column::StartsAt),
            column(occurrence::Column::Id),
        ])
    };
    // Of each meeting, keeps the occurrence that no other precedes.
    let earlier = Query::select()
        .expr(Expr::val(1))
        .from_as(occurrence::Entity, "earlier")
        .and_where(
            Expr::col(("earlier", occurrence::Column::MeetingId))
                .equals((occurrence::Entity, occurrence::Column::MeetingId)),
        )
        .and_where(place("earlier").lt(place("meeting_occurrence")))
        .take();
    let query = visible_to(viewer)
        .filter(meeting::Column::Id.is_in(ids.iter().copied()))
        .filter(Expr::exists(earlier).not());
    all(db, viewer, query).await
}

/// Selects a list of occurrences that are visible to a viewer, without an order.
fn listed(
    viewer: MemberId,
    filter: OccurrenceFilter,
    now: DateTime<Utc>,
) -> Select<occurrence::Entity> {
    let query = match filter {
        OccurrenceFilter::Of(id) => return visible_to(viewer).filter(meeting::Column::Id.eq(id)),
        OccurrenceFilter::Upcoming | OccurrenceFilter::Going => visible_to(viewer)
            .filter(occurrence::Column::Status.eq(OccurrenceStatus::Scheduled))
            .filter(occurrence::Column::EndsAt.gt(now))
            // Implied by the line above, and lets the database use the index on the start.
            .filter(occurrence::Column::StartsAt.gt(now - LONGEST)),
    };
    match filter {
        OccurrenceFilter::Going => query.filter(rsvp::Column::Answer.eq(Answer::Going)),
        OccurrenceFilter::Upcoming | OccurrenceFilter::Of(_) => query,
    }
}

/// Counts the occurrences of a list.
pub async fn count(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    filter: OccurrenceFilter,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    listed(viewer, filter, now).count(db).await
}

/// Fetches up to `limit + 1` occurrences of a list, the soonest first; in reverse for a backward page.
pub async fn page(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    filter: OccurrenceFilter,
    now: DateTime<Utc>,
    page: &Page<LIST>,
) -> Result<Vec<OccurrenceView>, DbErr> {
    let place = || {
        Expr::tuple([
            Expr::col((occurrence::Entity, occurrence::Column::StartsAt)),
            Expr::col((occurrence::Entity, occurrence::Column::Id)),
        ])
    };
    let mut query = listed(viewer, filter, now);
    if let Some(after) = page.after.and_then(place_of) {
        query = query.filter(place().gt(after));
    }
    if let Some(before) = page.before.and_then(place_of) {
        query = query.filter(place().lt(before));
    }
    let order = if page.backward {
        sea_orm::Order::Desc
    } else {
        sea_orm::Order::Asc
    };
    let rows = query
        .order_by(occurrence::Column::StartsAt, order.clone())
        .order_by(occurrence::Column::Id, order)
        .limit(page.limit + 1)
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.seen_by(viewer)).collect())
}

fn place_of(cursor: Cursor<LIST>) -> Option<SimpleExpr> {
    let starts_at = DateTime::from_timestamp_micros(cursor.key)?;
    Some(Expr::tuple([
        Expr::value(starts_at),
        Expr::value(cursor.id),
    ]))
}

/// Returns a member's role in a circle, or `None` if he is not in it, or is hidden.
pub async fn circle_role(
    db: &impl ConnectionTrait,
    member: MemberId,
    circle: CircleId,
) -> Result<Option<CircleRole>, DbErr> {
    circle_membership::Entity::find_by_id((circle, member))
        .select_only()
        .column(circle_membership::Column::Role)
        .filter(takes_part(Expr::val(member)))
        .into_tuple()
        .one(db)
        .await
}
