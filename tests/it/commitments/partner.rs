//! What the partner sees, and until when.

use chrono::TimeDelta;
use entity::member;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    answer, carry, daily, every, follow_ups, mike_and_paul, node, once, own_commitments, refused,
    send, sent, shared_commitments,
};
use crate::peerings::{leave, partners};
use crate::profile::hide;

#[both]
async fn the_partner_can_read_but_not_change_a_commitment(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let it = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await;
    let id = it["id"].clone();
    assert_eq!(it["partner"]["handle"], "paul");
    assert_eq!(it["peeringId"], peering);
    answer(&app, mike, &id, "2026-03-10", "PARTLY").await;
    let his = carry(&app, mike, &id, "2026-03-10", "2026-03-12").await;
    let seen = node(&app, paul, &id).await;
    assert_eq!(
        shared_commitments(&app, paul).await,
        std::slice::from_ref(&seen)
    );
    let mut expected = his.clone();
    expected["yours"] = json!(false);
    expected["partner"]["handle"] = json!("mike");
    assert_eq!(seen, expected);
    assert_eq!(
        (
            own_commitments(&app, paul).await,
            shared_commitments(&app, mike).await
        ),
        (vec![], vec![])
    );
    for (mutation, more) in [
        ("updateCommitment", json!({ "words": "Swim" })),
        (
            "answerCommitment",
            json!({ "dueOn": "2026-03-12", "answer": "DONE" }),
        ),
        (
            "carryCommitmentOver",
            json!({ "dueOn": "2026-03-12", "to": "2026-03-13" }),
        ),
        ("endCommitment", json!({})),
    ] {
        let mut input = more;
        input["commitmentId"] = id.clone();
        let payload = send(&app, paul, mutation, input).await;
        assert_eq!(payload["commitment"], Value::Null, "{mutation}");
        assert_eq!(payload["errors"][0]["code"], "NOT_FOUND", "{mutation}");
    }
    // A new commitment with the same id reveals nothing.
    let mut input = every(&app, &["TUESDAY"], &peering);
    input["id"] = it["clientId"].clone();
    let payload = send(&app, paul, "makeCommitment", input).await;
    assert_eq!(payload["errors"][0]["code"], "CONFLICT");
    assert_eq!(payload["commitment"], Value::Null);
    assert_eq!(node(&app, mike, &id).await, his);
}

#[both]
async fn only_the_named_partner_sees_a_commitment(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let sam = app.member("sam").await;
    partners(&app, mike, sam).await;
    let private = every(&app, &["TUESDAY"], &Value::Null);
    let private = sent(&app, mike, "makeCommitment", private).await["id"].clone();
    app.advance(TimeDelta::minutes(1));
    let it = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await;
    // Sam is a partner as well, but not the one that is named.
    assert_eq!(node(&app, sam, &it["id"]).await, Value::Null);
    assert_eq!(shared_commitments(&app, sam).await, [Value::Null; 0]);
    assert_eq!(node(&app, paul, &private).await, Value::Null);
    assert_eq!(shared_commitments(&app, paul).await.len(), 1);
    // The newest comes first.
    let all = own_commitments(&app, mike).await;
    assert_eq!([&all[0]["id"], &all[1]["id"]], [&it["id"], &private]);
}

