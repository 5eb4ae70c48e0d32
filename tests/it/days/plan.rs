//! Weekdays, pauses, and the hour at which days begin: what a member sees of them.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

fn id(app: &TestApp) -> Uuid {
    app.app.ids.next()
}

const PROGRESS: &str = "progress { today currentRun longestRun returns reserveDays nextMilestone standing daysShownUp }";

async fn progress(app: &TestApp, who: SignedIn) -> Value {
    let query = format!("{{ me {{ {PROGRESS} }} }}");
    app.as_member(who, &query, json!({}))
        .await
        .at("/me/progress")
}

#[both]
async fn chosen_weekdays_apply_from_today_or_from_tomorrow(app: TestApp) {
    let mike = app.member("mike").await;
    let all = app
        .as_member(mike, "{ me { checkInDays } }", json!({}))
        .await;
    assert_eq!(all.at("/me/checkInDays").as_array().unwrap().len(), 7);

    let none = app
        .mutate(mike, "setCheckInDays", json!({ "days": [] }), "")
        .await;
    assert_eq!(
        none["errors"],
        json!([{ "code": "REQUIRED", "path": ["input", "days"] }])
    );
    // Today is a Tuesday.
    let input = json!({ "days": ["FRIDAY", "MONDAY", "FRIDAY"] });
    let wanted = format!("me {{ checkInDays {PROGRESS} }}");
    let set = app
        .mutate(mike, "setCheckInDays", input.clone(), &wanted)
        .await;
    assert_eq!(set["me"]["checkInDays"], json!(["MONDAY", "FRIDAY"]));
    let days = "{ me { progress { days { date state } } } }";
    app.mutate(mike, "checkIn", json!({ "id": id(&app) }), "")
        .await;
    // Today has a check-in, so the choice applies from tomorrow. Sent again, it changes nothing.
    let daily = json!({ "days": ["TUESDAY", "WEDNESDAY"] });
    for _ in 0..2 {
        let set = app
            .mutate(mike, "setCheckInDays", daily.clone(), "me { checkInDays }")
            .await;
        assert_eq!(set["me"]["checkInDays"], json!(["TUESDAY", "WEDNESDAY"]));
    }
    app.advance(TimeDelta::days(3));
    let shown = app
        .as_member(mike, days, json!({}))
        .await
        .at("/me/progress/days");
    let shown: Vec<&Value> = shown.as_array().unwrap()[24..]
        .iter()
        .map(|day| &day["state"])
        .collect();
    assert_eq!(shown, ["CHECKED_IN", "RESERVE", "OFF", "OFF"]);
}

