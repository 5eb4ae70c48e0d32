//! Rows of check-ins, pauses and commitments.

use entity::{
    CheckInId, CommitmentId, MemberId, PauseId, PeeringId, cadence_change, check_in,
    check_in_reminder, commitment, commitment_day, past_day_terms, pause, progress,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::Uuid;

use super::{date, instant, put, time};

pub(super) async fn put_days(db: &DatabaseConnection, id: Uuid) {
    let member_id = MemberId(id);
    put(
        db,
        check_in::Model {
            id: CheckInId(id),
            member_id,
            local_date: date(),
            time_zone: "Europe/Lisbon".into(),
            day_start_hour: 4,
            mood: Some(3),
            energy: Some(2),
            emotions: Some("tired hopeful".into()),
            note: Some(vec![1, 0, 255]),
            kept_word: Some(check_in::KeptWord::Partly),
            wants_a_word: true,
            visibility: check_in::Visibility::Circle,
            created_at: instant(),
            updated_at: instant(),
            counts: false,
            sent: Some(vec![7; 32]),
            taken_back_at: Some(instant()),
            words_deleted_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        progress::Model {
            member_id,
            settled_through: Some(date()),
            days_shown_up: 1,
            last_check_in: Some(date()),
            current_run: 1,
            longest_run: 1,
            returns: 0,
            reserve_days: 1,
            recent_days: "C".into(),
            updated_at: instant(),
        },
    )
    .await;
    put(
        db,
        past_day_terms::Model {
            member_id,
            until: instant(),
            until_date: date(),
            time_zone: "Atlantic/Azores".into(),
            day_start_hour: 5,
        },
    )
    .await;
    put(
        db,
        cadence_change::Model {
            member_id,
            from_date: date(),
            weekdays: 21,
        },
    )
    .await;
    put(
        db,
        pause::Model {
            id: PauseId(id),
            member_id,
            first_date: date(),
            last_date: date(),
            asked_last_date: date(),
            asked_first_date: Some(date()),
            created_at: instant(),
        },
    )
    .await;
    put(
        db,
        check_in_reminder::Model {
            member_id,
            local_time: time(),
            enabled: true,
            next_due_at: Some(instant()),
            ignored: 2,
            ignored_since: Some(date()),
        },
    )
    .await;
}

pub(super) async fn put_commitment(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        commitment::Model {
            id: CommitmentId(id),
            member_id: MemberId(id),
            words: vec![1, 0, 255],
            due_on: Some(date()),
            weekdays: Some(127),
            starts_on: date(),
            peering_id: Some(PeeringId(id)),
            seen_since: Some(date()),
            next_ask_on: Some(date()),
            next_ask_at: Some(instant()),
            version: 2,
            created_at: instant(),
            ended_on: Some(date()),
            ended_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        commitment_day::Model {
            commitment_id: CommitmentId(id),
            due_on: date(),
            answer: Some(commitment_day::Answer::NotThisTime),
            answered_at: Some(instant()),
            carried_to: Some(date()),
        },
    )
    .await;
}
