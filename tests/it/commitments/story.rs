//! The life of a commitment, and repeated requests.

use chrono::TimeDelta;
use entity::commitment;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both, mutation};

use super::{
    answer, carry, every, id, mike_and_paul, node, once, own_commitments, refused, send, sent,
};

#[both]
async fn a_commitment_is_carried_over_and_done_in_the_end(app: TestApp) {
    let mike = app.member("mike").await;
    let made = sent(
        &app,
        mike,
        "makeCommitment",
        once(&app, "2026-03-11", &Value::Null),
    )
    .await;
    let it = made["id"].clone();
    let expected = json!({
        "id": it, "clientId": made["clientId"], "yours": true, "peeringId": null, "partner": null,
        "words": "Ring my brother", "dueOn": "2026-03-11", "weekdays": [], "nextDueOn": "2026-03-11",
        "days": [{ "dueOn": "2026-03-11", "answer": null, "answeredAt": null, "carriedTo": null }],
        "state": "OPEN", "version": 1, "createdAt": "2026-03-10T12:00:00.000Z", "endedAt": null,
    });
    assert_eq!(made, expected);
    app.advance(TimeDelta::days(2));
    let waits = &own_commitments(&app, mike).await[0];
    assert_eq!(
        (&waits["nextDueOn"], &waits["state"]),
        (&json!(null), &json!("OPEN"))
    );
    answer(&app, mike, &it, "2026-03-11", "PARTLY").await;
    let carried = carry(&app, mike, &it, "2026-03-11", "2026-03-14").await;
    assert_eq!(carried["nextDueOn"], "2026-03-14");
    assert_eq!(carried["dueOn"], "2026-03-11");
    let days = json!([
        { "dueOn": "2026-03-14", "answer": null, "answeredAt": null, "carriedTo": null },
        { "dueOn": "2026-03-11", "answer": "PARTLY", "answeredAt": "2026-03-12T12:00:00.000Z",
            "carriedTo": "2026-03-14" },
    ]);
    assert_eq!(carried["days"], days);
    // Answered early.
    let done = answer(&app, mike, &it, "2026-03-14", "DONE").await;
    assert_eq!(
        (&done["state"], &done["version"]),
        (&json!("DONE"), &json!(4))
    );
    assert_eq!(
        (&done["nextDueOn"], &done["endedAt"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(own_commitments(&app, mike).await, [done]);
}

#[both]
async fn a_weekly_commitment_goes_on(app: TestApp) {
    let mike = app.member("mike").await;
    // It is a Tuesday.
    let input = every(&app, &["TUESDAY", "FRIDAY", "FRIDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", input).await;
    assert_eq!(it["weekdays"], json!(["TUESDAY", "FRIDAY"]));
    assert_eq!(
        (&it["dueOn"], &it["nextDueOn"]),
        (&json!(null), &json!("2026-03-10"))
    );
    let it = it["id"].clone();
    let done = answer(&app, mike, &it, "2026-03-10", "DONE").await;
    assert_eq!(
        (&done["state"], &done["nextDueOn"]),
        (&json!("OPEN"), &json!("2026-03-13"))
    );
    app.advance(TimeDelta::days(4));
    let carried = carry(&app, mike, &it, "2026-03-13", "2026-03-15").await;
    assert_eq!(carried["nextDueOn"], "2026-03-15");
    app.advance(TimeDelta::days(2));
    let days = &own_commitments(&app, mike).await[0]["days"];
    let days: Vec<_> = days
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (&day["dueOn"], &day["answer"], &day["carriedTo"]))
        .collect();
    let none = &Value::Null;
    let on = |day: &str| json!(day);
    assert_eq!(
        days,
        [
            (&on("2026-03-15"), none, none),
            (&on("2026-03-13"), none, &on("2026-03-15")),
            (&on("2026-03-10"), &on("DONE"), none),
        ]
    );
}

#[both]
async fn every_mutation_can_be_repeated(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let wish = every(&app, &["TUESDAY"], &peering);
    let first = sent(&app, mike, "makeCommitment", wish.clone()).await;
    assert_eq!(
        sent(&app, mike, "makeCommitment", wish.clone()).await,
        first
    );
    let it = &first["id"];
    let steps = [
        (
            "updateCommitment",
            json!({ "commitmentId": it, "words": "Go for a walk", "expectedVersion": 1 }),
        ),
        (
            "answerCommitment",
            json!({ "commitmentId": it, "dueOn": "2026-03-10", "answer": "PARTLY" }),
        ),
        (
            "carryCommitmentOver",
            json!({ "commitmentId": it, "dueOn": "2026-03-10", "to": "2026-03-12" }),
        ),
        (
            "updateCommitment",
            json!({ "commitmentId": it, "peeringId": null }),
        ),
        ("endCommitment", json!({ "commitmentId": it })),
    ];
    for (version, (mutation, input)) in (2..).zip(&steps) {
        let first = sent(&app, mike, mutation, input.clone()).await;
        assert_eq!(first["version"], version, "{mutation}");
        app.advance(TimeDelta::minutes(1));
        assert_eq!(
            sent(&app, mike, mutation, input.clone()).await,
            first,
            "{mutation}"
        );
    }
    // Also after later changes.
    let last = node(&app, mike, it).await;
    app.advance(TimeDelta::days(30));
    for (mutation, input) in &steps[1..] {
        let again = sent(&app, mike, mutation, input.clone()).await;
        assert_eq!(again["version"], last["version"], "{mutation}");
    }
    let again = sent(&app, mike, "makeCommitment", wish.clone()).await;
    assert_eq!(again["version"], last["version"]);
    // Also after the end of the peering.
    let other = every(&app, &["FRIDAY"], &peering);
    let made = sent(&app, mike, "makeCommitment", other.clone()).await;
    crate::peerings::leave(&app, mike, "endPeering", &peering).await;
    let again = sent(&app, mike, "makeCommitment", other.clone()).await;
    assert_eq!(again["id"], made["id"]);
    let mut otherwise = other;
    otherwise["due"] = json!({ "weekdays": ["SUNDAY"] });
    let conflict = refused(&app, mike, "makeCommitment", otherwise).await;
    assert_eq!(conflict, ["CONFLICT", "id"]);
}

#[both]
async fn of_several_answers_the_last_counts(app: TestApp) {
    let mike = app.member("mike").await;
    let wish = every(&app, &["TUESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", wish.clone()).await["id"].clone();
    let mut other = wish;
    other["words"] = json!("Something else");
    let payload = send(&app, mike, "makeCommitment", other).await;
    assert_eq!(payload["errors"][0]["code"], "CONFLICT");
    assert_eq!(payload["errors"][0]["path"], json!(["input", "id"]));
    assert_eq!(payload["commitment"]["words"], "Go for a run");
    for given in ["NOT_THIS_TIME", "DONE", "PARTLY"] {
        let day = &answer(&app, mike, &it, "2026-03-10", given).await["days"][0];
        assert_eq!(day["answer"], given);
    }
    carry(&app, mike, &it, "2026-03-10", "2026-03-11").await;
    let elsewhere = json!({ "commitmentId": it, "dueOn": "2026-03-10", "to": "2026-03-12" });
    let conflict = refused(&app, mike, "carryCommitmentOver", elsewhere).await;
    assert_eq!(conflict, ["CONFLICT", "dueOn"]);
}

#[both]
async fn an_update_of_an_older_version_is_stale(app: TestApp) {
    let mike = app.member("mike").await;
    let wish = every(&app, &["TUESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", wish).await["id"].clone();
    let words = |words: &str| json!({ "commitmentId": it, "words": words, "expectedVersion": 1 });
    sent(&app, mike, "updateCommitment", words("Swim")).await;
    let payload = send(&app, mike, "updateCommitment", words("Row")).await;
    assert_eq!(payload["errors"][0]["code"], "STALE");
    assert_eq!(payload["commitment"]["words"], "Swim");
    // An update that changes nothing succeeds.
    sent(&app, mike, "updateCommitment", words("Swim")).await;
    let whatever = json!({ "commitmentId": it, "words": "Row" });
    sent(&app, mike, "updateCommitment", whatever).await;
}

#[both]
async fn an_ended_commitment_is_kept_and_is_not_due(app: TestApp) {
    let mike = app.member("mike").await;
    let wish = every(&app, &["MONDAY", "TUESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", wish).await["id"].clone();
    answer(&app, mike, &it, "2026-03-10", "DONE").await;
    app.advance(TimeDelta::days(7));
    let ended = sent(&app, mike, "endCommitment", json!({ "commitmentId": it })).await;
    assert_eq!(ended["state"], "ENDED");
    assert_eq!(ended["endedAt"], "2026-03-17T12:00:00.000Z");
    assert_eq!(ended["nextDueOn"], json!(null));
    let days = ended["days"].as_array().unwrap().iter();
    let days: Vec<_> = days.map(|day| day["dueOn"].clone()).collect();
    let both = ["2026-03-16", "2026-03-10"];
    assert_eq!(days, both);
    // Also long after that.
    app.advance(TimeDelta::days(400));
    let later = node(&app, mike, &it).await;
    let days = later["days"].as_array().unwrap().iter();
    let days: Vec<_> = days.map(|day| day["dueOn"].clone()).collect();
    assert_eq!(days, both);
    for (mutation, more) in [
        (
            "answerCommitment",
            json!({ "dueOn": "2026-03-16", "answer": "DONE" }),
        ),
        (
            "carryCommitmentOver",
            json!({ "dueOn": "2026-03-16", "to": "2026-03-20" }),
        ),
        ("updateCommitment", json!({ "words": "Swim" })),
    ] {
        let mut input = more;
        input["commitmentId"] = it.clone();
        let over = refused(&app, mike, mutation, input).await;
        assert_eq!(over, ["TOO_LATE", "commitmentId"], "{mutation}");
    }
}

#[both]
async fn a_member_has_at_most_twenty_open_commitments(app: TestApp) {
    let mike = app.member("mike").await;
    let mut made = Vec::new();
    for _ in 0..20 {
        let input = once(&app, "2026-03-12", &Value::Null);
        made.push(sent(&app, mike, "makeCommitment", input).await["id"].clone());
    }
    let more = once(&app, "2026-03-12", &Value::Null);
    let full = refused(&app, mike, "makeCommitment", more.clone()).await;
    assert_eq!(full, ["TOO_MANY", "input"]);
    // A done or ended commitment makes room.
    answer(&app, mike, &made[0], "2026-03-12", "DONE").await;
    sent(&app, mike, "makeCommitment", more).await;
    sent(
        &app,
        mike,
        "endCommitment",
        json!({ "commitmentId": made[1] }),
    )
    .await;
    let again = json!({ "id": id(&app), "words": "Swim", "due": { "weekdays": ["MONDAY"] } });
    sent(&app, mike, "makeCommitment", again).await;
    let more = once(&app, "2026-03-12", &Value::Null);
    assert_eq!(
        refused(&app, mike, "makeCommitment", more).await[0],
        "TOO_MANY"
    );
}

#[both]
async fn the_words_are_stored_encrypted(app: TestApp) {
    let mike = app.member("mike").await;
    let input = every(&app, &["TUESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    let kept = async || {
        let row = commitment::Entity::find().one(app.app.db.pool()).await;
        row.unwrap().unwrap().words
    };
    let tells =
        |kept: &[u8], word: &str| kept.windows(word.len()).any(|part| part == word.as_bytes());
    let first = kept().await;
    assert!(!tells(&first, "run"));
    let words = json!({ "commitmentId": it, "words": "Swim in the sea" });
    sent(&app, mike, "updateCommitment", words).await;
    let second = kept().await;
    assert!(!tells(&second, "sea") && second != first);
}

#[both]
async fn concurrent_requests_of_several_devices_count_once(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let made = every(&app, &["TUESDAY"], &peering);
    let asked = |name: &str, input: &Value| {
        let document = mutation(name, "commitment { id version }");
        (mike, document, json!({ "input": input }))
    };
    let all = (0..6).map(|_| asked("makeCommitment", &made)).collect();
    let answers = app.at_once(all).await;
    let id = answers[0]["payload"]["commitment"]["id"].clone();
    for answer in answers {
        let commitment = json!({ "id": id, "version": 1 });
        assert_eq!(
            answer["payload"],
            json!({ "commitment": commitment, "errors": [] })
        );
    }
    // One device answers a day, and another carries it over.
    let given = json!({ "commitmentId": id, "dueOn": "2026-03-10", "answer": "PARTLY" });
    let to = json!({ "commitmentId": id, "dueOn": "2026-03-10", "to": "2026-03-12" });
    let all = (0..3).flat_map(|_| {
        [
            asked("answerCommitment", &given),
            asked("carryCommitmentOver", &to),
        ]
    });
    app.at_once(all.collect()).await;
    let last = node(&app, mike, &id).await;
    let day = &last["days"][1];
    assert_eq!(day["carriedTo"], "2026-03-12");
    // Either may be first: an answer after the carry-over is refused.
    let answered = !day["answer"].is_null();
    assert_eq!(last["version"], if answered { 3 } else { 2 });
}