#[both]
async fn a_pause_is_started_once_and_ended_once(app: TestApp) {
    let mike = app.member("mike").await;
    app.mutate(mike, "checkIn", json!({ "id": id(&app) }), "")
        .await;
    let input = json!({ "id": id(&app), "firstDate": "2026-03-11", "lastDate": "2026-03-20" });
    let wanted = format!("pause {{ id clientId firstDate lastDate }} me {{ {PROGRESS} }}");
    let made = app.mutate(mike, "startPause", input.clone(), &wanted).await;
    assert_eq!(made["errors"], json!([]));
    assert_eq!(made["pause"]["lastDate"], "2026-03-20");
    assert_eq!(
        app.mutate(mike, "startPause", input.clone(), &wanted).await,
        made
    );

    app.advance(TimeDelta::days(5));
    assert_eq!(progress(&app, mike).await["standing"], "PAUSED");
    let end = json!({ "pauseId": made["pause"]["id"] });
    let ended = app.mutate(mike, "endPause", end.clone(), &wanted).await;
    assert_eq!(ended["pause"]["lastDate"], "2026-03-14");
    assert_eq!(ended["me"]["progress"]["standing"], "OPEN");
    assert_eq!(app.mutate(mike, "endPause", end, &wanted).await, ended);
    // The first message again, late: it returns the pause as it is now.
    let again = app.mutate(mike, "startPause", input.clone(), &wanted).await;
    assert_eq!(
        (&again["errors"], &again["pause"]["lastDate"]),
        (&json!([]), &json!("2026-03-14"))
    );
    let mut other = input;
    other["lastDate"] = json!("2026-03-21");
    let other = app.mutate(mike, "startPause", other, &wanted).await;
    assert_eq!(
        other["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "id"] }])
    );

    let listed = app
        .as_member(
            mike,
            "{ me { pauses(first: 5) { totalCount nodes { id lastDate } } } }",
            json!({}),
        )
        .await;
    assert_eq!(listed.at("/me/pauses/totalCount"), 1);
}

#[both]
async fn a_pause_does_not_cover_closed_days(app: TestApp) {
    let mike = app.member("mike").await;
    // It is noon on the 10th: the 7th closed at three.
    let input =
        |first: &str, last: &str| json!({ "id": id(&app), "firstDate": first, "lastDate": last });
    let over = input("2026-03-05", "2026-03-07");
    let closed = app.mutate(mike, "startPause", over, "").await;
    assert_eq!(
        closed["errors"],
        json!([{ "code": "OUT_OF_RANGE", "path": ["input", "lastDate"] }])
    );
    // A queued pause is accepted from the first open day on. Sent again, it answers the same.
    let waited = input("2026-03-05", "2026-03-12");
    for _ in 0..2 {
        let fields = "pause { firstDate lastDate }";
        let taken = app.mutate(mike, "startPause", waited.clone(), fields).await;
        assert_eq!(taken["errors"], json!([]));
        let days = json!({ "firstDate": "2026-03-08", "lastDate": "2026-03-12" });
        assert_eq!(taken["pause"], days);
    }
    let mut other = waited;
    other["firstDate"] = json!("2026-03-08");
    let other = app.mutate(mike, "startPause", other, "").await;
    assert_eq!(
        other["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "id"] }])
    );
}

#[both]
async fn queued_weekdays_apply_from_when_they_were_chosen(app: TestApp) {
    let mike = app.member("mike").await;
    app.mutate(mike, "checkIn", json!({ "id": id(&app) }), "")
        .await;
    // Chosen on Wednesday the 11th without a connection, sent on Friday the 13th: Thursday is a day off.
    app.advance(TimeDelta::days(3));
    let wanted = "me { progress { days { date state } } checkInDays }";
    let state = |payload: &Value, back: usize| {
        payload["me"]["progress"]["days"][27 - back]["state"].clone()
    };
    let choose = json!({ "days": ["TUESDAY", "WEDNESDAY"], "madeAt": "2026-03-11T20:00:00Z" });
    let chosen = app.mutate(mike, "setCheckInDays", choose, wanted).await;
    assert_eq!(chosen["errors"], json!([]));
    assert_eq!(
        [2, 1, 0].map(|back| state(&chosen, back)),
        [json!("RESERVE"), json!("OFF"), json!("OFF")]
    );
    // An older choice that arrives later does not apply before the newer one.
    let older = json!({ "days": ["TUESDAY"], "madeAt": "2026-03-10T20:00:00Z" });
    let chosen = app.mutate(mike, "setCheckInDays", older, wanted).await;
    assert_eq!(chosen["me"]["checkInDays"], json!(["TUESDAY"]));
    assert_eq!(
        [2, 1, 0].map(|back| state(&chosen, back)),
        [json!("OFF"), json!("OFF"), json!("OFF")]
    );
}

#[both]
async fn pauses_do_not_overlap(app: TestApp) {
    let mike = app.member("mike").await;
    let input =
        |first: &str, last: &str| json!({ "id": id(&app), "firstDate": first, "lastDate": last });
    let first = input("2026-03-12", "2026-03-15");
    let made = app.mutate(mike, "startPause", first, "pause { id }").await;
    let over = app
        .mutate(
            mike,
            "startPause",
            input("2026-03-15", "2026-03-18"),
            "pause { id }",
        )
        .await;
    assert_eq!(
        over["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "firstDate"] }])
    );
    assert_eq!(over["pause"], made["pause"]);
    // Ending a pause that has not begun deletes it.
    let end = json!({ "pauseId": made["pause"]["id"] });
    let ended = app.mutate(mike, "endPause", end, "pause { id }").await;
    assert_eq!(
        (&ended["pause"], &ended["errors"]),
        (&json!(null), &json!([]))
    );
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let gone = app
        .as_member(mike, node, json!({ "id": made["pause"]["id"] }))
        .await;
    assert_eq!(gone.at("/node"), json!(null));
    let now = app
        .mutate(
            mike,
            "startPause",
            input("2026-03-15", "2026-03-18"),
            "pause { id }",
        )
        .await;
    assert_eq!(now["errors"], json!([]));
}

#[both]
async fn an_invalid_pause_is_refused_with_its_field(app: TestApp) {
    let mike = app.member("mike").await;
    for (first, last) in [("2026-03-12", "2026-03-11"), ("2026-03-12", "2027-03-13")] {
        let input = json!({ "id": id(&app), "firstDate": first, "lastDate": last });
        let refused = app.mutate(mike, "startPause", input, "pause { id }").await;
        assert_eq!(
            refused["errors"],
            json!([{ "code": "OUT_OF_RANGE", "path": ["input", "lastDate"] }])
        );
        assert_eq!(refused["pause"], json!(null));
    }
}

#[both]
async fn a_pause_is_visible_only_to_its_member(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let input = json!({ "id": id(&app), "firstDate": "2026-03-12", "lastDate": "2026-03-15" });
    let made = app
        .mutate(mike, "startPause", input.clone(), "pause { id }")
        .await;
    let end = json!({ "pauseId": made["pause"]["id"] });
    let refused = app
        .mutate(sam, "endPause", end.clone(), "pause { id }")
        .await;
    assert_eq!(
        refused["errors"],
        json!([{ "code": "NOT_FOUND", "path": ["input", "pauseId"] }])
    );
    let node = "query($id: ID!) { node(id: $id) { id } me { pauses { nodes { id } } } }";
    let sams = app
        .as_member(sam, node, json!({ "id": end["pauseId"] }))
        .await
        .ok();
    assert_eq!(
        (&sams["node"], &sams["me"]["pauses"]["nodes"]),
        (&json!(null), &json!([]))
    );
    let taken = app.mutate(sam, "startPause", input, "pause { id }").await;
    assert_eq!(
        taken["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "id"] }])
    );
    assert_eq!(taken["pause"], json!(null));
}

#[both]
async fn a_day_begins_at_the_hour_the_member_chose(app: TestApp) {
    let mike = app.member("mike").await;
    app.mutate(mike, "checkIn", json!({ "id": id(&app) }), "")
        .await;
    app.advance(TimeDelta::hours(16));
    // Four in the morning.
    assert_eq!(progress(&app, mike).await["today"], "2026-03-11");
    let later = app
        .mutate(
            mike,
            "updateProfile",
            json!({ "dayStartHour": 5 }),
            "member { dayStartHour }",
        )
        .await;
    assert_eq!(later["member"]["dayStartHour"], 5);
    assert_eq!(progress(&app, mike).await["today"], "2026-03-10");
    for hour in [-1, 7] {
        let refused = app
            .mutate(mike, "updateProfile", json!({ "dayStartHour": hour }), "")
            .await;
        assert_eq!(
            refused["errors"],
            json!([{ "code": "OUT_OF_RANGE", "path": ["input", "dayStartHour"] }])
        );
    }
}

#[both]
async fn progress_follows_what_became_of_each_day(app: TestApp) {
    let mike = app.member("mike").await;
    for day in 0..9 {
        if day != 4 {
            app.mutate(mike, "checkIn", json!({ "id": id(&app) }), "")
                .await;
        }
        app.advance(TimeDelta::days(1));
    }
    let there = progress(&app, mike).await;
    assert_eq!(
        there,
        json!({ "today": "2026-03-19", "currentRun": 8, "longestRun": 8, "returns": 0, "reserveDays": 1,
            "nextMilestone": 14, "standing": "OPEN", "daysShownUp": 8 })
    );
    app.advance(TimeDelta::days(5));
    assert_eq!(progress(&app, mike).await["standing"], "DOOR_OPEN");
    let back = app
        .mutate(mike, "checkIn", json!({ "id": id(&app) }), PROGRESS)
        .await;
    assert_eq!(back["progress"]["standing"], "CAME_BACK");
    assert_eq!(
        (
            &back["progress"]["returns"],
            &back["progress"]["currentRun"]
        ),
        (&json!(1), &json!(1))
    );
}
