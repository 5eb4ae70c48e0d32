//! Who is told that the member is back, and who is not.

use serde_json::json;
use support::{TestApp, both};

use super::{
    Three, agreed, all_right, answer, at, check_in, inbox, ladder, log, requests, steps, tellings,
    utc, written,
};
use crate::account;
use crate::peerings::{leave, partners};
use crate::profile::hide;

/// Three whose ladder has told the partner.
async fn partner_was_told(app: &TestApp) -> Three {
    let three = Three::agree(app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(inbox(app, three.paul).await, ["WENT_QUIET"]);
    three
}

#[both]
async fn a_recipient_who_withdrew_consent_is_not_told_of_the_return(app: TestApp) {
    let three = partner_was_told(&app).await;
    let id = requests(&app, three.paul).await[0]["id"].clone();
    answer(&app, three.paul, &id, false).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
}

#[both]
async fn a_former_partner_is_not_told_of_the_return(app: TestApp) {
    let three = partner_was_told(&app).await;
    leave(&app, three.paul, "endPeering", &three.peering).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
    // In Mike's own log the telling is over.
    let over = "{ me { ladderLog(first: 1) { nodes { kind overAt } } } }";
    let over = app.as_member(three.mike, over, json!({})).await;
    let entry = json!([{ "kind": "PARTNER", "overAt": "2026-03-14T12:00:00.000Z" }]);
    assert_eq!(over.at("/me/ladderLog/nodes"), entry);
}

#[both]
async fn nobody_is_told_of_the_return_of_a_hidden_member(app: TestApp) {
    let three = partner_was_told(&app).await;
    hide(&app, three.mike, true).await;
    check_in(&app, three.mike, "2026-03-14").await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
}

#[both]
async fn a_recipient_who_read_it_at_night_is_told_of_the_return(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.paul, "pauls").await;
    let zone = "mutation { updateProfile(input: { timeZone: \"America/Los_Angeles\" }) {
        errors { code } } }";
    app.as_member(three.paul, zone, json!({})).await.ok();
    // It is night in the partner's zone: the telling is in his inbox, and by morning he has withdrawn his consent.
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
async fn what_a_removed_rung_told_is_over(app: TestApp) {
    let three = partner_was_told(&app).await;
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
async fn a_recipient_who_undoes_his_deletion_is_told_after_all(app: TestApp) {
    let mike = app.member("mike").await;
    let paul = account::join(&app, "paul@example.org", "paul").await;
    let paul = account::signed_in(&app, &paul);
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
    // Undoing the deletion resets the member's own ladder.
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
async fn a_new_peering_needs_a_new_request(app: TestApp) {
    let three = partner_was_told(&app).await;
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
