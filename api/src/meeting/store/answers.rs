//! Queries of all members' answers: for the services' own use, never to be shown to members.

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

use crate::tx::Tx;

/// Selects answers, joined with their occurrences and meetings.
fn answered() -> Select<rsvp::Entity> {
    rsvp::Entity::find()
        .inner_join(occurrence::Entity)
        .join(JoinType::InnerJoin, occurrence::Relation::Meeting.def())
        .select_only()
}

/// The condition that the meeting is visible to the member who answered: it is open, or he is in its circle now.
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

/// Returns the answers to an occurrence of the members who can see the meeting. The caller has locked its circle.
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

/// Returns the occurrences that a member answered: those of `circle`, whether he can see them or not, or all that he
/// can see if `circle` is `None`.
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

/// Returns the members who answered a meeting and can see it, with the occurrences they answered. The caller has locked
/// its circle.
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

/// Returns the members who have a seat in a meeting and can see it, with the occurrences: those that are scheduled and
/// not over at `now`. The caller has locked its circle.
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

/// Returns when the given occurrences start.
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

/// Returns the given members who have a seat, with the given scheduled occurrences. The pairs are not matched: may also
/// return other combinations of the given members and occurrences.
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
