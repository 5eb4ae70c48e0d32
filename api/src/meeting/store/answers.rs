//! Who answered what: for the services' own use, never to be shown.

use std::collections::HashSet;

use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::rsvp::{self, Answer};
use entity::{CircleId, MeetingId, MemberId, OccurrenceId, meeting};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, JoinType, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, RelationTrait as _,
};

use crate::db::Tx;

/// Those who answered, and what.
pub async fn answers(tx: &Tx, id: OccurrenceId) -> Result<Vec<(MemberId, Answer)>, DbErr> {
    rsvp::Entity::find()
        .select_only()
        .columns([rsvp::Column::MemberId, rsvp::Column::Answer])
        .filter(rsvp::Column::OccurrenceId.eq(id))
        .order_by_asc(rsvp::Column::MemberId)
        .into_tuple()
        .all(tx)
        .await
}

/// What a member answered of a circle's meetings, or of all, whether it is there for him or not.
pub async fn followed(
    db: &impl ConnectionTrait,
    member: MemberId,
    circle: Option<CircleId>,
) -> Result<Vec<(OccurrenceId, MeetingId)>, DbErr> {
    let mut query = rsvp::Entity::find()
        .inner_join(occurrence::Entity)
        .select_only()
        .column(rsvp::Column::OccurrenceId)
        .column(occurrence::Column::MeetingId)
        .filter(rsvp::Column::MemberId.eq(member));
    if let Some(circle) = circle {
        query = query
            .join(JoinType::InnerJoin, occurrence::Relation::Meeting.def())
            .filter(meeting::Column::CircleId.eq(circle));
    }
    query.into_tuple().all(db).await
}

/// Who answered which times of a meeting.
pub async fn followers(
    tx: &Tx,
    meeting: MeetingId,
) -> Result<Vec<(MemberId, OccurrenceId)>, DbErr> {
    rsvp::Entity::find()
        .inner_join(occurrence::Entity)
        .select_only()
        .columns([rsvp::Column::MemberId, rsvp::Column::OccurrenceId])
        .filter(occurrence::Column::MeetingId.eq(meeting))
        .into_tuple()
        .all(tx)
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
