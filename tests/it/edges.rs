//! Edges from an object to what it belongs to: for a list they cost one more statement, not one for each item.

use api::node_id::{NodeId as _, decode};
use api::outbox::Announcement;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::OccurrenceId;
use entity::notification::Kind;
use serde_json::{Value, json};
use support::{Answer, TestApp, both};
use uuid::Uuid;

use crate::circles::circle_of;
use crate::commitments::daily;
use crate::ladder::{Three, written};
use crate::pacts::{agreed, end, nudged};
use crate::peerings::partners;
use crate::profile::hide;

/// Schedules a meeting. Returns its occurrence's id.
async fn evening(app: &TestApp, host: SignedIn, circle: Value) -> Value {
    let schedule = "mutation($input: ScheduleMeetingInput!) {
        scheduleMeeting(input: $input) { occurrence { id } errors { message } } }";
    let id: Uuid = app.app.ids.next();
    let input = json!({ "id": id, "title": "Tea", "format": "IN_PERSON", "timeZone": "Europe/London",
        "localDate": "2026-04-01", "localTime": "19:30", "durationMinutes": 60, "circleId": circle });
    let made = app.as_member(host, schedule, json!({ "input": input }));
    made.await.at("/scheduleMeeting/occurrence/id")
}

/// Puts a notification about an occurrence into a member's inbox.
async fn tell_of(app: &TestApp, who: SignedIn, occurrence: &Value) {
    let id = async_graphql::ID::from(occurrence.as_str().unwrap());
    let subject = OccurrenceId::from_global(&id).unwrap();
    let what = Announcement {
        member: who.member,
        kind: Kind::MeetingCancelled,
        dedup_key: format!("told:{}", subject.0),
        subject: Some(subject.0),
        not_before: app.now(),
        expires_at: app.now() + TimeDelta::hours(4),
        caused_by: None,
    };
    app.announce(&what).await;
}

async fn inbox(app: &TestApp, who: SignedIn, asked: &str) -> Answer {
    let query = format!("{{ me {{ notifications {{ nodes {{ kind {asked} }} }} }} }}");
    app.as_member(who, &query, json!({})).await
}

const SUBJECT: &str = "subject { __typename id ... on MeetingOccurrence { meeting { title } }
    ... on PactNudge { text pact { id peering { id } } } }";

#[both]
async fn an_inbox_loads_its_subjects_in_one_request(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let mut occurrences = Vec::new();
    for _ in 0..8 {
        let occurrence = evening(&app, host, Value::Null).await;
        tell_of(&app, mike, &occurrence).await;
        occurrences.push(occurrence);
    }
    let without = inbox(&app, mike, "").await.statements;
    let with = inbox(&app, mike, SUBJECT).await;
    assert_eq!(with.statements, without + 1, "one kind of thing");
    let lines = with.at("/me/notifications/nodes");
    let mut seen: Vec<_> = lines.as_array().unwrap().iter().collect();
    seen.retain(|line| line["subject"]["meeting"]["title"] == "Tea");
    assert_eq!(seen.len(), 8);
    for line in seen {
        assert!(occurrences.contains(&line["subject"]["id"]), "{line}");
    }

    // A notification of another kind has its own edges.
    let sam = app.member("sam").await;
    let peering = partners(&app, mike, sam).await;
    let pact = agreed(&app, sam, mike, &peering).await;
    nudged(&app, sam, &pact).await;
    app.drain().await;
    let with_one = inbox(&app, mike, SUBJECT).await.statements;
    nudged(&app, sam, &pact).await;
    app.drain().await;
    let with_two = inbox(&app, mike, SUBJECT).await;
    assert_eq!(with_two.statements, with_one, "another nudge costs nothing");
    let lines = with_two.at("/me/notifications/nodes");
    let mut nudges: Vec<_> = lines.as_array().unwrap().iter().collect();
    nudges.retain(|line| line["kind"] == "PACT_NUDGE_RECEIVED");
    assert_eq!(nudges.len(), 2);
    for line in nudges {
        let nudge = &line["subject"];
        assert_eq!(nudge["__typename"], "PactNudge");
        assert_eq!(
            nudge["pact"],
            json!({ "id": pact, "peering": { "id": peering } })
        );
    }
}