#[both]
async fn a_partner_sees_a_commitment_while_named(app: TestApp) {
    let (mike, paul, with_paul) = mike_and_paul(&app).await;
    let sam = app.member("sam").await;
    let with_sam = partners(&app, mike, sam).await;
    let id = sent(
        &app,
        mike,
        "makeCommitment",
        once(&app, "2026-03-12", &with_paul),
    )
    .await["id"]
        .clone();
    let name = async |peering: &Value| {
        let input = json!({ "commitmentId": id, "peeringId": peering });
        sent(&app, mike, "updateCommitment", input).await
    };
    let sees_it = async |who| !node(&app, who, &id).await.is_null();
    for (peering, who) in [
        (&with_paul, [true, false]),
        (&with_sam, [false, true]),
        (&Value::Null, [false; 2]),
    ] {
        name(peering).await;
        assert_eq!([sees_it(paul).await, sees_it(sam).await], who);
        assert_eq!(
            [
                shared_commitments(&app, paul).await.len(),
                shared_commitments(&app, sam).await.len()
            ],
            who.map(usize::from)
        );
    }
    // Editing the words keeps the partner.
    name(&with_paul).await;
    let words = json!({ "commitmentId": id, "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    assert_eq!(node(&app, paul, &id).await["words"], "Swim");
}

#[both]
async fn a_partner_sees_no_answers_from_before_being_named(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let id = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &Value::Null),
    )
    .await;
    let id = id["id"].clone();
    answer(&app, mike, &id, "2026-03-10", "NOT_THIS_TIME").await;
    app.advance(TimeDelta::days(7));
    let name = json!({ "commitmentId": id, "peeringId": peering });
    sent(&app, mike, "updateCommitment", name).await;
    answer(&app, mike, &id, "2026-03-17", "DONE").await;
    let days = |it: &Value| -> Vec<Value> {
        let days = it["days"].as_array().unwrap().iter();
        days.map(|day| day["dueOn"].clone()).collect()
    };
    assert_eq!(days(&node(&app, paul, &id).await), ["2026-03-17"]);
    assert_eq!(
        days(&node(&app, mike, &id).await),
        ["2026-03-17", "2026-03-10"]
    );
    // Editing the words does not change that.
    let words = json!({ "commitmentId": id, "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    assert_eq!(days(&node(&app, paul, &id).await), ["2026-03-17"]);
}

#[both]
async fn the_end_of_a_peering_hides_the_commitment(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let id = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await["id"]
        .clone();
    leave(&app, paul, "endPeering", &peering).await;
    assert_eq!(node(&app, paul, &id).await, Value::Null);
    let his = node(&app, mike, &id).await;
    assert_eq!(
        (&his["partner"], &his["peeringId"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&his["state"], &his["version"]),
        (&json!("OPEN"), &json!(2))
    );
    // A new peering does not show it again.
    app.advance(TimeDelta::days(60));
    let again = partners(&app, mike, paul).await;
    assert_ne!(again, peering);
    assert_eq!(node(&app, paul, &id).await, Value::Null);
}

#[both]
async fn a_hidden_partner_is_not_shown_in_commitments(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let id = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await["id"]
        .clone();
    hide(&app, paul, true).await;
    let his = node(&app, mike, &id).await;
    assert_eq!(
        (&his["partner"], &his["peeringId"]),
        (&Value::Null, &Value::Null)
    );
    let input = every(&app, &["TUESDAY"], &peering);
    let missing = refused(&app, mike, "makeCommitment", input).await;
    assert_eq!(missing, ["NOT_FOUND", "peeringId"]);
    hide(&app, paul, false).await;
    assert_eq!(node(&app, mike, &id).await["partner"]["handle"], "paul");
    hide(&app, mike, true).await;
    assert_eq!(node(&app, paul, &id).await, Value::Null);
    assert_eq!(shared_commitments(&app, paul).await, [Value::Null; 0]);
    hide(&app, mike, false).await;
    assert_eq!(shared_commitments(&app, paul).await.len(), 1);
}

#[both]
async fn only_a_partner_can_be_named(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let sam = app.member("sam").await;
    let of_others = partners(&app, sam, app.member("tom").await).await;
    crate::peerings::in_a_circle(&app, &[mike, sam]).await;
    let waits = crate::peerings::proposed(&app, mike, sam).await["id"].clone();
    let it = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await;
    for peering in [&of_others, &waits] {
        let made = every(&app, &["TUESDAY"], peering);
        let input = json!({ "commitmentId": it["id"], "peeringId": peering });
        for (mutation, input) in [("makeCommitment", made), ("updateCommitment", input)] {
            let missing = refused(&app, mike, mutation, input).await;
            assert_eq!(missing, ["NOT_FOUND", "peeringId"], "{mutation}");
        }
    }
    assert_eq!(shared_commitments(&app, paul).await.len(), 1);
}

#[both]
async fn a_commitment_outlives_the_partner(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let id = daily(&app, mike, &peering).await["id"].clone();
    let theirs = daily(&app, paul, &peering).await["id"].clone();
    let gone = member::Entity::delete_by_id(paul.member);
    gone.exec(app.app.db.pool()).await.unwrap();
    let his = node(&app, mike, &id).await;
    assert_eq!(
        (&his["partner"], &his["state"]),
        (&Value::Null, &json!("OPEN"))
    );
    assert_eq!(node(&app, mike, &theirs).await, Value::Null);
    app.travel(app.now() + TimeDelta::days(2)).await;
    assert_eq!(follow_ups(&app).await, []);
    answer(&app, mike, &id, "2026-03-10", "DONE").await;
    assert_eq!(api::worker::next_due(&app.app).await.unwrap(), None);
}
