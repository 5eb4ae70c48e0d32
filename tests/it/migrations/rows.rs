//! A row in every table.

use std::fmt::Debug;

use entity::{
    AccountCodeId, CheckInId, CircleId, CircleInvitationId, CommitmentId, ConsentId, DeliveryId,
    DeviceId, EmailChangeId, JobId, LeaseHolder, MeetingChangeId, MeetingId, MemberId,
    NotificationId, OccurrenceId, PactId, PactNudgeId, PauseId, PeeringId, ReceivedId, RsvpId,
    RungId, SessionId, SignUpId, TellingId, account, account_code, announced_secrets,
    cadence_change, change, change_feed, check_in, check_in_reminder, circle, circle_invitation,
    circle_membership, commitment, commitment_day, consent, device, email_change, handle_claim,
    job, ladder, ladder_rung, ladder_telling, meeting, meeting_change, meeting_occurrence, member,
    member_language, member_life_context, member_topic, network_member, notification, pact,
    pact_nudge, pact_side, past_day_terms, pause, peering, pending_sign_up, persisted_document,
    progress, push_delivery, push_tally, quiet_hours, rate_limit, received_words, rsvp,
    schema_step, secret_check, session, superseded_terms, used_sign_up_id, zone_data,
};
use sea_orm::prelude::{Date, DateTimeUtc, Time, Uuid};
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait};

/// An instant with microseconds: both databases keep them.
fn instant() -> DateTimeUtc {
    DateTimeUtc::from_timestamp_micros(1_795_000_000_123_456).unwrap()
}

fn date() -> Date {
    Date::from_ymd_opt(2026, 11, 18).unwrap()
}

fn time() -> Time {
    Time::from_hms_opt(21, 30, 0).unwrap()
}

/// Writes a row and reads it back.
async fn put<M, A>(db: &DatabaseConnection, row: M)
where
    M: ModelTrait + IntoActiveModel<A> + PartialEq + Debug,
    M::Entity: EntityTrait<Model = M>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    let written = M::Entity::insert(row.clone().into_active_model());
    written.exec_without_returning(db).await.unwrap();
    let read = M::Entity::find().all(db).await.unwrap();
    assert!(read.contains(&row), "wrote {row:?}, read {read:?}");
}

