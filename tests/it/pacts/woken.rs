//! Requests at night: whether they may wait until morning, and which partners can be woken.

use api::notification_kind::Category;
use api::viewer::SignedIn;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{agreed, nudge, nudged, proposal, send, sent};
use crate::peerings::partners;
use crate::quiet_hours::spread_after;
use crate::reminders::pushed;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Makes a pact in which Mike shares his words with Paul, who has a phone.
async fn partners_with_pact(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    let pact = agreed(app, mike, paul, &peering).await;
    let words = json!({ "pactId": pact, "sharing": "WORDS" });
    sent(app, mike, "updatePactSide", words).await;
    app.register(paul, "pauls-phone").await;
    app.drain().await;
    (mike, paul, pact)
}

/// Checks in and asks for a word. Returns `mayWaitUntilMorning`.
async fn asks_for_a_word(app: &TestApp, who: SignedIn, visibility: &str) -> Value {
    let query = "mutation($input: CheckInInput!) { checkIn(input: $input) {
        mayWaitUntilMorning errors { code } } }";
    let input =
        json!({ "id": app.app.ids.next::<Uuid>(), "wantsAWord": true, "visibility": visibility });
    let answer = app.as_member(who, query, json!({ "input": input })).await;
    let payload = answer.at("/checkIn");
    assert_eq!(payload["errors"], json!([]));
    payload["mayWaitUntilMorning"].clone()
}

async fn set_can_be_woken(app: &TestApp, who: SignedIn, pact: &Value, can: bool) {
    let input = json!({ "pactId": pact, "canBeWoken": can });
    sent(app, who, "updatePactSide", input).await;
}

async fn may_wait(app: &TestApp, who: SignedIn, pact: &Value) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Pact { mayWaitUntilMorning
        yourSide { canBeWoken } partnerSide { canBeWoken } } } }";
    let answer = app.as_member(who, query, json!({ "id": pact })).await;
    answer.at("/node")
}

#[both]
async fn a_request_at_night_waits_unless_the_partner_can_be_woken(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let before = pushed(&app).len();
    app.travel(utc("2026-03-10T22:30:00Z")).await;
    assert_eq!(asks_for_a_word(&app, mike, "PARTNER").await, true);
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let morning = spread_after(paul, Category::Contacts, "2026-03-11T07:00:00Z");
    assert_eq!(pushed(&app)[before..], [morning]);

    set_can_be_woken(&app, paul, &pact, true).await;
    app.travel(utc("2026-03-11T22:30:00Z")).await;
    assert_eq!(asks_for_a_word(&app, mike, "PARTNER").await, false);
    app.drain().await;
    assert_eq!(pushed(&app)[before + 1..], ["2026-03-11T22:30:00Z"]);
}

#[both]
async fn each_partner_decides_whether_they_can_be_woken(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let sides = |yours: bool, his: bool| json!([{ "canBeWoken": yours }, { "canBeWoken": his }]);
    let seen_by = async |who| {
        let seen = may_wait(&app, who, &pact).await;
        json!([seen["yourSide"], seen["partnerSide"]])
    };
    assert_eq!(seen_by(mike).await, sides(false, false));
    // Mike sets only his own side: it does not say that Paul can be woken.
    set_can_be_woken(&app, mike, &pact, true).await;
    assert_eq!(seen_by(paul).await, sides(false, true));
    app.travel(utc("2026-03-10T22:30:00Z")).await;
    let before = pushed(&app).len();
    set_can_be_woken(&app, paul, &pact, true).await;
    set_can_be_woken(&app, paul, &pact, false).await;
    assert_eq!(seen_by(paul).await, sides(false, true));
    assert_eq!(asks_for_a_word(&app, mike, "PARTNER").await, true);
    app.drain().await;
    assert_eq!(pushed(&app).len(), before);

    // A repeated proposal or answer with the same value succeeds. Another value is a conflict.
    let sam = app.member("sam").await;
    let peering = partners(&app, mike, sam).await;
    let mut input = proposal(&app, &peering);
    input["canBeWoken"] = json!(true);
    let pact = sent(&app, mike, "proposePact", input.clone()).await;
    assert_eq!(sent(&app, mike, "proposePact", input.clone()).await, pact);
    input["canBeWoken"] = json!(false);
    let other = send(&app, mike, "proposePact", input).await;
    assert_eq!(other["errors"][0]["code"], "CONFLICT");
    let yes = json!({ "pactId": pact["id"], "accept": true, "canBeWoken": true });
    for _ in 0..2 {
        sent(&app, sam, "answerPact", yes.clone()).await;
    }
    let seen = may_wait(&app, sam, &pact["id"]).await;
    assert_eq!(
        json!([seen["yourSide"], seen["partnerSide"]]),
        sides(true, true)
    );
}

