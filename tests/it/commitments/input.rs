//! Invalid input, and answers outside a day's time.

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{every, id, mike_and_paul, once, refused, send, sent};

#[both]
async fn a_new_commitments_invalid_fields_are_named(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let good = every(&app, &["TUESDAY"], &peering);
    let too_long = "a".repeat(201);
    for (field, value, code, named) in [
        (
            "id",
            json!("550e8400-e29b-41d4-a716-446655440000"),
            "INVALID",
            "id",
        ),
        ("words", json!(" \u{200B} "), "REQUIRED", "words"),
        ("words", json!(too_long), "TOO_LONG", "words"),
        ("due", json!({ "weekdays": [] }), "REQUIRED", "weekdays"),
        ("peeringId", json!("nonsense"), "NOT_FOUND", "peeringId"),
    ] {
        let mut input = good.clone();
        input[field] = value;
        let problem = refused(&app, mike, "makeCommitment", input).await;
        assert_eq!(problem, [code, named], "{field}");
    }
    for (day, fine) in [
        ("2026-02-23", false),
        ("2026-02-24", true),
        ("2026-03-10", true),
        ("2027-03-11", true),
        ("2027-03-12", false),
    ] {
        let payload = send(&app, mike, "makeCommitment", once(&app, day, &peering)).await;
        assert_eq!(payload["errors"] == json!([]), fine, "{day}: {payload}");
        if !fine {
            assert_eq!(payload["errors"][0]["code"], "OUT_OF_RANGE");
            assert_eq!(payload["errors"][0]["path"], json!(["input", "due", "on"]));
        }
    }
    for both in [
        json!({}),
        json!({ "on": "2026-03-12", "weekdays": ["MONDAY"] }),
    ] {
        let mut input = good.clone();
        input["due"] = both;
        let document = "mutation($input: MakeCommitmentInput!) {
            makeCommitment(input: $input) { errors { code } } }";
        let answer = app
            .as_member(mike, document, json!({ "input": input }))
            .await;
        assert_eq!(answer.errors.len(), 1, "one of the two, and not both");
    }
    // All errors come at once, so that a form can be corrected in one go.
    let bad = json!({ "id": id(&app), "words": "", "due": { "weekdays": [] },
        "peeringId": "nonsense" });
    let payload = send(&app, mike, "makeCommitment", bad).await;
    assert_eq!(payload["errors"].as_array().unwrap().len(), 3);
}

#[both]
async fn an_updates_invalid_fields_are_named(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let made = sent(
        &app,
        mike,
        "makeCommitment",
        every(&app, &["TUESDAY"], &peering),
    )
    .await;
    for (field, value, code) in [
        ("commitmentId", peering.clone(), "NOT_FOUND"),
        ("words", json!(null), "REQUIRED"),
        ("words", json!(""), "REQUIRED"),
        ("words", json!("a".repeat(201)), "TOO_LONG"),
        ("peeringId", made["id"].clone(), "NOT_FOUND"),
    ] {
        let mut input = json!({ "commitmentId": made["id"], "words": "Swim" });
        input[field] = value;
        let problem = refused(&app, mike, "updateCommitment", input).await;
        assert_eq!(problem, [code, field]);
    }
    for (mutation, more) in [
        ("endCommitment", json!({})),
        (
            "answerCommitment",
            json!({ "dueOn": "2026-03-10", "answer": "DONE" }),
        ),
        (
            "carryCommitmentOver",
            json!({ "dueOn": "2026-03-10", "to": "2026-03-11" }),
        ),
    ] {
        let mut input = more;
        input["commitmentId"] = peering.clone();
        let problem = refused(&app, mike, mutation, input).await;
        assert_eq!(problem, ["NOT_FOUND", "commitmentId"]);
    }
}

#[both]
async fn a_day_can_be_answered_only_in_its_time(app: TestApp) {
    let mike = app.member("mike").await;
    let input = every(&app, &["TUESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    let on = |day: &str| json!({ "commitmentId": it, "dueOn": day, "answer": "DONE" });
    let to = |day: &str, to: &str| json!({ "commitmentId": it, "dueOn": day, "to": to });
    let answered = async |input| refused(&app, mike, "answerCommitment", input).await;
    let carried = async |input| refused(&app, mike, "carryCommitmentOver", input).await;
    let out_of_range = ["OUT_OF_RANGE", "dueOn"];
    for day in ["2026-03-03", "2026-03-11", "2026-03-17"] {
        assert_eq!(answered(on(day)).await, out_of_range, "{day}");
        assert_eq!(carried(to(day, "2026-03-20")).await, out_of_range, "{day}");
    }
    for other in ["2026-03-10", "2026-03-09", "2027-03-12"] {
        let problem = carried(to("2026-03-10", other)).await;
        assert_eq!(problem, ["OUT_OF_RANGE", "to"], "{other}");
    }
    app.advance(TimeDelta::days(14));
    for day in ["2026-03-10", "2026-03-24"] {
        sent(&app, mike, "answerCommitment", on(day)).await;
    }
    let done = carried(to("2026-03-24", "2026-03-30")).await;
    assert_eq!(done, ["CONFLICT", "dueOn"]);
    let taken = carried(to("2026-03-17", "2026-03-24")).await;
    assert_eq!(taken, ["CONFLICT", "to"]);
    app.advance(TimeDelta::days(1));
    let mut anew = on("2026-03-10");
    anew["answer"] = json!("PARTLY");
    assert_eq!(answered(anew).await, ["TOO_LATE", "dueOn"]);
    let later = json!({ "commitmentId": it, "dueOn": "2026-03-17", "to": "2026-03-26" });
    sent(&app, mike, "carryCommitmentOver", later).await;
    assert_eq!(answered(on("2026-03-17")).await, ["CONFLICT", "dueOn"]);
}

#[both]
async fn a_day_begins_in_the_members_zone(app: TestApp) {
    let mike = app.member("mike").await;
    let input = every(&app, &["WEDNESDAY"], &Value::Null);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    let done = json!({ "commitmentId": it, "dueOn": "2026-03-11", "answer": "DONE" });
    let early = ["OUT_OF_RANGE", "dueOn"];
    app.app
        .clock
        .set("2026-03-11T02:59:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        refused(&app, mike, "answerCommitment", done.clone()).await,
        early
    );
    // In Auckland it has begun long ago.
    let there = json!({ "timeZone": "Pacific/Auckland" });
    crate::profile::update(&app, mike, there).await;
    sent(&app, mike, "answerCommitment", done).await;
}
