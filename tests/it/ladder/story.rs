//! A member stops checking in, and his ladder is climbed step by step.

use chrono::TimeDelta;
use serde_json::json;
use support::{TestApp, both};

use super::{
    Three, agreed, all_right, at, check_in, inbox, ladder, log, requests, set_clock, steps,
    tellings, utc, written,
};
use crate::profile::hide;

#[both]
async fn a_quiet_member_gets_a_note_and_then_the_chosen_recipients_are_told(app: TestApp) {
    let three = Three::meet(&app).await;
    let (mike, paul, host) = (three.mike, three.paul, three.host);
    // It is Tuesday, and Mike has checked in.
    check_in(&app, mike, "2026-03-10").await;
    let made = written(&app, mike, &three.ladder()).await;
    assert_eq!(made["version"], 1);
    let if_he_stops = json!([
        { "kind": "OWN", "at": "2026-03-12T09:00:00.000Z", "member": null, "agreed": true },
        { "kind": "PARTNER", "at": "2026-03-14T09:00:00.000Z", "member": { "handle": "paul" },
            "agreed": false },
        { "kind": "FACILITATOR", "at": "2026-03-16T09:00:00.000Z", "member": { "handle": "host" },
            "agreed": false },
    ]);
    assert_eq!(made["ifYouStopToday"], if_he_stops);
    let asked = requests(&app, paul).await;
    assert_eq!(asked[0]["member"]["handle"], "mike");
    assert_eq!(asked[0]["kind"], "PARTNER");
    assert_eq!(asked[0]["tells"], "SINCE_WHEN");
    assert_eq!(asked[0]["agreedAt"], json!(null));
    agreed(&app, paul).await;
    agreed(&app, host).await;
    let read = ladder(&app, mike).await;
    assert_eq!(read["rungs"][1]["agreedAt"], "2026-03-10T12:00:00.000Z");
    assert_eq!(read["ifYouStopToday"][1]["agreed"], true);

    app.travel(utc("2026-03-12T08:59:59Z")).await;
    assert_eq!(log(&app, mike).await, []);
    app.travel(utc("2026-03-14T08:59:59Z")).await;
    let own = at("OWN", "2026-03-12T09:00:00.000Z");
    assert_eq!(log(&app, mike).await, std::slice::from_ref(&own));
    assert_eq!(tellings(&app, paul).await, [json!(null); 0]);
    // Mike reads his own note.
    let note = "{ me { notifications { nodes { kind subjectId } } } }";
    let note = app.as_member(mike, note, json!({})).await;
    let note = note.at("/me/notifications/nodes/0");
    assert_eq!(note["kind"], "LADDER_NOTE");
    let read =
        "query($id: ID!) { node(id: $id) { ... on LadderTelling { words told { handle } } } }";
    let read = app.as_member(mike, read, json!({ "id": note["subjectId"] }));
    let read = read.await.at("/node");
    assert_eq!(read, json!({ "words": "The kettle first.", "told": null }));
    let partner = at("PARTNER", "2026-03-14T09:00:00.000Z");
    let facilitator = at("FACILITATOR", "2026-03-16T09:00:00.000Z");
    assert_eq!(
        steps(&app, mike).await,
        [partner.clone(), facilitator.clone()]
    );

    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(log(&app, mike).await, [facilitator, partner, own]);
    let told = tellings(&app, paul).await;
    let expected = json!({
        "id": told[0]["id"], "kind": "PARTNER", "member": { "handle": "mike" },
        "told": { "handle": "paul" }, "quietSince": "2026-03-11",
        "words": "If you read this, ring me.", "toldAt": "2026-03-14T09:00:00.000Z", "isOver": false,
    });
    assert_eq!(told, [expected]);
    // The facilitator is told no more than Mike chose.
    let told = tellings(&app, host).await;
    assert_eq!(told[0]["quietSince"], json!(null));
    assert_eq!(told[0]["words"], json!(null));
    // There are no further steps.
    assert_eq!(steps(&app, mike).await, []);
}

