//! Rows of circles and meetings.

use entity::{
    CircleId, CircleInvitationId, MeetingChangeId, MeetingId, MemberId, OccurrenceId, RsvpId,
    circle_invitation, circle_membership, meeting, meeting_change, rsvp,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::Uuid;

use super::{instant, put};

/// Inserts a meeting of the circle.
pub async fn put_meeting(db: &DatabaseConnection, id: MeetingId, host: Option<MemberId>) {
    put(
        db,
        meeting::Model {
            id,
            circle_id: Some(CircleId(Uuid::from_u128(1))),
            host_id: host,
            title: "Before the shift".into(),
            description: "Half an hour".into(),
            format: meeting::MeetingFormat::Online,
            place: Some("Here".into()),
            join_url: Some("https://meet.example.org/1".into()),
            time_zone: "Europe/Lisbon".into(),
            version: 1,
            created_at: instant(),
        },
    )
    .await;
}

pub(super) async fn put_participation(
    db: &DatabaseConnection,
    id: Uuid,
    circle_id: CircleId,
    occurrence_id: OccurrenceId,
) {
    let member_id = MemberId(id);
    put(
        db,
        circle_invitation::Model {
            id: CircleInvitationId(id),
            circle_id,
            member_id,
            invited_by: Some(member_id),
            role: circle_membership::CircleRole::Member,
            state: circle_invitation::State::Accepted,
            at: instant(),
            expires_at: instant(),
            answered_at: Some(instant()),
            ended_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        meeting_change::Model {
            id: MeetingChangeId(id),
            meeting_id: MeetingId(Uuid::from_u128(1)),
            member_id,
            fields: "join_url,title".into(),
            at: instant(),
        },
    )
    .await;
    put(
        db,
        circle_membership::Model {
            circle_id,
            member_id,
            role: circle_membership::CircleRole::Member,
            joined_at: instant(),
        },
    )
    .await;
    put(
        db,
        rsvp::Model {
            id: RsvpId(id),
            occurrence_id,
            member_id,
            answer: rsvp::Answer::Going,
            created_at: instant(),
            updated_at: instant(),
        },
    )
    .await;
}