#[both]
async fn an_answer_to_a_nudge_is_not_held_at_night(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    app.travel(utc("2026-03-10T21:30:00Z")).await;
    let id = nudged(&app, paul, &pact).await["id"].clone();
    app.travel(utc("2026-03-10T23:00:00Z")).await;
    let before = pushed(&app).len();
    let call = json!({ "nudgeId": id, "answer": "CALL_ME" });
    let answered = nudge(&app, mike, "answerPactNudge", &call).await;
    assert_eq!(answered["errors"], json!([]));
    app.drain().await;
    assert_eq!(pushed(&app)[before..], ["2026-03-10T23:00:00Z"]);
}

#[both]
async fn the_sender_is_shown_before_and_after_that_a_request_may_wait(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let id = nudged(&app, paul, &pact).await["id"].clone();
    let hello = json!({ "id": app.app.ids.next::<Uuid>(), "pactId": pact, "says": { "template": "JUST_HELLO" } });
    let sends = |document: &str, input: &Value| {
        let document = format!("mutation($input: {document} {{ mayWaitUntilMorning }} }}");
        let input = json!({ "input": input });
        let app = &app;
        async move {
            let answer = app.as_member(mike, &document, input).await;
            answer.at("/payload/mayWaitUntilMorning")
        }
    };
    let nudges = "SendPactNudgeInput!) { payload: sendPactNudge(input: $input)";
    let answers = "AnswerPactNudgeInput!) { payload: answerPactNudge(input: $input)";
    let call = json!({ "nudgeId": id, "answer": "CALL_ME" });
    for (at, waits) in [
        ("2026-03-10T21:59:59Z", false),
        ("2026-03-10T22:00:00Z", true),
    ] {
        app.app.clock.set(utc(at)).unwrap();
        assert_eq!(
            may_wait(&app, mike, &pact).await["mayWaitUntilMorning"],
            waits
        );
        assert_eq!(sends(nudges, &hello).await, waits);
        assert_eq!(sends(answers, &call).await, waits);
    }
    // A private check-in asks nobody.
    assert_eq!(asks_for_a_word(&app, mike, "PRIVATE").await, json!(null));
    app.advance(TimeDelta::days(1));
    set_can_be_woken(&app, paul, &pact, true).await;
    assert_eq!(
        may_wait(&app, mike, &pact).await["mayWaitUntilMorning"],
        false
    );
    assert_eq!(asks_for_a_word(&app, mike, "PARTNER").await, false);
    // With two partners it waits only if it is night for both.
    let sam = app.member("sam").await;
    let peering = partners(&app, mike, sam).await;
    let other = agreed(&app, mike, sam, &peering).await;
    let words = json!({ "pactId": other, "sharing": "WORDS" });
    sent(&app, mike, "updatePactSide", words).await;
    set_can_be_woken(&app, paul, &pact, false).await;
    let there = json!({ "timeZone": "Asia/Tokyo" });
    for (zone, waits) in [(Some(there), false), (None, true)] {
        app.advance(TimeDelta::days(1));
        let zone = zone.unwrap_or(json!({ "timeZone": "Europe/London" }));
        crate::profile::update(&app, sam, zone).await;
        assert_eq!(asks_for_a_word(&app, mike, "PARTNER").await, waits);
    }
}

#[both]
async fn only_partners_of_an_active_pact_see_whether_a_request_may_wait(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    let sam = app.member("sam").await;
    app.travel(utc("2026-03-10T23:00:00Z")).await;
    assert_eq!(may_wait(&app, sam, &pact).await, json!(null));
    let peering = partners(&app, mike, sam).await;
    let asked = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    for who in [mike, sam] {
        let seen = may_wait(&app, who, &asked["id"]).await;
        assert_eq!(seen["mayWaitUntilMorning"], json!(null));
    }
    let hello = json!({ "id": app.app.ids.next::<Uuid>(), "pactId": pact, "says": { "template": "JUST_HELLO" } });
    let document = "mutation($input: SendPactNudgeInput!) { sendPactNudge(input: $input) {
        mayWaitUntilMorning errors { code } } }";
    let refused = app
        .as_member(sam, document, json!({ "input": hello }))
        .await;
    let expected = json!({ "mayWaitUntilMorning": null, "errors": [{ "code": "NOT_FOUND" }] });
    assert_eq!(refused.at("/sendPactNudge"), expected);
    // It is not shown of a partner whose account is being deleted either.
    crate::profile::hide(&app, paul, true).await;
    assert_eq!(may_wait(&app, mike, &pact).await, json!(null));
}
