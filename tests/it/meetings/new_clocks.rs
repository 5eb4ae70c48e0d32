//! Meetings keep their local time when the rules of a zone change.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, State};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{OCCURRENCE, code, notifications, rsvp, schedule};
use crate::changes::Phone;
use crate::reminders::{pushed, utc};
use crate::zones::Place;

async fn occurrence(app: &TestApp, who: SignedIn, it: &Value) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ...F }} }} {OCCURRENCE}");
    let answer = app.as_member(who, &query, json!({ "id": it["id"] })).await;
    answer.at("/node")
}

/// Schedules a meeting of 90 minutes in the zone of `place`. Returns the occurrence.
async fn schedule_in(app: &TestApp, host: SignedIn, place: &Place, at: (&str, &str)) -> Value {
    let input = json!({ "id": app.app.ids.next::<Uuid>(), "title": "Tea and talk",
        "format": "IN_PERSON", "place": "The back room", "timeZone": place.0,
        "localDate": at.0, "localTime": at.1, "durationMinutes": 90 });
    let payload = schedule(app, host, input).await;
    assert_eq!(code(&payload), "");
    payload["occurrence"].clone()
}

#[both]
async fn a_meeting_moves_with_the_new_rules_of_its_zone(app: TestApp) {
    let (place, host) = (Place::new(), app.facilitator("host").await);
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    app.register(mike, "mikes-phone").await;
    let it = schedule_in(&app, host, &place, ("2026-03-12", "19:30")).await;
    assert_eq!(it["startsAt"], "2026-03-12T19:30:00.000Z");
    rsvp(&app, mike, &it, "GOING").await;
    rsvp(&app, sam, &it, "NOT_GOING").await;
    app.drain().await;
    let mut phones = [Phone::new(mike), Phone::new(sam)];
    for phone in &mut phones {
        phone.sync(&app).await;
    }

    place.apply_new_rules(&app).await;
    let moved = occurrence(&app, mike, &it).await;
    assert_eq!(moved["startsAt"], "2026-03-12T18:30:00.000Z");
    assert_eq!(moved["endsAt"], "2026-03-12T20:00:00.000Z");
    assert_eq!(
        (&moved["localTime"], &moved["version"]),
        (&json!("19:30:00"), &json!(2))
    );
    // Synced phones receive the change.
    for phone in &mut phones {
        assert!(
            phone
                .news(&app)
                .await
                .contains(&"MeetingOccurrence".to_owned())
        );
        phone.assert_up_to_date(&app).await;
    }
    let reminder = notifications(&app, mike, Kind::MeetingReminder).await;
    assert_eq!(reminder.len(), 1);
    assert_eq!(reminder[0].not_before, utc("2026-03-12T17:30:00Z"));
    assert_eq!(reminder[0].expires_at, utc("2026-03-12T18:30:00Z"));
    app.travel(utc("2026-03-12T23:00:00Z")).await;
    assert_eq!(pushed(&app).last().unwrap(), "2026-03-12T17:30:00Z");
    assert_eq!(
        pushed(&app).len(),
        2,
        "one push about the new local time, and the reminder"
    );
}

#[both]
async fn members_in_other_zones_are_notified(app: TestApp) {
    let (place, host) = (Place::new(), app.facilitator("host").await);
    let (there, elsewhere) = (app.member("there").await, app.member("elsewhere").await);
    let away = app.member("away").await;
    place.move_here(&app, there).await;
    for (who, phone) in [(there, "one"), (elsewhere, "another")] {
        app.register(who, phone).await;
    }
    let it = schedule_in(&app, host, &place, ("2026-03-12", "19:30")).await;
    for (who, answer) in [(there, "GOING"), (elsewhere, "GOING"), (away, "NOT_GOING")] {
        rsvp(&app, who, &it, answer).await;
    }
    place.apply_new_rules(&app).await;
    let told = notifications(&app, elsewhere, Kind::MeetingChanged).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].caused_by, None);
    for who in [there, away] {
        let told = notifications(&app, who, Kind::MeetingChanged).await;
        assert_eq!(told, []);
    }
    app.travel(app.now() + TimeDelta::hours(1)).await;
    assert_eq!(pushed(&app).len(), 1);
}

#[both]
async fn a_reminder_is_not_sent_again_after_a_change_of_rules(app: TestApp) {
    let (place, host) = (Place::new(), app.facilitator("host").await);
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    let it = schedule_in(&app, host, &place, ("2026-03-11", "12:30")).await;
    rsvp(&app, mike, &it, "GOING").await;
    app.travel(utc("2026-03-11T11:31:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-11T11:30:00Z"]);
    // By the new rules it began a minute ago.
    place.apply_new_rules(&app).await;
    let moved = occurrence(&app, mike, &it).await;
    assert_eq!(moved["startsAt"], "2026-03-11T11:30:00.000Z");
    app.travel(utc("2026-03-12T00:00:00Z")).await;
    let reminder = notifications(&app, mike, Kind::MeetingReminder).await;
    assert_eq!((reminder.len(), reminder[0].state), (1, State::Planned));
    // In his own zone the local time is another: that is pushed, and nothing else.
    assert_eq!(pushed(&app).len(), 2);
}

#[both]
async fn a_meeting_that_is_over_keeps_its_instant_and_a_cancelled_one_moves(app: TestApp) {
    let (place, host) = (Place::new(), app.facilitator("host").await);
    let mike = app.member("mike").await;
    let off = schedule_in(&app, host, &place, ("2026-03-12", "19:30")).await;
    let over = schedule_in(&app, host, &place, ("2026-03-10", "15:30")).await;
    for it in [&off, &over] {
        rsvp(&app, mike, it, "GOING").await;
    }
    let cancel = "mutation($input: CancelMeetingInput!) { cancelMeeting(input: $input) { errors { code } } }";
    let input = json!({ "input": { "occurrenceId": off["id"] } });
    let payload = app.as_member(host, cancel, input).await;
    assert_eq!(payload.at("/cancelMeeting/errors"), json!([]));
    app.travel(utc("2026-03-10T18:00:00Z")).await;
    let before = app.notifications().await;
    place.apply_new_rules(&app).await;
    // Nobody is notified, and no reminder is planned again.
    assert_eq!(app.notifications().await, before);
    assert_eq!(
        occurrence(&app, mike, &over).await["startsAt"],
        "2026-03-10T15:30:00.000Z"
    );
    assert_eq!(
        occurrence(&app, mike, &off).await["startsAt"],
        "2026-03-12T18:30:00.000Z"
    );
}
