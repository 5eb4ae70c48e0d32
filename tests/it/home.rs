//! The home screen: one query, and a fixed number of statements whatever there is to show.

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

const HOME: &str = "{ me {
    memberId
    profile { handle }
    unreadNotificationCount
    progress { daysShownUp lastCheckInDate checkedInToday }
    checkIns(first: 7) { nodes { localDate mood } }
    nextMeetings(first: 3) { nodes { startsAt seatsTaken meeting { title place joinUrl } } }
} }";

/// Makes the process read the vocabulary of profiles, which it does once in ten minutes.
async fn load_vocabulary(app: &TestApp) {
    app.anonymous("{ topics { slug } }", json!({})).await.ok();
}

#[both]
async fn home_costs_a_fixed_number_of_statements(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    load_vocabulary(&app).await;
    let empty = app.as_member(mike, HOME, json!({})).await;
    assert_eq!(empty.statements, 5);
    let me = empty.at("/me");
    assert_eq!(me["profile"], json!({ "handle": "mike" }));
    assert_eq!(me["unreadNotificationCount"], 0);
    assert_eq!(me["progress"]["daysShownUp"], 0);

    let schedule = "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) { occurrence { id } } }";
    let rsvp = "mutation($input: RsvpInput!) { rsvp(input: $input) { errors { code } } }";
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    for n in 0..10 {
        let id: Uuid = app.app.ids.next();
        let meeting = json!({ "input": { "id": id, "title": format!("Evening {n}"), "format": "IN_PERSON",
            "place": "The back room", "timeZone": "Europe/London", "localTime": "19:30",
            "localDate": format!("2026-04-{:02}", n + 1), "durationMinutes": 60 } });
        let occurrence = app.as_member(host, schedule, meeting).await;
        let occurrence = occurrence.at("/scheduleMeeting/occurrence/id");
        let answer = json!({ "input": { "occurrenceId": occurrence, "answer": "GOING" } });
        app.as_member(mike, rsvp, answer).await.ok();
        let id: Uuid = app.app.ids.next();
        let input = json!({ "input": { "id": id, "mood": 3 } });
        app.as_member(mike, check_in, input).await.ok();
        app.tell(mike, &format!("event {n}")).await;
        app.advance(TimeDelta::days(1));
    }

    load_vocabulary(&app).await;
    let full = app.as_member(mike, HOME, json!({})).await;
    assert_eq!(full.statements, 5);
    let me = full.at("/me");
    assert_eq!(me["profile"], json!({ "handle": "mike" }));
    assert_eq!(me["unreadNotificationCount"], 10);
    assert_eq!(
        me["progress"],
        json!({ "daysShownUp": 10, "lastCheckInDate": "2026-03-19", "checkedInToday": false })
    );
    assert_eq!(me["checkIns"]["nodes"].as_array().unwrap().len(), 7);
    assert_eq!(
        me["checkIns"]["nodes"][0],
        json!({ "localDate": "2026-03-19", "mood": 3 })
    );
    let titles: Vec<&Value> = (0..3)
        .map(|n| &me["nextMeetings"]["nodes"][n]["meeting"]["title"])
        .collect();
    assert_eq!(titles, ["Evening 0", "Evening 1", "Evening 2"]);
    assert_eq!(
        me["nextMeetings"]["nodes"][0]["meeting"]["place"],
        "The back room"
    );
}
