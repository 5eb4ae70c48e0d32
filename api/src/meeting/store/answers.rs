//! Who answered what: for the services' own use, never to be shown.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::rsvp::{self, Answer};
use entity::{CircleId, MeetingId, MemberId, OccurrenceId, circle_membership, meeting};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, JoinType,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, RelationTrait as _, Select,
};

use crate::db::Tx;

/// Answers with their occurrences and meetings.
fn answered() -> Select<rsvp::Entity> {
    rsvp::Entity::find()
        .inner_join(occurrence::Entity)
        .join(JoinType::InnerJoin, occurrence::Relation::Meeting.def())
        .select_only()
}

/// That the meeting is there for who answered: of a circle's, for those who are in it now.
fn there() -> Condition {
    let column = |column| Expr::col((circle_membership::Entity, column));
    let in_circle = Query::select()
        .expr(Expr::val(1))
        .from(circle_membership::Entity)
        .and_where(
            column(circle_membership::Column::CircleId)
                .equals((meeting::Entity, meeting::Column::CircleId)),
        )
        .and_where(
            column(circle_membership::Column::MemberId)
                .equals((rsvp::Entity, rsvp::Column::MemberId)),
        )
        .take();
    Condition::any()
        .add(meeting::Column::CircleId.is_null())
        .add(Expr::exists(in_circle))
}

/// Those who answered, and what, for whom the meeting is there. Its circle is held by the caller.
pub async fn answers(tx: &Tx, id: OccurrenceId) -> Result<Vec<(MemberId, Answer)>, DbErr> {
    answered()
        .filter(there())
        .columns([rsvp::Column::MemberId, rsvp::Column::Answer])
        .filter(rsvp::Column::OccurrenceId.eq(id))
        .order_by_asc(rsvp::Column::MemberId)
        .into_tuple()
        .all(tx)
        .await
}

/// What a member answered: of a circle's meetings, whether they are there for him or not; without one, of all that
/// are there for him.
pub async fn followed(
    db: &impl ConnectionTrait,
    member: MemberId,
    circle: Option<CircleId>,
) -> Result<Vec<(OccurrenceId, MeetingId)>, DbErr> {
    let query = answered()
        .column(rsvp::Column::OccurrenceId)
        .column(occurrence::Column::MeetingId)
        .filter(rsvp::Column::MemberId.eq(member));
    let query = match circle {
        Some(circle) => query.filter(meeting::Column::CircleId.eq(circle)),
        None => query.filter(there()),
    };
    query.into_tuple().all(db).await
}

/// Who answered which times of a meeting, of those for whom it is there. Its circle is held by the caller.
pub async fn followers(
    tx: &Tx,
    meeting: MeetingId,
) -> Result<Vec<(MemberId, OccurrenceId)>, DbErr> {
    answered()
        .filter(there())
        .columns([rsvp::Column::MemberId, rsvp::Column::OccurrenceId])
        .filter(occurrence::Column::MeetingId.eq(meeting))
        .into_tuple()
        .all(tx)
        .await
}

/// Who has a seat in the times of a meeting that take place and are not over at `now`, of those for whom it is there; and
/// the times. Its circle is held by the caller.
pub async fn going(
    tx: &Tx,
    meeting: MeetingId,
    now: DateTime<Utc>,
) -> Result<Vec<(MemberId, occurrence::Model)>, DbErr> {
    let times = occurrence::Entity::find()
        .filter(occurrence::Column::MeetingId.eq(meeting))
        .filter(occurrence::Column::Status.eq(OccurrenceStatus::Scheduled))
        .filter(occurrence::Column::EndsAt.gt(now))
        .all(tx)
        .await?;
    let times: HashMap<OccurrenceId, occurrence::Model> =
        times.into_iter().map(|row| (row.id, row)).collect();
    let seats: Vec<(MemberId, OccurrenceId)> = answered()
        .filter(there())
        .columns([rsvp::Column::MemberId, rsvp::Column::OccurrenceId])
        .filter(rsvp::Column::OccurrenceId.is_in(times.keys().copied()))
        .filter(rsvp::Column::Answer.eq(Answer::Going))
        .order_by_asc(rsvp::Column::MemberId)
        .into_tuple()
        .all(tx)
        .await?;
    let with_time = seats
        .into_iter()
        .filter_map(|(member, id)| Some((member, times.get(&id)?.clone())));
    Ok(with_time.collect())
}

/// When these occurrences start.
pub async fn starts_of(
    db: &impl ConnectionTrait,
    ids: &[OccurrenceId],
) -> Result<Vec<(OccurrenceId, DateTime<Utc>)>, DbErr> {
    occurrence::Entity::find()
        .select_only()
        .columns([occurrence::Column::Id, occurrence::Column::StartsAt])
        .filter(occurrence::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// Which of these members have a seat, of these occurrences those that take place: every pair of the two that
/// holds.
pub async fn seats(
    db: &impl ConnectionTrait,
    members: HashSet<MemberId>,
    occurrences: HashSet<OccurrenceId>,
) -> Result<Vec<(MemberId, OccurrenceId)>, DbErr> {
    rsvp::Entity::find()
        .inner_join(occurrence::Entity)
        .select_only()
        .columns([rsvp::Column::MemberId, rsvp::Column::OccurrenceId])
        .filter(rsvp::Column::OccurrenceId.is_in(occurrences))
        .filter(rsvp::Column::MemberId.is_in(members))
        .filter(rsvp::Column::Answer.eq(Answer::Going))
        .filter(occurrence::Column::Status.eq(OccurrenceStatus::Scheduled))
        .into_tuple()
        .all(db)
        .await
}
