//! Nudges between partners: limits, answers, and refusals at a bad moment.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::PactNudgeId;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, end, hello, nudge, nudge_document, nudged};
use crate::peerings::partners;
use crate::profile::{hide, problem, problems};

async fn partners_with_pact(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    let pact = agreed(app, mike, paul, &peering).await;
    (mike, paul, pact)
}

async fn try_nudge(app: &TestApp, who: SignedIn, pact: &Value) -> Value {
    nudge(app, who, "sendPactNudge", &hello(app, pact)).await
}

#[both]
async fn a_repeated_nudge_is_sent_once_and_keeps_its_first_answer(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let input = hello(&app, &pact);
    let made = nudge(&app, mike, "sendPactNudge", &input).await;
    let id = made["nudge"]["id"].clone();
    let expected = json!({ "id": id, "pactId": pact, "fromYou": true, "template": "JUST_HELLO",
        "text": "Just saying hello. No need to answer.", "sentAt": "2026-03-10T12:00:00.000Z",
        "answer": null, "answeredAt": null });
    assert_eq!(made, json!({ "nudge": expected, "errors": [] }));
    // Even if it is night when the request is repeated.
    app.app
        .clock
        .set("2026-03-10T23:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(nudge(&app, mike, "sendPactNudge", &input).await, made);

    let own = json!({ "nudgeId": id, "answer": "CALL_ME" });
    let own = nudge(&app, mike, "answerPactNudge", &own).await;
    assert_eq!(problems(&own), problem("NOT_ALLOWED", "input.nudgeId"));
    let rough = json!({ "nudgeId": id, "answer": "ROUGH_DAY" });
    let answered = nudge(&app, paul, "answerPactNudge", &rough).await;
    assert_eq!(answered["errors"], json!([]));
    assert_eq!(answered["nudge"]["answer"], "ROUGH_DAY");
    assert_eq!(answered["nudge"]["answeredAt"], "2026-03-10T23:00:00.000Z");
    app.advance(TimeDelta::minutes(1));
    assert_eq!(nudge(&app, paul, "answerPactNudge", &rough).await, answered);
    let other = json!({ "nudgeId": id, "answer": "CALL_ME" });
    let refused = nudge(&app, paul, "answerPactNudge", &other).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.answer"));
    assert_eq!(refused["nudge"]["answer"], "ROUGH_DAY");
}

#[both]
async fn a_nudge_at_a_bad_moment_is_refused_without_a_reason(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let mut refusals = Vec::new();
    let mut ask = async || {
        let input = json!({ "input": hello(&app, &pact) });
        let document = nudge_document("sendPactNudge");
        let answer = app.as_member(mike, &document, input).await;
        refusals.push((answer.statements, answer.at("/payload")));
    };
    // It is night for Paul.
    app.app
        .clock
        .set("2026-03-10T22:00:00Z".parse().unwrap())
        .unwrap();
    ask().await;
    // Paul has checked in.
    app.app
        .clock
        .set("2026-03-11T12:00:00Z".parse().unwrap())
        .unwrap();
    app.checked_in(paul, "2026-03-11").await;
    ask().await;
    // It is night, and Paul has checked in.
    app.app
        .clock
        .set("2026-03-11T23:00:00Z".parse().unwrap())
        .unwrap();
    ask().await;
    // Paul has paused.
    app.app
        .clock
        .set("2026-03-12T12:00:00Z".parse().unwrap())
        .unwrap();
    let pause = "mutation($id: UUID!) { startPause(input: { id: $id, firstDate: \"2026-03-12\",
        lastDate: \"2026-03-12\" }) { errors { code } } }";
    let id = json!({ "id": app.app.ids.next::<uuid::Uuid>() });
    app.as_member(paul, pause, id).await.ok();
    ask().await;
    // The pact has had its nudges of the day.
    app.app
        .clock
        .set("2026-03-13T12:00:00Z".parse().unwrap())
        .unwrap();
    nudged(&app, mike, &pact).await;
    nudged(&app, paul, &pact).await;
    ask().await;
    assert_eq!(problems(&refusals[0].1), problem("NOT_NOW", "input"));
    let message = &refusals[0].1["errors"][0]["message"];
    assert_eq!(message, "Not a good moment: nothing was sent.");
    for refusal in &refusals {
        assert_eq!(refusal, &refusals[0]);
    }
}

#[both]
async fn own_words_of_a_nudge_are_stored_encrypted(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let mut input = hello(&app, &pact);
    input["says"] = json!({ "own": "See you at the wall at six" });
    let sent = nudge(&app, mike, "sendPactNudge", &input).await;
    assert_eq!(nudge(&app, mike, "sendPactNudge", &input).await, sent);
    let rows = entity::pact_nudge::Entity::find()
        .all(app.app.db.pool())
        .await;
    let kept = rows.unwrap().remove(0).words.unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("wall"));
    let query = "{ me { pacts { nodes { nudges { nodes { text } } } } } }";
    let read = app.as_member(paul, query, json!({})).await;
    let text = read.at("/me/pacts/nodes/0/nudges/nodes/0/text");
    assert_eq!(text, "See you at the wall at six");
}

#[both]
async fn a_pact_allows_two_nudges_a_day(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let sam = app.member("sam").await;
    let peering = partners(&app, mike, sam).await;
    let other = agreed(&app, mike, sam, &peering).await;
    nudged(&app, mike, &pact).await;
    nudged(&app, paul, &pact).await;
    for who in [mike, paul] {
        let refused = try_nudge(&app, who, &pact).await;
        assert_eq!(problems(&refused), problem("NOT_NOW", "input"));
    }
    // Another pact and another day have limits of their own.
    nudged(&app, sam, &other).await;
    app.advance(TimeDelta::days(1));
    nudged(&app, mike, &pact).await;
}

