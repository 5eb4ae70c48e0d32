//! Who hears that he is back, and who does not.

use serde_json::json;
use support::{TestApp, both};

use super::{
    Three, agreed, all_right, answer, at, check_in, inbox, ladder, log, requests, steps, tellings,
    utc, written,
};
use crate::account;
use crate::peerings::{leave, partners};
use crate::profile::hide;

async fn told(app: &TestApp) -> Three {
    let three = Three::agree(app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(inbox(app, three.paul).await, ["WENT_QUIET"]);
    three
}

#[both]
async fn whoever_does_not_agree_any_more_does_not_hear_that_he_is_back(app: TestApp) {
    let three = told(&app).await;
    let id = requests(&app, three.paul).await[0]["id"].clone();
    answer(&app, three.paul, &id, false).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
}

#[both]
async fn a_former_partner_does_not(app: TestApp) {
    let three = told(&app).await;
    leave(&app, three.paul, "endPeering", &three.peering).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
    // To the man himself it is over.
    let over = "{ me { ladderLog(first: 1) { nodes { kind overAt } } } }";
    let over = app.as_member(three.mike, over, json!({})).await;
    let entry = json!([{ "kind": "PARTNER", "overAt": "2026-03-14T12:00:00.000Z" }]);
    assert_eq!(over.at("/me/ladderLog/nodes"), entry);
}

#[both]
async fn nobody_hears_of_a_man_who_is_leaving(app: TestApp) {
    let three = told(&app).await;
    hide(&app, three.mike, true).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
}

#[both]
async fn whoever_read_it_at_night_hears_the_end_of_it(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.paul, "pauls").await;
    let zone = "mutation { updateProfile(input: { timeZone: \"America/Los_Angeles\" }) {
        errors { code } } }";
    app.as_member(three.paul, zone, json!({})).await.ok();
    // It is night where he is: it is in his inbox, and when it is day he does not agree any more.
    app.travel(utc("2026-03-14T10:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
    let before = app.outbox().len();
    let id = requests(&app, three.paul).await[0]["id"].clone();
    answer(&app, three.paul, &id, false).await;
    app.travel(utc("2026-03-14T18:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await.len(), 2);
    assert_eq!(app.outbox().len(), before);
    answer(&app, three.paul, &id, true).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T18:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["BACK_AGAIN", "WENT_QUIET"]);
}

#[both]
async fn what_a_rung_told_is_over_also_when_it_was_taken_down(app: TestApp) {
    let three = told(&app).await;
    let sam = app.member("sam").await;
    let mut other = three.ladder();
    other["partner"]["peeringId"] = partners(&app, three.mike, sam).await;
    written(&app, three.mike, &other).await;
    let over = "{ me { ladderLog { nodes { overAt } } } }";
    let over = app.as_member(three.mike, over, json!({})).await;
    let both =
        json!([{ "overAt": "2026-03-14T12:00:00.000Z" }, { "overAt": "2026-03-14T12:00:00.000Z" }]);
    assert_eq!(over.at("/me/ladderLog/nodes"), both);
    app.travel(utc("2026-03-16T12:00:00Z")).await;
    all_right(&app, three.mike).await;
    app.drain().await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
}

#[both]
async fn a_man_who_comes_back_is_told_after_all(app: TestApp) {
    let mike = app.member("mike").await;
    let paul = account::join(&app, "paul@example.org", "paul").await;
    let paul = account::who(&app, &paul);
    let peering = partners(&app, mike, paul).await;
    let rung = json!({ "peeringId": peering, "afterDays": 3, "tells": "QUIET" });
    written(
        &app,
        mike,
        &json!({ "localTime": "09:00", "partner": rung }),
    )
    .await;
    agreed(&app, paul).await;
    let delete = "mutation($word: String!) { deleteAccount(input: { passphrase: $word }) {
        errors { code } } }";
    let word = json!({ "word": account::PASSPHRASE });
    let deleted = app.as_member(paul, delete, word).await;
    assert_eq!(deleted.at("/deleteAccount/errors"), json!([]));
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(log(&app, mike).await, []);
    let undo = "mutation { undoAccountDeletion { errors { code } } }";
    let undone = app.as_member(paul, undo, json!({})).await;
    assert_eq!(undone.at("/undoAccountDeletion/errors"), json!([]));
    app.travel(utc("2026-03-16T12:00:00Z")).await;
    let told = tellings(&app, paul).await;
    assert_eq!(told[0]["toldAt"], "2026-03-16T09:00:00.000Z");
    // Whose ladder it is shows that he is here when he comes back himself.
    let word = json!({ "word": account::PASSPHRASE });
    let own = json!({ "localTime": "09:00", "own": { "afterDays": 1 } });
    written(&app, paul, &own).await;
    app.as_member(paul, delete, word).await.ok();
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    app.as_member(paul, undo, json!({})).await.ok();
    assert_eq!(log(&app, paul).await, []);
    let first = at("OWN", "2026-03-22T09:00:00.000Z");
    assert_eq!(steps(&app, paul).await, [first]);
}

#[both]
async fn partners_anew_are_asked_anew(app: TestApp) {
    let three = told(&app).await;
    leave(&app, three.paul, "endPeering", &three.peering).await;
    app.advance(chrono::TimeDelta::days(31));
    let peering = partners(&app, three.mike, three.paul).await;
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    let mut anew = three.ladder();
    anew["partner"]["peeringId"] = peering;
    let made = written(&app, three.mike, &anew).await;
    assert_eq!(made["rungs"][1]["agreedAt"], json!(null));
    assert_eq!(tellings(&app, three.paul).await, [json!(null); 0]);
    assert_eq!(steps(&app, three.mike).await.len(), 3);
    assert_ne!(ladder(&app, three.mike).await, json!(null));
}
