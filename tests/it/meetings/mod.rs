//! Meetings: scheduling, changes, lists, answers and notifications.

mod change;
mod find;
mod new_clocks;
mod rsvp;
mod schedule;
mod told;

use api::viewer::SignedIn;
use entity::circle_membership::CircleRole;
use entity::notification::{self, Kind};
use entity::rsvp::Answer;
use entity::{CircleId, circle, circle_membership, meeting_occurrence};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use serde_json::{Value, json};
use support::TestApp;
use uuid::Uuid;

const OCCURRENCE: &str = "fragment F on MeetingOccurrence {
    id startsAt endsAt localDate localTime timeZone capacity seatsTaken seatsLeft status viewerAnswer version
    meeting { id title description format circleId place joinUrl viewerRuns version timeZone } }";

fn schedule_document() -> String {
    format!(
        "mutation($input: ScheduleMeetingInput!) {{ scheduleMeeting(input: $input) {{
            occurrence {{ ...F }} errors {{ code path }} }} }} {OCCURRENCE}"
    )
}

fn rsvp_document() -> String {
    format!(
        "mutation($input: RsvpInput!) {{ rsvp(input: $input) {{
            occurrence {{ ...F }} errors {{ code path }} }} }} {OCCURRENCE}"
    )
}

/// Returns the input of a meeting of 90 minutes, on the evening of 12 March in London.
fn evening(app: &TestApp) -> Value {
    json!({ "id": app.app.ids.next::<Uuid>(), "title": "Tea and talk", "description": "Come as you are.",
        "format": "HYBRID", "place": "The back room", "joinUrl": "https://meet.example/tea",
        "timeZone": "Europe/London", "localDate": "2026-03-12", "localTime": "19:30",
        "durationMinutes": 90 })
}

fn with(mut input: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    for (field, value) in changes {
        input[field] = value;
    }
    input
}

async fn schedule(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let variables = json!({ "input": input });
    app.as_member(who, &schedule_document(), variables)
        .await
        .at("/scheduleMeeting")
}

/// Schedules [`evening`] with the given fields changed. Returns the occurrence.
async fn scheduled(app: &TestApp, who: SignedIn, changes: Value) -> Value {
    let answer = schedule(app, who, with(evening(app), changes)).await;
    assert_eq!(answer["errors"], json!([]));
    answer["occurrence"].clone()
}

async fn rsvp(app: &TestApp, who: SignedIn, occurrence: &Value, answer: &str) -> Value {
    let variables = json!({ "input": { "occurrenceId": occurrence["id"], "answer": answer } });
    app.as_member(who, &rsvp_document(), variables)
        .await
        .at("/rsvp")
}

/// Returns the code of the payload's only error, or an empty string.
fn code(payload: &Value) -> &str {
    let errors = payload["errors"].as_array().unwrap();
    assert!(errors.len() <= 1, "{errors:?}");
    errors
        .first()
        .map_or("", |error| error["code"].as_str().unwrap())
}

/// Creates a circle with these members.
async fn circle_with(app: &TestApp, members: &[(SignedIn, CircleRole)]) -> CircleId {
    let db = app.app.db.pool();
    let id: CircleId = app.app.ids.next();
    let row = circle::ActiveModel {
        id: Set(id),
        name: Set("Tuesday men".to_owned()),
        purpose: Set("To talk".to_owned()),
        version: Set(1),
        created_at: Set(app.now()),
    };
    circle::Entity::insert(row)
        .exec_without_returning(db)
        .await
        .unwrap();
    for (who, role) in members {
        let row = circle_membership::ActiveModel {
            circle_id: Set(id),
            member_id: Set(who.member),
            role: Set(*role),
            joined_at: Set(app.now()),
        };
        circle_membership::Entity::insert(row)
            .exec_without_returning(db)
            .await
            .unwrap();
    }
    id
}

/// Returns the member's notifications of this kind.
pub async fn notifications(app: &TestApp, who: SignedIn, kind: Kind) -> Vec<notification::Model> {
    notification::Entity::find()
        .filter(notification::Column::MemberId.eq(who.member))
        .filter(notification::Column::Kind.eq(kind))
        .all(app.app.db.pool())
        .await
        .unwrap()
}

/// Asserts that each occurrence has as many seats taken as members going, and no more than its capacity. Returns the
/// total of seats taken.
async fn seats_agree(app: &TestApp) -> u64 {
    let db = app.app.db.pool();
    let mut taken = 0;
    for row in meeting_occurrence::Entity::find().all(db).await.unwrap() {
        let going = entity::rsvp::Entity::find()
            .filter(entity::rsvp::Column::OccurrenceId.eq(row.id))
            .filter(entity::rsvp::Column::Answer.eq(Answer::Going))
            .count(db)
            .await
            .unwrap();
        assert_eq!(u64::try_from(row.seats_taken).unwrap(), going);
        assert!(row.capacity.is_none_or(|seats| row.seats_taken <= seats));
        taken += going;
    }
    taken
}