#[both]
async fn a_push_reveals_nothing_about_the_member(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.mike, "one-phone").await;
    app.register(three.paul, "another-phone").await;
    app.drain().await;
    let before = app.outbox().len();
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let sent = app.outbox();
    let sent: Vec<_> = sent[before..]
        .iter()
        .map(|sent| serde_json::to_value(sent).unwrap())
        .collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
    // The phrases of ordinary pushes.
    let phrases = ["nudge_check_in_reminder", "nudge_hello"];
    for (push, phrase) in sent.iter().zip(phrases) {
        let text = push.to_string();
        assert!(text.contains(phrase), "{text}");
        for word in ["mike", "ring me", "quiet", "2026-03-11", "PARTNER"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

#[both]
async fn a_recipient_who_was_told_is_told_of_the_return(app: TestApp) {
    let three = Three::agree(&app).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(inbox(&app, three.paul).await[0], "WENT_QUIET");
    check_in(&app, three.mike, "2026-03-14").await;
    app.drain().await;
    assert_eq!(
        inbox(&app, three.paul).await[..2],
        ["BACK_AGAIN", "WENT_QUIET"]
    );
    // A recipient who was never told gets nothing.
    assert!(
        !inbox(&app, three.host)
            .await
            .contains(&"BACK_AGAIN".to_owned())
    );
    let told = tellings(&app, three.paul).await;
    assert_eq!(told[0]["isOver"], true);
    // The ladder starts over.
    let first = at("OWN", "2026-03-16T09:00:00.000Z");
    assert_eq!(steps(&app, three.mike).await[0], first);
    app.travel(utc("2026-03-18T12:00:00Z")).await;
    assert_eq!(tellings(&app, three.paul).await.len(), 2);
    assert_eq!(inbox(&app, three.paul).await[0], "WENT_QUIET");
}

#[both]
async fn a_telling_waits_for_the_morning_and_is_dropped_if_the_member_is_back(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.paul, "pauls").await;
    let zone = "mutation { updateProfile(input: { timeZone: \"America/Los_Angeles\" }) {
        errors { code } } }";
    app.as_member(three.paul, zone, json!({})).await.ok();
    // Nine in London is two at night for the partner.
    app.travel(utc("2026-03-14T10:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await.len(), 2);
    // The telling is in his inbox, without a push.
    assert_eq!(inbox(&app, three.paul).await, ["WENT_QUIET"]);
    let before = app.outbox().len();
    all_right(&app, three.mike).await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    // In the morning only the good news is pushed.
    assert_eq!(inbox(&app, three.paul).await, ["BACK_AGAIN", "WENT_QUIET"]);
    let pushed = serde_json::to_string(&app.outbox()[before..]).unwrap();
    assert!(pushed.contains("nudge_good_news"), "{pushed}");
    assert!(!pushed.contains("nudge_hello"), "{pushed}");
}

#[both]
async fn after_an_outage_the_member_has_a_day_to_answer_first(app: TestApp) {
    let three = Three::agree(&app).await;
    set_clock(&app, "2026-03-19T15:00:00Z");
    app.drain().await;
    // A step happens only at the member's chosen time.
    assert_eq!(log(&app, three.mike).await, []);
    let own = at("OWN", "2026-03-20T09:00:00.000Z");
    let partner = at("PARTNER", "2026-03-21T09:00:00.000Z");
    let facilitator = at("FACILITATOR", "2026-03-22T09:00:00.000Z");
    let expected = [own.clone(), partner.clone(), facilitator.clone()];
    assert_eq!(steps(&app, three.mike).await, expected);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await, std::slice::from_ref(&own));
    app.travel(utc("2026-03-21T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await, [partner.clone(), own.clone()]);
    app.travel(utc("2026-03-22T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await, [facilitator, partner, own]);
}

#[both]
async fn a_ladder_follows_the_members_time_zone(app: TestApp) {
    let three = Three::agree(&app).await;
    let zone = "mutation($zone: TimeZone!) { updateProfile(input: { timeZone: $zone }) {
        errors { code } } }";
    let travel = async |zone_name: &str| {
        let variables = json!({ "zone": zone_name });
        app.as_member(three.mike, zone, variables).await.ok();
    };
    app.advance(TimeDelta::hours(10));
    travel("America/New_York").await;
    // On Thursday, at nine in New York.
    let first = at("OWN", "2026-03-12T13:00:00.000Z");
    assert_eq!(steps(&app, three.mike).await[0], first);
    app.travel(utc("2026-03-12T20:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await, std::slice::from_ref(&first));
    travel("Europe/London").await;
    app.travel(utc("2026-03-14T10:00:00Z")).await;
    let second = at("PARTNER", "2026-03-14T09:00:00.000Z");
    assert_eq!(log(&app, three.mike).await, [second, first]);
}

#[both]
async fn days_off_and_pauses_do_not_count(app: TestApp) {
    let three = Three::agree(&app).await;
    let days = "mutation { setCheckInDays(input: { days: [MONDAY, WEDNESDAY, FRIDAY] }) {
        errors { code } } }";
    app.as_member(three.mike, days, json!({})).await.ok();
    let expected = [
        at("OWN", "2026-03-12T09:00:00.000Z"),
        at("PARTNER", "2026-03-17T09:00:00.000Z"),
        at("FACILITATOR", "2026-03-21T09:00:00.000Z"),
    ];
    assert_eq!(steps(&app, three.mike).await, expected);
    let pause = "mutation($id: UUID!) { startPause(input: { id: $id, firstDate: \"2026-03-13\",
        lastDate: \"2026-03-19\" }) { pause { id } errors { code } } }";
    let id = json!({ "id": app.app.ids.next::<uuid::Uuid>() });
    let made = app.as_member(three.mike, pause, id).await;
    let pause = made.at("/startPause/pause/id");
    // Wednesday, Friday the 20th and Monday the 23rd.
    let expected = [
        at("OWN", "2026-03-12T09:00:00.000Z"),
        at("PARTNER", "2026-03-24T09:00:00.000Z"),
        at("FACILITATOR", "2026-03-28T09:00:00.000Z"),
    ];
    assert_eq!(steps(&app, three.mike).await, expected);
    app.travel(utc("2026-03-18T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await, expected[..1]);
    // Mike ends the pause early, on a Wednesday.
    let end = "mutation($id: ID!) { endPause(input: { pauseId: $id }) { errors { code } } }";
    app.as_member(three.mike, end, json!({ "id": pause }))
        .await
        .ok();
    let expected = [
        at("OWN", "2026-03-21T09:00:00.000Z"),
        at("PARTNER", "2026-03-26T09:00:00.000Z"),
        at("FACILITATOR", "2026-03-31T08:00:00.000Z"),
    ];
    assert_eq!(steps(&app, three.mike).await, expected);
    app.travel(utc("2026-04-01T12:00:00Z")).await;
    assert_eq!(
        log(&app, three.mike).await[..3],
        [
            expected[2].clone(),
            expected[1].clone(),
            expected[0].clone(),
        ]
    );
}

#[both]
async fn a_member_is_quiet_since_a_day_that_was_planned(app: TestApp) {
    let three = Three::agree(&app).await;
    let pause = "mutation($id: UUID!) { startPause(input: { id: $id, firstDate: \"2026-03-11\",
        lastDate: \"2026-03-20\" }) { errors { code } } }";
    let id = json!({ "id": app.app.ids.next::<uuid::Uuid>() });
    app.as_member(three.mike, pause, id).await.ok();
    app.travel(utc("2026-03-24T12:00:00Z")).await;
    let told = tellings(&app, three.paul).await;
    assert_eq!(told[0]["quietSince"], "2026-03-21");
    assert_eq!(told[0]["toldAt"], "2026-03-24T09:00:00.000Z");
}

#[both]
async fn the_ladder_of_a_hidden_member_stops(app: TestApp) {
    let three = Three::agree(&app).await;
    hide(&app, three.mike, true).await;
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    hide(&app, three.mike, false).await;
    assert_eq!(log(&app, three.mike).await, []);
    // A hidden partner is skipped.
    all_right(&app, three.mike).await;
    hide(&app, three.paul, true).await;
    app.travel(utc("2026-03-27T12:00:00Z")).await;
    let told: Vec<_> = log(&app, three.mike)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(told, ["FACILITATOR", "OWN"]);
}
