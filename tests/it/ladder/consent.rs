//! Only recipients whom the member chose and who agree are told.

use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    Three, agreed, all_right, answer, at, inbox, ladder, log, requests, steps, tellings, utc,
    written,
};
use crate::peerings::leave;
use crate::profile::{problem, problems};

fn kinds(log: Vec<(String, String)>) -> Vec<String> {
    log.into_iter().map(|(kind, _)| kind).collect()
}

#[both]
async fn a_recipient_who_does_not_agree_is_not_told(app: TestApp) {
    let three = Three::meet(&app).await;
    written(&app, three.mike, &three.ladder()).await;
    let id = requests(&app, three.paul).await[0]["id"].clone();
    let no = answer(&app, three.paul, &id, false).await;
    assert_eq!(
        no,
        json!({ "request": { "id": id, "agreedAt": null }, "errors": [] })
    );
    agreed(&app, three.host).await;
    // To the owner of the ladder a no looks like no answer.
    assert_eq!(
        ladder(&app, three.mike).await["rungs"][1]["agreedAt"],
        json!(null)
    );
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(kinds(log(&app, three.mike).await), ["FACILITATOR", "OWN"]);
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
}

#[both]
async fn a_recipient_who_agrees_during_the_silence_is_told_then(app: TestApp) {
    let three = Three::meet(&app).await;
    written(&app, three.mike, &three.ladder()).await;
    app.travel(utc("2026-03-15T15:00:00Z")).await;
    assert_eq!(kinds(log(&app, three.mike).await), ["OWN"]);
    let id = agreed(&app, three.paul).await;
    // The same answer again, because the reply was lost.
    let again = answer(&app, three.paul, &id, true).await;
    assert_eq!(again["request"]["agreedAt"], "2026-03-15T15:00:00.000Z");
    app.travel(utc("2026-03-16T12:00:00Z")).await;
    let told = tellings(&app, three.paul).await;
    assert_eq!(told[0]["toldAt"], "2026-03-16T09:00:00.000Z");
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(tellings(&app, three.paul).await.len(), 1);
    let query = "{ me { notifications { nodes { kind subjectId } } } }";
    let inbox = app.as_member(three.mike, query, json!({})).await;
    let agreed = json!({ "kind": "LADDER_AGREED", "subjectId": null });
    let inbox = inbox.at("/me/notifications/nodes");
    assert!(inbox.as_array().unwrap().contains(&agreed), "{inbox}");
}

async fn node(app: &TestApp, who: api::viewer::SignedIn, id: &Value) -> Value {
    let query = "query($id: ID!) { node(id: $id) { id } }";
    app.as_member(who, query, json!({ "id": id }))
        .await
        .at("/node")
}

