//! Rows of accounts and profiles.

use entity::{
    AccountCodeId, EmailChangeId, MemberId, SessionId, account, account_code, email_change,
    handle_claim, member, member_language, member_life_context, member_topic, session,
    superseded_terms,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::Uuid;

use super::{instant, put};

#[expect(clippy::too_many_lines, reason = "a row of each table")]
pub(super) async fn put_account(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        member::Model {
            id: MemberId(id),
            handle: id.to_string(),
            handle_key: id.to_string(),
            bio: Some("Bio".into()),
            story: Some("Story".into()),
            age_band: Some(member::AgeBand::From35),
            country: "PT".into(),
            region: Some("Norte".into()),
            bio_visibility: member_topic::Visibility::Members,
            story_visibility: member_topic::Visibility::Circles,
            age_band_visibility: member_topic::Visibility::Partners,
            region_visibility: member_topic::Visibility::Private,
            life_contexts_visibility: member_topic::Visibility::Members,
            time_zone: "Europe/Lisbon".into(),
            day_start_hour: 4,
            locale: "pt-PT".into(),
            contact_modes: 3,
            reply_pace: Some(member::ReplyPace::FewDays),
            availability: 5,
            version: 1,
            created_at: instant(),
            updated_at: instant(),
            hidden_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        handle_claim::Model {
            key: id.to_string(),
            member_id: Some(MemberId(id)),
            held_until: Some(instant()),
        },
    )
    .await;
    put(
        db,
        account::Model {
            member_id: MemberId(id),
            email: id.to_string(),
            email_key: id.to_string(),
            passphrase_hash: "$argon2id$".into(),
            role: account::Role::Member,
            email_verified_at: instant(),
            adult_stated_at: instant(),
            terms_version: "1".into(),
            terms_accepted_at: instant(),
            deletion_due_at: Some(instant()),
            deletion_undone_at: Some(instant()),
            created_at: instant(),
            updated_at: instant(),
        },
    )
    .await;
    put(
        db,
        superseded_terms::Model {
            member_id: MemberId(id),
            accepted_at: instant(),
            version: "0".into(),
        },
    )
    .await;
    put(
        db,
        account_code::Model {
            id: AccountCodeId(id),
            member_id: MemberId(id),
            purpose: account_code::Purpose::ChangeEmail,
            new_email: Some("new@example.org".into()),
            request_id: Some(id),
            attempts: 0,
            created_at: instant(),
            expires_at: instant(),
            used_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        email_change::Model {
            id: EmailChangeId(id),
            member_id: MemberId(id),
            old_email_key: format!("old-{id}@example.org"),
            new_email: "Next@example.org".into(),
            confirmed_at: instant(),
            due_at: instant(),
            dropped_at: Some(instant()),
            done_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        session::Model {
            id: SessionId(id),
            member_id: MemberId(id),
            device_name: "Phone".into(),
            generation: 2,
            secret_hash: vec![0, 255, 7],
            confirmed_generation: 2,
            rotated_at: instant(),
            created_at: instant(),
            last_used_at: instant(),
            expires_at: instant(),
            revoked_at: Some(instant()),
            revoked_reason: Some(session::RevokedReason::Reused),
        },
    )
    .await;
}

pub(super) async fn put_profile(db: &DatabaseConnection, member_id: MemberId) {
    put(
        db,
        member_language::Model {
            member_id,
            tag: "pt-PT".into(),
            position: 0,
        },
    )
    .await;
    put(
        db,
        member_topic::Model {
            member_id,
            topic: "grief".into(),
            stance: member_topic::Stance::WorkingThrough,
            visibility: member_topic::Visibility::Circles,
            created_at: instant(),
        },
    )
    .await;
    put(
        db,
        member_life_context::Model {
            member_id,
            life_context: "father".into(),
        },
    )
    .await;
}
