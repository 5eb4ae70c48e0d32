//! Every sign of the member resets the ladder.

use serde_json::{Value, json};
use support::{TestApp, both};

use super::{Three, all_right, at, check_in, log, steps, utc};
use crate::pacts;

/// Asserts the steps of a ladder that was reset on Thursday, 12 March.
async fn assert_reset_on_thursday(app: &TestApp, three: &Three) {
    let expected = [
        at("OWN", "2026-03-14T09:00:00.000Z"),
        at("PARTNER", "2026-03-16T09:00:00.000Z"),
        at("FACILITATOR", "2026-03-18T09:00:00.000Z"),
    ];
    assert_eq!(steps(app, three.mike).await, expected);
}

/// Mike was last seen on Tuesday; it is Thursday noon, and he has received his note.
async fn quiet(app: &TestApp) -> Three {
    let three = Three::agree(app).await;
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    assert_eq!(log(app, three.mike).await.len(), 1);
    assert_eq!(steps(app, three.mike).await.len(), 2);
    three
}

#[both]
async fn any_check_in_resets_the_ladder(app: TestApp) {
    let three = quiet(&app).await;
    check_in(&app, three.mike, "2026-03-12").await;
    assert_reset_on_thursday(&app, &three).await;
    app.travel(utc("2026-03-13T12:00:00Z")).await;
    // A late check-in for Wednesday: Mike was seen on Friday, which is not over.
    check_in(&app, three.mike, "2026-03-11").await;
    let first = at("OWN", "2026-03-15T09:00:00.000Z");
    assert_eq!(steps(&app, three.mike).await[0], first);
    // An edit.
    let query = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let id = app.app.ids.next::<uuid::Uuid>();
    let input = |mood| json!({ "input": { "id": id, "localDate": "2026-03-14", "mood": mood } });
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    app.as_member(three.mike, query, input(3)).await.ok();
    let first = at("OWN", "2026-03-16T09:00:00.000Z");
    assert_eq!(steps(&app, three.mike).await[0], first);
    app.travel(utc("2026-03-15T02:00:00Z")).await;
    app.as_member(three.mike, query, input(4)).await.ok();
    assert_eq!(steps(&app, three.mike).await[0], first);
}

#[both]
async fn any_change_of_pauses_or_weekdays_resets_the_ladder(app: TestApp) {
    let three = quiet(&app).await;
    let pause = "mutation($id: UUID!, $day: Date!) { startPause(input: { id: $id, firstDate: $day,
        lastDate: $day }) { pause { id } errors { code } } }";
    let start = async |day: &str| {
        let id = app.app.ids.next::<uuid::Uuid>();
        let answer = app
            .as_member(three.mike, pause, json!({ "id": id, "day": day }))
            .await;
        answer.at("/startPause/pause/id")
    };
    // Also a pause in the past.
    let one = start("2026-03-11").await;
    assert_reset_on_thursday(&app, &three).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await.len(), 2);
    let today = start("2026-03-14").await;
    let first = at("OWN", "2026-03-16T09:00:00.000Z");
    assert_eq!(steps(&app, three.mike).await[0], first);
    app.travel(utc("2026-03-16T12:00:00Z")).await;
    let end = "mutation($id: ID!) { endPause(input: { pauseId: $id }) { errors { code } } }";
    // Both pauses are over, so ending them changes nothing.
    for over in [one, today] {
        app.as_member(three.mike, end, json!({ "id": over }))
            .await
            .ok();
    }
    assert_eq!(steps(&app, three.mike).await.len(), 2);
    let days = "mutation { setCheckInDays(input: { days: [MONDAY, TUESDAY, WEDNESDAY] }) {
        errors { code } } }";
    app.as_member(three.mike, days, json!({})).await.ok();
    let expected = [
        at("OWN", "2026-03-18T09:00:00.000Z"),
        at("PARTNER", "2026-03-24T09:00:00.000Z"),
        at("FACILITATOR", "2026-03-26T09:00:00.000Z"),
    ];
    assert_eq!(steps(&app, three.mike).await, expected);
}

#[both]
async fn saying_all_right_resets_the_ladder(app: TestApp) {
    let three = quiet(&app).await;
    all_right(&app, three.mike).await;
    assert_reset_on_thursday(&app, &three).await;
    all_right(&app, three.mike).await;
    assert_reset_on_thursday(&app, &three).await;
    // Also the answer to a partner's nudge.
    let pact = pacts::agreed(&app, three.mike, three.paul, &three.peering).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    for (word, first) in [
        ("ROUGH_DAY", at("PARTNER", "2026-03-16T09:00:00.000Z")),
        ("ALL_RIGHT", at("OWN", "2026-03-16T09:00:00.000Z")),
    ] {
        let nudge = pacts::nudged(&app, three.paul, &pact).await;
        let answer = json!({ "nudgeId": nudge["id"], "answer": word });
        let payload = pacts::nudge(&app, three.mike, "answerPactNudge", &answer).await;
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(steps(&app, three.mike).await[0], first);
    }
    // A member without a ladder can say so, too.
    all_right(&app, three.paul).await;
}

#[both]
async fn what_the_phone_does_by_itself_does_not_reset_the_ladder(app: TestApp) {
    let three = quiet(&app).await;
    let before = steps(&app, three.mike).await;
    app.register(three.mike, "mikes").await;
    let read = "mutation($ids: [ID!]) { markNotificationsRead(input: { notificationIds: $ids }) {
        errors { code } } }";
    app.as_member(three.mike, read, json!({ "ids": [] }))
        .await
        .ok();
    let zone = "mutation { updateProfile(input: { timeZone: \"Europe/Dublin\" }) {
        errors { code } } }";
    app.as_member(three.mike, zone, json!({})).await.ok();
    assert_eq!(steps(&app, three.mike).await, before);
}

#[both]
async fn nothing_is_told_twice_about_the_same_days(app: TestApp) {
    let three = quiet(&app).await;
    app.travel(utc("2026-04-30T12:00:00Z")).await;
    assert_eq!(log(&app, three.mike).await.len(), 3);
    check_in(&app, three.mike, "2026-04-30").await;
    app.travel(utc("2026-06-30T12:00:00Z")).await;
    let log = log(&app, three.mike).await;
    let kinds: Vec<&str> = log.iter().map(|(kind, _)| kind.as_str()).collect();
    let once = ["FACILITATOR", "PARTNER", "OWN"];
    assert_eq!(kinds, [once, once].concat());
    let none: Value = super::ladder(&app, three.mike).await["ifYouStopToday"].clone();
    assert_eq!(none, json!([]));
}
