//! Late entries are kept, and do not change past progress.

use api::entropy::Entropy;
use api::viewer::SignedIn;
use chrono::{NaiveDate, TimeDelta};
use entity::{check_in_reminder, ladder, notification, progress};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{assert_progress_is_consistent, new_id};

const ENTRY: &str = "localDate note countsInProgress writtenLate";
const PROGRESS: &str =
    "today daysShownUp lastCheckInDate checkedInToday currentRun longestRun returns reserveDays
    nextMilestone standing days { date state canBeWritten }";

async fn check_in(app: &TestApp, who: SignedIn, input: &Value) -> Value {
    let mutation = format!(
        "mutation($input: CheckInInput!) {{ checkIn(input: $input) {{
            checkIn {{ {ENTRY} }} progress {{ {PROGRESS} }} errors {{ code path }} }} }}"
    );
    let input = json!({ "input": input });
    app.as_member(who, &mutation, input).await.at("/checkIn")
}

async fn progress_of(app: &TestApp, who: SignedIn) -> Value {
    let query = format!("{{ me {{ progress {{ {PROGRESS} }} }} }}");
    app.as_member(who, &query, json!({}))
        .await
        .at("/me/progress")
}

#[both]
async fn entries_from_four_days_offline_are_kept(app: TestApp) {
    let mike = app.member("mike").await;
    check_in(&app, mike, &json!({ "id": new_id(&app) })).await;
    app.advance(TimeDelta::days(5));
    // Entries for the 11th to the 14th, sent on the 15th at noon: the first two days have closed.
    let mut sent = Vec::new();
    for (day, counts) in [(11, false), (12, false), (13, true), (14, true)] {
        let note = format!("On the {day}th.");
        let input = json!({ "id": new_id(&app), "note": note, "madeAt": format!("2026-03-{day}T20:00:00Z") });
        let payload = check_in(&app, mike, &input).await;
        assert_eq!(payload["errors"], json!([]));
        let date = format!("2026-03-{day}");
        assert_eq!(
            payload["checkIn"],
            json!({ "localDate": date, "note": note, "countsInProgress": counts, "writtenLate": true })
        );
        sent.push(input);
    }
    let progress = progress_of(&app, mike).await;
    assert_eq!(progress["daysShownUp"], 3);
    // Sent again, they change nothing.
    for input in sent {
        let payload = check_in(&app, mike, &input).await;
        assert_eq!(
            (&payload["errors"], &payload["progress"]),
            (&json!([]), &progress)
        );
    }
}

