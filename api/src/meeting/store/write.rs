//! Updates of meetings, occurrences and answers. Each statement checks its own conditions, so that it is correct under
//! concurrent writes.

use chrono::{DateTime, Utc};
use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::rsvp::{self, Answer};
use entity::{
    CircleId, MeetingId, MemberId, OccurrenceId, RsvpId, circle, circle_membership, meeting,
    meeting_change,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, IntoActiveModel as _, JoinType,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, RelationTrait as _,
    Select,
};

use crate::tx::{Rank, Tx};

/// Inserts a meeting and its occurrence. Returns false, and changes nothing, if the meeting's id is taken.
pub async fn insert(
    tx: &Tx,
    meeting: &meeting::Model,
    occurrence: &occurrence::Model,
) -> Result<bool, DbErr> {
    let made = meeting::Entity::insert(meeting.clone().into_active_model())
        .on_conflict(
            OnConflict::column(meeting::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    if made == 0 {
        return Ok(false);
    }
    occurrence::Entity::insert(occurrence.clone().into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(true)
}

/// Updates a meeting's texts. Returns false if the meeting is not at `version`.
pub async fn update(tx: &Tx, to: &meeting::Model, version: i32) -> Result<bool, DbErr> {
    use meeting::Column;
    let written = meeting::Entity::update_many()
        .col_expr(Column::Title, Expr::value(to.title.clone()))
        .col_expr(Column::Description, Expr::value(to.description.clone()))
        .col_expr(Column::Place, Expr::value(to.place.clone()))
        .col_expr(Column::JoinUrl, Expr::value(to.join_url.clone()))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::Id.eq(to.id))
        .filter(Column::Version.eq(version))
        .exec(tx)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Sets the number of seats of an occurrence, `None` for no limit. Returns false if more are taken.
pub async fn set_capacity(tx: &Tx, id: OccurrenceId, capacity: Option<i32>) -> Result<bool, DbErr> {
    use occurrence::Column;
    let mut update = occurrence::Entity::update_many()
        .col_expr(Column::Capacity, Expr::value(capacity))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id));
    if let Some(capacity) = capacity {
        update = update.filter(Column::SeatsTaken.lte(capacity));
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Calls an occurrence off. Returns `None` if it was called off before, or is over.
pub async fn cancel(
    tx: &Tx,
    id: OccurrenceId,
    now: DateTime<Utc>,
) -> Result<Option<occurrence::Model>, DbErr> {
    use occurrence::Column;
    let written = occurrence::Entity::update_many()
        .col_expr(Column::Status, Expr::value(OccurrenceStatus::Cancelled))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(OccurrenceStatus::Scheduled))
        .filter(Column::EndsAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(written.into_iter().next())
}

/// Fetches up to `limit` occurrences with ids above `after` that start after `since`, in the order of their ids, each
/// with the zone of its meeting.
pub async fn times_behind(
    tx: &Tx,
    after: OccurrenceId,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<(occurrence::Model, String)>, DbErr> {
    use occurrence::Column;
    let found = occurrence::Entity::find()
        .find_also_related(meeting::Entity)
        .filter(Column::StartsAt.gt(since))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit);
    let found = found.all(tx).await?.into_iter();
    let with_zone = found.filter_map(|(row, meeting)| Some((row, meeting?.time_zone)));
    Ok(with_zone.collect())
}

/// Moves an occurrence to another start and end. Returns `None` if it was moved meanwhile.
pub async fn move_to(
    tx: &Tx,
    row: &occurrence::Model,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<occurrence::Model>, DbErr> {
    use occurrence::Column;
    let written = occurrence::Entity::update_many()
        .col_expr(Column::StartsAt, Expr::value(starts_at))
        .col_expr(Column::EndsAt, Expr::value(ends_at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(row.id))
        .filter(Column::StartsAt.eq(row.starts_at))
        .exec_with_returning(tx)
        .await?;
    Ok(written.into_iter().next())
}

/// Locks the circle of a meeting `FOR SHARE`, if it has one: the circle's members cannot change until the transaction
/// ends. Lock it before the meeting: a change of a circle's members locks the circle, and then the meetings that the
/// member answered.
pub async fn lock_circle(tx: &Tx, id: MeetingId) -> Result<(), DbErr> {
    lock_circle_of(tx, meeting::Entity::find_by_id(id)).await
}

/// As [`lock_circle`], for the meeting of an occurrence.
pub async fn lock_circle_of_occurrence(tx: &Tx, id: OccurrenceId) -> Result<(), DbErr> {
    let of = meeting::Entity::find()
        .join_rev(JoinType::InnerJoin, occurrence::Relation::Meeting.def())
        .filter(occurrence::Column::Id.eq(id));
    lock_circle_of(tx, of).await
}

async fn lock_circle_of(tx: &Tx, meeting: Select<meeting::Entity>) -> Result<(), DbErr> {
    tx.lock(Rank::Circle);
    let of = meeting.select_only().column(meeting::Column::CircleId);
    let _: Option<CircleId> = circle::Entity::find()
        .select_only()
        .column(circle::Column::Id)
        .filter(circle::Column::Id.in_subquery(of.into_query()))
        .lock_shared()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(())
}

/// Locks a membership `FOR SHARE`: the member stays in the circle until the transaction ends. Returns false if he is
/// not in it.
pub async fn lock_membership(tx: &Tx, circle: CircleId, member: MemberId) -> Result<bool, DbErr> {
    tx.lock(Rank::Meeting);
    let held: Option<MemberId> = circle_membership::Entity::find_by_id((circle, member))
        .select_only()
        .column(circle_membership::Column::MemberId)
        .lock_shared()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(held.is_some())
}

/// What writing an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is the first answer.
    First,
    /// It replaced the other answer.
    Other,
    /// The same answer was stored already.
    Same,
}

/// Writes a member's answer. The row is locked until the transaction ends, so that of two concurrent answers of his the
/// second sees the first.
pub async fn answer(tx: &Tx, row: &rsvp::Model) -> Result<Written, DbErr> {
    use rsvp::Column;
    let other = OnConflict::columns([Column::OccurrenceId, Column::MemberId])
        .update_columns([Column::Answer, Column::UpdatedAt])
        .action_and_where(Expr::col((rsvp::Entity, Column::Answer)).ne(row.answer))
        .to_owned();
    let fresh: RsvpId = row.id;
    let written = rsvp::Entity::insert(row.clone().into_active_model())
        .on_conflict(other)
        .exec_with_returning(tx)
        .await;
    match written {
        Ok(row) if row.id == fresh => Ok(Written::First),
        Ok(_) => Ok(Written::Other),
        Err(DbErr::RecordNotInserted | DbErr::RecordNotFound(_)) => Ok(Written::Same),
        Err(fault) => Err(fault),
    }
}

/// Takes a seat, or returns `None` if every seat is taken, or the occurrence was called off or has started. One guarded
/// statement, so that the last seat goes to one member only.
pub async fn take_seat(
    tx: &Tx,
    id: OccurrenceId,
    now: DateTime<Utc>,
) -> Result<Option<occurrence::Model>, DbErr> {
    use occurrence::Column;
    let free = Condition::any()
        .add(Column::Capacity.is_null())
        .add(Expr::col(Column::SeatsTaken).lt(Expr::col(Column::Capacity)));
    let written = occurrence::Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(OccurrenceStatus::Scheduled))
        .filter(Column::StartsAt.gt(now))
        .filter(free)
        .exec_with_returning(tx)
        .await?;
    Ok(written.into_iter().next())
}

/// Gives a seat back, or returns `None` if none was taken.
pub async fn free_seat(tx: &Tx, id: OccurrenceId) -> Result<Option<occurrence::Model>, DbErr> {
    use occurrence::Column;
    let written = occurrence::Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).sub(1))
        .filter(Column::Id.eq(id))
        .filter(Column::SeatsTaken.gt(0))
        .exec_with_returning(tx)
        .await?;
    Ok(written.into_iter().next())
}

/// Records who changed a meeting. Such a row is never changed.
pub async fn record_change(tx: &Tx, change: meeting_change::Model) -> Result<(), DbErr> {
    meeting_change::Entity::insert(change.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Removes a member as the host of all his meetings.
pub async fn release_hosted(tx: &Tx, host: MemberId) -> Result<(), DbErr> {
    use meeting::Column;
    meeting::Entity::update_many()
        .col_expr(Column::HostId, Expr::value(None::<MemberId>))
        .filter(Column::HostId.eq(host))
        .exec(tx)
        .await?;
    Ok(())
}

/// Which of a member's seats to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// All, also in meetings that have started.
    All,
    /// Those of meetings that have not started.
    Upcoming,
    /// Those of a circle's meetings that have not started.
    Of(CircleId),
}

/// Changes a member's answers with these seats to `NotGoing`. Returns their occurrences, whose counts of seats the
/// caller reduces.
pub async fn leave_all(
    tx: &Tx,
    member: MemberId,
    which: Seats,
    now: DateTime<Utc>,
) -> Result<Vec<OccurrenceId>, DbErr> {
    let mut update = rsvp::Entity::update_many()
        .col_expr(rsvp::Column::Answer, Expr::value(Answer::NotGoing))
        .col_expr(rsvp::Column::UpdatedAt, Expr::value(now))
        .filter(rsvp::Column::MemberId.eq(member))
        .filter(rsvp::Column::Answer.eq(Answer::Going));
    if which != Seats::All {
        let mut upcoming = occurrence::Entity::find()
            .select_only()
            .column(occurrence::Column::Id)
            .inner_join(meeting::Entity)
            .filter(occurrence::Column::StartsAt.gt(now));
        if let Seats::Of(circle) = which {
            upcoming = upcoming.filter(meeting::Column::CircleId.eq(circle));
        }
        update = update.filter(rsvp::Column::OccurrenceId.in_subquery(upcoming.into_query()));
    }
    let mut left: Vec<OccurrenceId> = update
        .exec_with_returning(tx)
        .await?
        .into_iter()
        .map(|row| row.occurrence_id)
        .collect();
    // Every transaction locks several occurrences in this order, so that none deadlock.
    left.sort_unstable();
    Ok(left)
}