#[both]
async fn a_commitment_and_a_pact_lead_to_their_peering(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let peering = partners(&app, mike, sam).await;
    let pact = agreed(&app, sam, mike, &peering).await;
    for _ in 0..5 {
        daily(&app, mike, &peering).await;
    }
    let asked = |edge: &str| format!("{{ me {{ commitments {{ nodes {{ id {edge} }} }} }} }}");
    let without = app.as_member(mike, &asked(""), json!({})).await.statements;
    let with = asked("peering { id partner { handle } }");
    let with = app.as_member(mike, &with, json!({})).await;
    assert!(with.statements <= without + 2, "{}", with.statements);
    let lines = with.at("/me/commitments/nodes");
    assert_eq!(lines.as_array().unwrap().len(), 5);
    for line in lines.as_array().unwrap() {
        let expected = json!({ "id": peering, "partner": { "handle": "sam" } });
        assert_eq!(line["peering"], expected);
    }
    let of_pact = "{ me { pacts { nodes { id peering { id } } } } }";
    let found = app.as_member(mike, of_pact, json!({})).await;
    let expected = json!([{ "id": pact, "peering": { "id": peering } }]);
    assert_eq!(found.at("/me/pacts/nodes"), expected);
}

#[both]
async fn a_ladder_and_a_meeting_lead_to_their_circle(app: TestApp) {
    let three = Three::meet(&app).await;
    written(&app, three.mike, &three.ladder()).await;
    let query = "{ me { ladder { rungs { kind peering { id } circle { id name } } } } }";
    let rungs = app.as_member(three.mike, query, json!({})).await;
    let rungs = rungs.at("/me/ladder/rungs");
    assert_eq!(rungs[0]["peering"], Value::Null);
    assert_eq!(rungs[1]["peering"]["id"], three.peering);
    assert_eq!(rungs[2]["circle"]["id"], three.circle);

    let occurrence = evening(&app, three.host, three.circle.clone()).await;
    let query = "query($id: ID!) { occurrence(id: $id) { meeting { circle { id name } } } }";
    let seen = app
        .as_member(three.mike, query, json!({ "id": occurrence }))
        .await;
    assert_eq!(seen.at("/occurrence/meeting/circle/id"), three.circle);
}

#[both]
async fn an_invisible_subject_is_null_and_its_notification_stays(app: TestApp) {
    let (host, mike, sam) = (
        app.facilitator("host").await,
        app.member("mike").await,
        app.member("sam").await,
    );
    let circle = circle_of(&app, host, &[mike]).await;
    let occurrence = evening(&app, host, json!(*circle.global())).await;
    tell_of(&app, mike, &occurrence).await;
    // Sam is not in the circle: he cannot see the meeting, whatever caused his notification.
    tell_of(&app, sam, &occurrence).await;
    let subject = async |who: SignedIn| {
        let lines = inbox(&app, who, "subjectId subject { id }").await;
        lines.at("/me/notifications/nodes/0")
    };
    assert_eq!(subject(mike).await["subject"]["id"], occurrence);
    let line = subject(sam).await;
    assert_eq!(line["subject"], Value::Null);
    assert_eq!(line["subjectId"], occurrence);
    assert!(decode(&line["subjectId"].as_str().unwrap().into()).is_some());

    // Nor is a nudge visible if the partner is hidden or the pact is over.
    let peering = partners(&app, mike, sam).await;
    let pact = agreed(&app, sam, mike, &peering).await;
    let nudge = nudged(&app, sam, &pact).await;
    app.drain().await;
    let subjects = async || {
        let lines = inbox(&app, mike, "subject { id }").await;
        let lines = lines
            .at("/me/notifications/nodes")
            .as_array()
            .unwrap()
            .clone();
        let lines = lines
            .into_iter()
            .filter(|line| line["kind"] == "PACT_NUDGE_RECEIVED");
        lines
            .map(|line| line["subject"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(subjects().await, [json!({ "id": nudge["id"] })]);
    hide(&app, sam, true).await;
    assert_eq!(subjects().await, [Value::Null]);
    hide(&app, sam, false).await;
    end(&app, mike, &pact).await;
    assert_eq!(subjects().await, [Value::Null]);
}