#[both]
async fn a_recipient_who_withdraws_consent_reads_nothing(app: TestApp) {
    let three = Three::agree(&app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let told = tellings(&app, three.paul).await[0]["id"].clone();
    assert_eq!(node(&app, three.paul, &told).await["id"], told);
    let id = requests(&app, three.paul).await[0]["id"].clone();
    let payload = answer(&app, three.paul, &id, false).await;
    assert_eq!(payload["errors"], json!([]));
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(node(&app, three.paul, &told).await, json!(null));
    // Paul can agree again, and Mike reads all along what his ladder told.
    assert_eq!(log(&app, three.mike).await.len(), 2);
    answer(&app, three.paul, &id, true).await;
    assert_eq!(tellings(&app, three.paul).await.len(), 1);
    all_right(&app, three.mike).await;
    answer(&app, three.paul, &id, false).await;
    let partner = at("PARTNER", "2026-03-18T09:00:00.000Z");
    assert!(steps(&app, three.mike).await.contains(&partner));
    app.travel(utc("2026-03-18T12:00:00Z")).await;
    let last = at("OWN", "2026-03-16T09:00:00.000Z");
    assert_eq!(log(&app, three.mike).await[0], last);
}

#[both]
async fn a_removed_rung_tells_nobody_and_hides_what_it_told(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.paul, "pauls").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let mut less = three.ladder();
    less["partner"] = json!(null);
    written(&app, three.mike, &less).await;
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(log(&app, three.mike).await.len(), 2);
    // Without any rung there is no ladder.
    let gone = written(&app, three.mike, &json!({ "localTime": "09:00" })).await;
    assert_eq!(gone, json!(null));
    assert_eq!(ladder(&app, three.mike).await, json!(null));
    app.travel(utc("2026-03-30T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
    assert_eq!(log(&app, three.mike).await.len(), 2);
}

#[both]
async fn a_new_recipient_is_asked_and_the_same_one_is_not_asked_again(app: TestApp) {
    let three = Three::agree(&app).await;
    let asked = requests(&app, three.paul).await;
    let mut other = three.ladder();
    other["partner"]["afterDays"] = json!(4);
    other["partner"]["words"] = json!(null);
    let changed = written(&app, three.mike, &other).await;
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["rungs"][1]["agreedAt"], "2026-03-10T12:00:00.000Z");
    let again = requests(&app, three.paul).await;
    assert_eq!(again[0]["id"], asked[0]["id"]);
    assert_eq!(again[0]["afterDays"], 4);
    let sam = app.member("sam").await;
    other["partner"]["peeringId"] = crate::peerings::partners(&app, three.mike, sam).await;
    let changed = written(&app, three.mike, &other).await;
    assert_eq!(changed["rungs"][1]["agreedAt"], json!(null));
    assert_eq!(changed["rungs"][1]["member"]["handle"], "sam");
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(requests(&app, sam).await.len(), 1);
    let gone = answer(&app, three.paul, &asked[0]["id"], true).await;
    assert_eq!(problems(&gone), problem("NOT_FOUND", "input.requestId"));
}

#[both]
async fn a_recipient_who_is_to_be_told_more_is_asked_again(app: TestApp) {
    let three = Three::meet(&app).await;
    let mut less = three.ladder();
    less["partner"]["tells"] = json!("QUIET");
    written(&app, three.mike, &less).await;
    let id = agreed(&app, three.paul).await;
    let more = written(&app, three.mike, &three.ladder()).await;
    assert_eq!(more["rungs"][1]["agreedAt"], json!(null));
    let asked = requests(&app, three.paul).await;
    assert_eq!(asked[0]["id"], id);
    assert_eq!(asked[0]["tells"], "SINCE_WHEN");
    let purposes = "{ me { consents { nodes { ladderTells withdrawnAt } } } }";
    let consents = app.as_member(three.paul, purposes, json!({})).await;
    let withdrawn = json!([{ "ladderTells": "QUIET", "withdrawnAt": "2026-03-10T12:00:00.000Z" }]);
    assert_eq!(consents.at("/me/consents/nodes"), withdrawn);
    answer(&app, three.paul, &id, true).await;
    // Telling less needs no new consent.
    let again = written(&app, three.mike, &less).await;
    assert_eq!(again["rungs"][1]["agreedAt"], "2026-03-10T12:00:00.000Z");
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(
        tellings(&app, three.paul).await[0]["quietSince"],
        json!(null)
    );
}

#[both]
async fn a_request_is_not_pushed_after_its_answer(app: TestApp) {
    let three = Three::meet(&app).await;
    app.register(three.paul, "pauls").await;
    written(&app, three.mike, &three.ladder()).await;
    let id = requests(&app, three.paul).await[0]["id"].clone();
    for _ in 0..2 {
        answer(&app, three.paul, &id, false).await;
    }
    app.drain().await;
    assert_eq!(app.outbox().len(), 0);
    let query = "{ me { ladderRequests { nodes { answeredAt agreedAt } } } }";
    let read = app.as_member(three.paul, query, json!({})).await;
    let no = json!([{ "answeredAt": "2026-03-10T12:00:00.000Z", "agreedAt": null }]);
    assert_eq!(read.at("/me/ladderRequests/nodes"), no);
}

#[both]
async fn a_former_facilitator_of_the_circle_is_not_told(app: TestApp) {
    use api::node_id::NodeId as _;
    let three = Three::agree(&app).await;
    let fred = app.facilitator("fred").await;
    let add = "mutation($circle: ID!, $man: ID!, $role: CircleRole) {
        addCircleMember(input: { circleId: $circle, memberId: $man, role: $role }) {
            errors { code } } }";
    let put = async |who, member: api::viewer::SignedIn, role: &str| {
        let member = member.member.global();
        let variables = json!({ "circle": three.circle, "man": *member, "role": role });
        let answer = app.as_member(who, add, variables).await;
        assert_eq!(answer.at("/addCircleMember/errors"), json!([]));
    };
    put(three.host, fred, "FACILITATOR").await;
    crate::circles::accept_all(&app, fred).await;
    put(fred, three.host, "MEMBER").await;
    assert_eq!(requests(&app, three.host).await, [json!(null); 0]);
    // Nor when he runs the circle again: that would need a new request.
    put(fred, three.host, "FACILITATOR").await;
    assert_eq!(requests(&app, three.host).await, [json!(null); 0]);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(kinds(log(&app, three.mike).await), ["PARTNER", "OWN"]);
}

