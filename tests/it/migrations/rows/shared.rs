//! Rows that belong to no member.

use entity::{
    CircleId, JobId, LeaseHolder, MeetingId, OccurrenceId, SessionId, SignUpId, announced_secrets,
    circle, job, meeting_occurrence, network_member, pending_sign_up, persisted_document,
    push_tally, rate_limit, schema_step, secret_check, used_sign_up_id, zone_data,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::Uuid;

use super::{date, instant, put, put_meeting, time};

/// Inserts rows that belong to no member: a circle with its meeting, a sign-up, and the service's own rows.
#[expect(clippy::too_many_lines, reason = "a row of each table")]
pub async fn put_shared_rows(db: &DatabaseConnection) -> (CircleId, OccurrenceId) {
    let id = Uuid::from_u128(1);
    put(
        db,
        circle::Model {
            id: CircleId(id),
            name: "Night shift".into(),
            purpose: "Men who work nights".into(),
            version: 1,
            created_at: instant(),
        },
    )
    .await;
    put_meeting(db, MeetingId(id), None).await;
    put(
        db,
        meeting_occurrence::Model {
            id: OccurrenceId(id),
            meeting_id: MeetingId(id),
            local_date: date(),
            local_time: time(),
            starts_at: instant(),
            ends_at: instant(),
            capacity: Some(8),
            seats_taken: 0,
            status: meeting_occurrence::OccurrenceStatus::Scheduled,
            version: 1,
        },
    )
    .await;
    put(
        db,
        pending_sign_up::Model {
            id: SignUpId(id),
            email: "New@example.org".into(),
            email_key: "new@example.org".into(),
            passphrase_hash: "$argon2id$".into(),
            handle: "new".into(),
            time_zone: "Europe/Lisbon".into(),
            country: "PT".into(),
            locale: "pt-PT".into(),
            terms_version: "1".into(),
            adult_stated_at: instant(),
            attempts: 0,
            created_at: instant(),
            expires_at: instant(),
            session_id: Some(SessionId(id)),
            verified_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        used_sign_up_id::Model {
            id: SignUpId(id),
            address_mac: vec![0, 255, 7],
            used_at: instant(),
        },
    )
    .await;
    put(
        db,
        network_member::Model {
            network: "a hash".into(),
            who: "another".into(),
            seen_at: instant(),
        },
    )
    .await;
    put(
        db,
        rate_limit::Model {
            key: "sign_in".into(),
            full_at_us: i64::MAX,
        },
    )
    .await;
    put(
        db,
        push_tally::Model {
            minute: instant(),
            worker: LeaseHolder(id),
            accepted: 9,
            dead: 1,
        },
    )
    .await;
    put(
        db,
        schema_step::Model {
            step: "m2099_from_the_future".into(),
            runs_since: "m20261128_000010_declare_steps".into(),
        },
    )
    .await;
    put(
        db,
        announced_secrets::Model {
            purpose: secret_check::Purpose::AtRest,
            names: "0badcafe 0badbeef".into(),
            announced_at: instant(),
        },
    )
    .await;
    put(
        db,
        secret_check::Model {
            purpose: secret_check::Purpose::AtRest,
            sealed: vec![1; 40],
            sealed_at: instant(),
        },
    )
    .await;
    put(
        db,
        persisted_document::Model {
            hash: vec![7; 32],
            text: "{ serverTime }".into(),
            created_at: instant(),
            used_at: instant(),
        },
    )
    .await;
    put(
        db,
        job::Model {
            id: JobId(id),
            kind: "plan".into(),
            lane: job::Lane::Tasks,
            payload: "{}".into(),
            dedup_key: Some("once".into()),
            state: job::JobState::Ready,
            run_at: instant(),
            attempts: 0,
            lease_holder: Some(LeaseHolder(id)),
            lease_until: Some(instant()),
            last_error: Some("timeout".into()),
            request_id: Some(id),
            created_at: instant(),
        },
    )
    .await;
    put(
        db,
        zone_data::Model {
            version: "2026f".into(),
            begun_at: instant(),
            due_at: Some(instant()),
            round: 1,
            stage: zone_data::Stage::QuietHours,
            after_id: Some(id),
        },
    )
    .await;
    (CircleId(id), OccurrenceId(id))
}
