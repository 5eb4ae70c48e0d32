//! Rows of peerings, pacts and ladders.

use entity::{
    ConsentId, MemberId, PactId, PactNudgeId, PeeringId, ReceivedId, RungId, TellingId, consent,
    ladder, ladder_rung, ladder_telling, pact, pact_nudge, pact_side, peering, received_words,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::Uuid;

use super::{date, instant, put, time};

/// Inserts a peering of the member with himself. The table allows it, and no other member is needed.
pub(super) async fn put_partners(db: &DatabaseConnection, id: Uuid) {
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

pub(super) async fn put_pact(db: &DatabaseConnection, id: Uuid) {
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

pub(super) async fn put_ladder(db: &DatabaseConnection, id: Uuid) {
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