/// What belongs to no member: a circle and its meeting, a sign-up, and the service's own.
#[expect(clippy::too_many_lines, reason = "a row of each table")]
pub async fn put_what_is_nobodys(db: &DatabaseConnection) -> (CircleId, OccurrenceId) {
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

/// A meeting of the circle.
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

/// A member with a row in every table that a member can have one in; his `number` makes him and
/// his rows unique.
pub async fn put_member(
    db: &DatabaseConnection,
    number: u128,
    (circle, occurrence): (CircleId, OccurrenceId),
) -> MemberId {
    let id = Uuid::from_u128(number);
    put_account(db, id).await;
    put_profile(db, MemberId(id)).await;
    put_takes_part(db, id, circle, occurrence).await;
    put_days(db, id).await;
    put_partners(db, id).await;
    put_pact(db, id).await;
    put_commitment(db, id).await;
    put_quiet_hours(db, id).await;
    put_outbox(db, id).await;
    put_feed(db, id).await;
    MemberId(id)
}

#[expect(clippy::too_many_lines, reason = "a row of each table")]
async fn put_account(db: &DatabaseConnection, id: Uuid) {
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

async fn put_profile(db: &DatabaseConnection, member_id: MemberId) {
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

async fn put_takes_part(
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

async fn put_days(db: &DatabaseConnection, id: Uuid) {
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

/// With himself, which no rule of the table forbids: he may be alone here.
async fn put_partners(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        peering::Model {
            id: PeeringId(id),
            lower_id: MemberId(id),
            higher_id: MemberId(id),
            proposed_by: MemberId(id),
            state: peering::State::Active,
            proposed_at: instant(),
            expires_at: instant(),
            answered_at: Some(instant()),
            ended_at: Some(instant()),
        },
    )
    .await;
}

async fn put_pact(db: &DatabaseConnection, id: Uuid) {
    let member = MemberId(id);
    put(
        db,
        pact::Model {
            id: PactId(id),
            peering_id: PeeringId(id),
            proposed_by: member,
            state: pact::State::Active,
            ends_on: Some(date()),
            ends_at: Some(instant()),
            created_at: instant(),
            expires_at: instant(),
            accepted_at: Some(instant()),
            ended_at: Some(instant()),
            version: 2,
        },
    )
    .await;
    put(
        db,
        pact_side::Model {
            pact_id: PactId(id),
            member_id: member,
            sharing: pact_side::Sharing::CheckedIn,
            agreed_until: Some(instant()),
            nudge_style: pact_side::NudgeStyle::Humour,
            nudge_wish: Some("With a joke".into()),
            nudge_wish_sealed: Some(vec![1, 0, 255]),
            can_be_woken: true,
            updated_at: instant(),
        },
    )
    .await;
    put(
        db,
        pact_nudge::Model {
            id: PactNudgeId(id),
            pact_id: PactId(id),
            from_member: member,
            to_member: member,
            template: Some(pact_nudge::Template::JustHello),
            words: Some(vec![1, 0, 255]),
            local_date: date(),
            created_at: instant(),
            answered_at: Some(instant()),
            answer: Some(pact_nudge::Answer::CallMe),
        },
    )
    .await;
    put(
        db,
        received_words::Model {
            id: ReceivedId(id),
            member_id: member,
            kind: received_words::Kind::Wish,
            source_id: id,
            source_no: 7,
            pact_id: PactId(id),
            peering_id: PeeringId(id),
            sender_id: member,
            sender_handle: vec![1, 0, 255],
            words: Some(vec![1, 0, 255]),
            template: Some(pact_nudge::Template::JustHello),
            received_at: instant(),
            ended_at: instant(),
            while_hidden: true,
        },
    )
    .await;
    put(
        db,
        consent::Model {
            id: ConsentId(id),
            member_id: member,
            purpose: consent::Purpose::PactSharing,
            other_member_id: Some(member),
            detail: "checked_in".into(),
            given_at: instant(),
            withdrawn_at: Some(instant()),
        },
    )
    .await;
    put_ladder(db, id).await;
}

async fn put_ladder(db: &DatabaseConnection, id: Uuid) {
    let member = MemberId(id);
    put(
        db,
        ladder::Model {
            member_id: member,
            local_time: time(),
            counts_from: date(),
            next_due_at: Some(instant()),
            version: 2,
            updated_at: instant(),
        },
    )
    .await;
    put(
        db,
        ladder_rung::Model {
            id: RungId(id),
            member_id: member,
            kind: ladder_rung::Kind::Partner,
            after_days: 3,
            told_id: Some(member),
            peering_id: Some(PeeringId(id)),
            circle_id: None,
            tells: ladder_rung::Tells::SinceWhen,
            words: Some(vec![1, 0, 255]),
            created_at: instant(),
            answered_at: Some(instant()),
            agreed_at: Some(instant()),
            told_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        ladder_telling::Model {
            id: TellingId(id),
            member_id: member,
            rung_id: Some(RungId(id)),
            kind: ladder_rung::Kind::Partner,
            told_id: Some(member),
            quiet_since: Some(date()),
            words: Some(vec![1, 0, 255]),
            told_at: instant(),
            over_at: Some(instant()),
        },
    )
    .await;
}

async fn put_commitment(db: &DatabaseConnection, id: Uuid) {
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

async fn put_feed(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        change_feed::Model {
            member_id: MemberId(id),
            last_seq: 7,
            pruned_through: 3,
        },
    )
    .await;
    put(
        db,
        change::Model {
            member_id: MemberId(id),
            kind: change::Kind::CheckIn,
            node_id: id,
            seq: 7,
            deleted: true,
            changed_at: instant(),
        },
    )
    .await;
}

async fn put_quiet_hours(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        quiet_hours::Model {
            member_id: MemberId(id),
            enabled: false,
            from_time: time(),
            until_time: Time::from_hms_opt(6, 0, 0).unwrap(),
        },
    )
    .await;
}

async fn put_outbox(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        device::Model {
            id: DeviceId(id),
            member_id: MemberId(id),
            session_id: Some(SessionId(id)),
            address_kind: device::AddressKind::FcmFid,
            address: id.to_string(),
            address_key: id.to_string(),
            installation_id: Some("installation".into()),
            platform: device::Platform::Android,
            app_version: "1.0".into(),
            locale: "pt-PT".into(),
            registered_at: instant(),
            last_seen_at: instant(),
            doubted_at: Some(instant()),
            dead_at: Some(instant()),
            dead_reason: Some(device::DeadReason::Unregistered),
            parted_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        notification::Model {
            id: NotificationId(id),
            member_id: MemberId(id),
            kind: notification::Kind::CheckInReminder,
            dedup_key: "2026-11-18".into(),
            subject_id: Some(id),
            not_before: instant(),
            expires_at: instant(),
            held_until: Some(instant()),
            state: notification::State::Skipped,
            skip_reason: Some(notification::SkipReason::AlreadyDone),
            created_at: instant(),
            read_at: Some(instant()),
            caused_by: Some(MemberId(id)),
        },
    )
    .await;
    put(
        db,
        push_delivery::Model {
            id: DeliveryId(id),
            notification_id: NotificationId(id),
            device_id: DeviceId(id),
            state: push_delivery::DeliveryState::Retrying,
            reason: Some("UNAVAILABLE".into()),
            attempts: 1,
            due_at: instant(),
            expires_at: instant(),
            lease_holder: Some(LeaseHolder(id)),
            lease_until: Some(instant()),
            provider_message_id: Some("message".into()),
            created_at: instant(),
            updated_at: instant(),
        },
    )
    .await;
}