#[both]
async fn of_twenty_nudges_at_once_two_are_sent(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let both = [mike, paul].repeat(10).into_iter();
    let ask = |who| {
        let input = json!({ "input": hello(&app, &pact) });
        (who, nudge_document("sendPactNudge"), input)
    };
    let answers = app.at_once(both.map(ask).collect()).await;
    let sent = answers
        .iter()
        .filter(|answer| answer["payload"]["errors"] == json!([]));
    assert_eq!(sent.count(), 2);

    let id = answers.iter().find_map(|answer| {
        let nudge = &answer["payload"]["nudge"];
        (!nudge.is_null()).then(|| nudge.clone())
    });
    let id = id.unwrap();
    let receiver = if id["fromYou"] == true {
        [mike, paul]
    } else {
        [paul, mike]
    };
    let answers = ["ALL_RIGHT", "CALL_ME"].repeat(10).into_iter();
    let asked = answers.flat_map(|answer| {
        let input = json!({ "input": { "nudgeId": id["id"], "answer": answer } });
        receiver.map(|who| (who, nudge_document("answerPactNudge"), input.clone()))
    });
    let answers = app.at_once(asked.collect()).await;
    let stands = answers
        .iter()
        .filter(|answer| answer["payload"]["errors"] == json!([]));
    // One of the two answers is accepted, from all ten requests that gave it.
    assert_eq!(stands.count(), 10);
    app.drain().await;
    let told = app.notifications().await;
    let answered = told
        .iter()
        .filter(|row| row.kind == entity::notification::Kind::PactNudgeAnswered);
    assert_eq!(answered.count(), 1);
}

#[both]
async fn an_invalid_field_of_a_nudge_is_named(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let version_four = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    for (fields, expected) in [
        (json!({ "id": version_four }), ("INVALID", "input.id")),
        (
            json!({ "pactId": "nonsense" }),
            ("NOT_FOUND", "input.pactId"),
        ),
        (
            json!({ "says": { "own": " " } }),
            ("REQUIRED", "input.says.own"),
        ),
        (
            json!({ "says": { "own": "a".repeat(281) } }),
            ("TOO_LONG", "input.says.own"),
        ),
    ] {
        let mut input = hello(&app, &pact);
        for (key, value) in fields.as_object().unwrap() {
            input[key] = value.clone();
        }
        let refused = nudge(&app, mike, "sendPactNudge", &input).await;
        assert_eq!(problems(&refused), problem(expected.0, expected.1));
    }
    let mut input = hello(&app, &pact);
    input["says"] = json!({ "own": " Tea\r\nat four? " });
    let made = nudge(&app, mike, "sendPactNudge", &input).await;
    assert_eq!(made["nudge"]["text"], "Tea\nat four?");
    assert_eq!(nudge(&app, mike, "sendPactNudge", &input).await, made);
    let others = nudge(&app, paul, "sendPactNudge", &input).await;
    assert_eq!(problems(&others), problem("CONFLICT", "input.id"));
    input["says"] = json!({ "own": "Coffee?" });
    let refused = nudge(&app, mike, "sendPactNudge", &input).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.id"));
}

#[both]
async fn only_the_partners_of_an_active_pact_nudge_each_other(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let sam = app.member("sam").await;
    let missing = problem("NOT_FOUND", "input.pactId");
    assert_eq!(problems(&try_nudge(&app, sam, &pact).await), missing);
    let id = nudged(&app, mike, &pact).await["id"].clone();
    let unknown = json!(*app.app.ids.next::<PactNudgeId>().global());
    for nudge_id in [&id, &unknown, &json!("nonsense")] {
        let input = json!({ "nudgeId": nudge_id, "answer": "ALL_RIGHT" });
        let refused = nudge(&app, sam, "answerPactNudge", &input).await;
        assert_eq!(problems(&refused), problem("NOT_FOUND", "input.nudgeId"));
        assert_eq!(refused["nudge"], json!(null));
    }
    hide(&app, paul, true).await;
    assert_eq!(problems(&try_nudge(&app, mike, &pact).await), missing);
    // A member whose account is being deleted cannot send one either.
    assert_eq!(problems(&try_nudge(&app, paul, &pact).await), missing);
    let input = json!({ "nudgeId": id, "answer": "ALL_RIGHT" });
    let unheard = nudge(&app, paul, "answerPactNudge", &input).await;
    assert_eq!(problems(&unheard), problem("NOT_FOUND", "input.nudgeId"));
    hide(&app, paul, false).await;
    end(&app, paul, &pact).await;
    assert_eq!(problems(&try_nudge(&app, mike, &pact).await), missing);
    let input = json!({ "nudgeId": id, "answer": "ALL_RIGHT" });
    let late = nudge(&app, paul, "answerPactNudge", &input).await;
    assert_eq!(problems(&late), problem("NOT_FOUND", "input.nudgeId"));
}

#[both]
async fn nudges_are_paged(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        for who in [mike, paul] {
            sent.insert(0, nudged(&app, who, &pact).await["id"].clone());
            app.advance(TimeDelta::minutes(1));
        }
        app.advance(TimeDelta::days(1) - TimeDelta::minutes(2));
    }
    let mut found = Vec::new();
    let mut args = "first: 4".to_owned();
    loop {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Pact {{ nudges({args}) {{ totalCount
                nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        );
        let page = app.as_member(paul, &query, json!({ "id": pact })).await;
        let page = page.at("/node/nudges");
        assert_eq!(page["totalCount"], 6);
        let nodes = page["nodes"].as_array().unwrap();
        found.extend(nodes.iter().map(|node| node["id"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        args = format!("first: 4, after: {}", page["pageInfo"]["endCursor"]);
    }
    assert_eq!(found, sent);
}