#[both]
async fn former_partners_are_not_told_about_each_other(app: TestApp) {
    let three = Three::agree(&app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    leave(&app, three.paul, "endPeering", &three.peering).await;
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    let read = ladder(&app, three.mike).await;
    assert_eq!(read["rungs"].as_array().unwrap().len(), 2);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(
        kinds(log(&app, three.mike).await),
        ["FACILITATOR", "PARTNER", "OWN"]
    );
}

#[both]
async fn after_leaving_the_circle_its_facilitator_is_not_told(app: TestApp) {
    let three = Three::agree(&app).await;
    let leave = "mutation($id: ID!) { leaveCircle(input: { circleId: $id }) { errors { code } } }";
    let left = app
        .as_member(three.mike, leave, json!({ "id": three.circle }))
        .await;
    assert_eq!(left.at("/leaveCircle/errors"), json!([]));
    assert_eq!(requests(&app, three.host).await, [json!(null); 0]);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(kinds(log(&app, three.mike).await), ["PARTNER", "OWN"]);
    // The same ladder cannot be written again.
    let payload = super::write(&app, three.mike, json!({ "ladder": three.ladder() })).await;
    let missing = problem("NOT_FOUND", "input.ladder.facilitator.memberId");
    assert_eq!(problems(&payload), missing);
}

#[both]
async fn the_consents_of_both_are_recorded(app: TestApp) {
    let three = Three::agree(&app).await;
    let consents = async |who| {
        let query = "{ me { consents { nodes { purpose sharing ladderTells withdrawnAt
            member { handle } } } } }";
        let answer = app.as_member(who, query, json!({})).await;
        answer.at("/me/consents/nodes")
    };
    let given = |purpose: &str, tells: &str, who: &str, until: Value| {
        json!({ "purpose": purpose, "sharing": null, "ladderTells": tells, "withdrawnAt": until,
            "member": { "handle": who } })
    };
    let hearing = given("LADDER_HEARING", "SINCE_WHEN", "mike", json!(null));
    assert_eq!(consents(three.paul).await, json!([hearing]));
    app.advance(chrono::TimeDelta::hours(1));
    written(
        &app,
        three.mike,
        &json!({ "localTime": "09:00", "own": { "afterDays": 1 } }),
    )
    .await;
    let until = json!("2026-03-10T13:00:00.000Z");
    let mut both = consents(three.mike).await.as_array().unwrap().clone();
    both.sort_by_key(|consent| consent["member"]["handle"].as_str().map(str::to_owned));
    assert_eq!(
        both,
        [
            given("LADDER_TELLING", "QUIET", "host", until.clone()),
            given("LADDER_TELLING", "SINCE_WHEN", "paul", until.clone()),
        ]
    );
    let hearing = given("LADDER_HEARING", "SINCE_WHEN", "mike", until);
    assert_eq!(consents(three.paul).await, json!([hearing]));
}

#[both]
async fn a_stranger_finds_neither_request_nor_telling(app: TestApp) {
    let three = Three::agree(&app).await;
    let sam = app.member("sam").await;
    crate::peerings::in_a_circle(&app, &[sam, three.mike]).await;
    let asked = requests(&app, three.paul).await[0]["id"].clone();
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let told = tellings(&app, three.paul).await[0]["id"].clone();
    for who in [sam, three.host] {
        assert_eq!(node(&app, who, &asked).await, json!(null));
        assert_eq!(node(&app, who, &told).await, json!(null));
        let refused = answer(&app, who, &asked, false).await;
        assert_eq!(problems(&refused), problem("NOT_FOUND", "input.requestId"));
        assert_eq!(refused["request"], json!(null));
    }
    assert_eq!(ladder(&app, sam).await, json!(null));
    // Nor can the owner of the ladder answer for the recipient.
    let refused = answer(&app, three.mike, &asked, false).await;
    assert_eq!(problems(&refused), problem("NOT_FOUND", "input.requestId"));
    assert_eq!(node(&app, three.mike, &told).await["id"], told);
}

#[both]
async fn the_words_of_a_ladder_are_stored_encrypted(app: TestApp) {
    use sea_orm::EntityTrait as _;
    let three = Three::agree(&app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let db = app.app.db.pool();
    let rungs = entity::ladder_rung::Entity::find().all(db).await.unwrap();
    let told = entity::ladder_telling::Entity::find()
        .all(db)
        .await
        .unwrap();
    let kept: Vec<Vec<u8>> = rungs
        .into_iter()
        .filter_map(|rung| rung.words)
        .chain(told.into_iter().filter_map(|telling| telling.words))
        .collect();
    assert_eq!(kept.len(), 4);
    for words in kept {
        let words = String::from_utf8_lossy(&words).into_owned();
        assert!(!words.contains("ring") && !words.contains("kettle"));
    }
    let read = ladder(&app, three.mike).await;
    assert_eq!(read["rungs"][1]["words"], "If you read this, ring me.");
}