#[both]
async fn a_late_entry_is_read_like_any_check_in(app: TestApp) {
    let mike = app.member("mike").await;
    app.advance(TimeDelta::days(5));
    let entry =
        json!({ "id": new_id(&app), "localDate": "2026-03-11", "note": "Late.", "mood": 2 });
    check_in(&app, mike, &entry).await;
    let query = "{ me { checkIns { totalCount nodes { id localDate } } checkIn(date: \"2026-03-11\") { id note }
            moodTrend(from: \"2026-03-09\", to: \"2026-03-15\") { weeks { mood { mean } } } }
        changes(first: 100) { edges { node { ... on CheckIn { id note countsInProgress } } } } }";
    let all = app.as_member(mike, query, json!({})).await.ok();
    let id = all["me"]["checkIn"]["id"].clone();
    let nodes = json!([{ "id": id, "localDate": "2026-03-11" }]);
    assert_eq!(
        all["me"]["checkIns"],
        json!({ "totalCount": 1, "nodes": nodes })
    );
    assert_eq!(all["me"]["checkIn"]["note"], "Late.");
    assert_eq!(all["me"]["moodTrend"]["weeks"][0]["mood"]["mean"], 2.0);
    let kept = json!({ "id": id, "note": "Late.", "countsInProgress": false });
    let edges = &all["changes"]["edges"];
    let there = edges
        .as_array()
        .unwrap()
        .iter()
        .any(|edge| edge["node"] == kept);
    assert!(there, "{edges}");
    // Another device that wrote the same day gets a conflict, as on any day.
    let other = json!({ "id": new_id(&app), "localDate": "2026-03-11", "note": "Other." });
    let refused = check_in(&app, mike, &other).await;
    assert_eq!(
        refused["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "localDate"] }])
    );
    assert_eq!(refused["checkIn"]["note"], "Late.");
}

#[both]
async fn a_circle_does_not_read_entries_from_before_the_member_joined(app: TestApp) {
    use api::node_id::NodeId as _;
    let (mike, host) = (app.member("mike").await, app.facilitator("host").await);
    let circle = crate::circles::circle_of(&app, host, &[mike]).await;
    app.advance(TimeDelta::days(6));
    // The circle was made on the 10th.
    for day in ["2026-03-09", "2026-03-11"] {
        let entry =
            json!({ "id": new_id(&app), "localDate": day, "note": day, "visibility": "CIRCLE" });
        let payload = check_in(&app, mike, &entry).await;
        assert_eq!(payload["checkIn"]["countsInProgress"], false);
    }
    let query = "query($id: ID!) { circle(id: $id) { checkIns { totalCount nodes { note } } } }";
    let read = app
        .as_member(host, query, json!({ "id": *circle.global() }))
        .await;
    let expected = json!({ "totalCount": 1, "nodes": [{ "note": "2026-03-11" }] });
    assert_eq!(read.at("/circle/checkIns"), expected);
}

/// Everything stored that progress and notifications depend on.
async fn stored_state(app: &TestApp, who: SignedIn) -> String {
    let db = app.app.db.pool();
    let settled = progress::Entity::find_by_id(who.member)
        .one(db)
        .await
        .unwrap();
    let settled = settled.map(|row| {
        (
            row.settled_through,
            row.days_shown_up,
            row.current_run,
            row.recent_days,
        )
    });
    let reminders = check_in_reminder::Entity::find().all(db).await.unwrap();
    let ladders = ladder::Entity::find().all(db).await.unwrap();
    let lines = notification::Entity::find().order_by_asc(notification::Column::Id);
    let lines = lines.all(db).await.unwrap();
    format!(
        "{settled:?} {reminders:?} {ladders:?} {lines:?} {}",
        progress_of(app, who).await
    )
}

/// After any history, and for entries in any order.
#[both]
async fn a_late_entry_changes_no_progress_whatever_came_before(app: TestApp) {
    let mike = app.member("mike").await;
    let remind = "mutation { setCheckInReminder(input: { localTime: \"08:00\", enabled: true }) { errors { code } } }";
    app.as_member(mike, remind, json!({})).await.ok();
    let own =
        json!({ "localTime": "09:00", "own": { "afterDays": 2, "words": "The kettle first." } });
    crate::ladder::written(&app, mike, &own).await;
    let entropy = Entropy::seeded(11);
    let chance = |range: std::ops::Range<i64>| {
        let drawn = u32::from_be_bytes(entropy.bytes());
        range.start + i64::from(drawn) % (range.end - range.start)
    };
    let mut entries = 0;
    for _ in 0..60 {
        match chance(0..10) {
            0..4 => app.advance(TimeDelta::hours(chance(1..80))),
            4 => app.advance(TimeDelta::days(chance(1..20))),
            5..8 => {
                check_in(&app, mike, &json!({ "id": new_id(&app) })).await;
            }
            8 => app.drain().await,
            _ => {
                let days = [
                    "[MONDAY, FRIDAY]",
                    "[SUNDAY]",
                    "[MONDAY, TUESDAY, WEDNESDAY, THURSDAY]",
                ];
                let days = days[usize::try_from(chance(0..3)).unwrap()];
                let choose = format!(
                    "mutation {{ setCheckInDays(input: {{ days: {days} }}) {{ errors {{ code }} }} }}"
                );
                app.as_member(mike, &choose, json!({})).await.ok();
            }
        }
        let today: NaiveDate = progress_of(&app, mike).await["today"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let day = today - TimeDelta::days(chance(3..15));
        let before = stored_state(&app, mike).await;
        let entry = json!({ "id": new_id(&app), "localDate": day, "mood": 2, "note": "Late." });
        let payload = check_in(&app, mike, &entry).await;
        if payload["checkIn"]["countsInProgress"] == false {
            entries += 1;
            assert_eq!(stored_state(&app, mike).await, before, "{day} on {today}");
        }
    }
    assert!(entries > 20, "{entries}");
    check_in(&app, mike, &json!({ "id": new_id(&app) })).await;
    let progress = api::checkin::service::progress(&app.app, mike.member)
        .await
        .unwrap();
    assert_eq!(progress, crate::days::from_scratch(&app, mike).await);
}

#[both]
async fn future_days_and_days_long_past_are_refused(app: TestApp) {
    let mike = app.member("mike").await;
    for (day, kept) in [
        ("2026-02-24", true),
        ("2026-02-23", false),
        ("2026-03-11", false),
    ] {
        let payload = check_in(&app, mike, &json!({ "id": new_id(&app), "localDate": day })).await;
        assert_eq!(payload["checkIn"]["localDate"] == day, kept, "{day}");
        let refused = json!([{ "code": "OUT_OF_RANGE", "path": ["input", "localDate"] }]);
        assert_eq!(payload["errors"] == refused, !kept, "{day}");
    }
    assert_eq!(progress_of(&app, mike).await["standing"], "NEW");
}

#[both]
async fn a_late_entry_can_be_edited_that_day_and_cleared_at_any_time(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let entry = json!({ "id": id, "localDate": "2026-03-04", "note": "First." });
    check_in(&app, mike, &entry).await;
    let edited = check_in(&app, mike, &json!({ "id": id, "note": "Second." })).await;
    assert_eq!(edited["checkIn"]["note"], "Second.");
    app.advance(TimeDelta::days(1));
    let refused = check_in(&app, mike, &json!({ "id": id, "note": "Third." })).await;
    assert_eq!(
        refused["errors"],
        json!([{ "code": "CONFLICT", "path": ["input", "id"] }])
    );
    app.advance(TimeDelta::days(40));
    let blank = check_in(&app, mike, &json!({ "id": id, "note": null })).await;
    assert_eq!(
        (&blank["checkIn"]["note"], &blank["errors"]),
        (&json!(null), &json!([]))
    );
    assert_progress_is_consistent(&app, app.member("sam").await).await;
}
