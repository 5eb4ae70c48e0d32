//! A developer moves the time, and what is due on the way happens where it belongs.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{self, JobState};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use support::{Program, TestDatabase, TestServer, both};

use crate::operations::add_unreadable_job;

const START: &str = "2026-03-28T22:00:00Z";

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn server(database: &TestDatabase) -> TestServer {
    let program = Program::new(&format!("serve --at {START}"));
    // The second try is the last, and leaves the time it was made at.
    let program = program.env("BELAY_WORKER__MAX_ATTEMPTS", "2");
    TestServer::run(program.database(database)).await
}

async fn travel(server: &TestServer, journey: Value) -> (u16, Value) {
    let answer = server
        .post("/dev/clock", "application/json", journey.to_string())
        .await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn now(told: &Value) -> DateTime<Utc> {
    instant(told["now"].as_str().unwrap())
}

#[both]
async fn what_is_due_on_the_way_is_done_at_its_time_and_in_order(database: TestDatabase) {
    let server = server(&database).await;
    let connection = database.connect().await;
    for (number, due) in [
        (1, "2026-03-29T05:00:00Z"),
        (2, "2026-03-28T23:00:00Z"),
        (3, "2026-03-29T06:00:20Z"),
    ] {
        add_unreadable_job(&database, number, due).await;
    }

    let (status, told) = travel(&server, json!({ "set": "2026-03-29T06:00:00Z" })).await;
    assert_eq!(status, 200, "{told}");
    assert!(now(&told) >= instant("2026-03-29T06:00:00Z"));

    let jobs = job::Entity::find().order_by_asc(job::Column::CreatedAt);
    let jobs = jobs.all(&connection).await.unwrap();
    for (job, due) in jobs
        .iter()
        .zip(["2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z"])
    {
        // Tried when due, and again ten to fifteen seconds later: not when the traveller arrived.
        assert_eq!((job.attempts, job.state), (2, JobState::Failed));
        let waited = job.run_at - instant(due);
        assert!(
            waited >= TimeDelta::seconds(10) && waited < TimeDelta::seconds(60),
            "{waited}"
        );
    }
}

#[both]
async fn two_travellers_go_one_after_the_other(database: TestDatabase) {
    let server = server(&database).await;
    let hours = |hours: u32| travel(&server, json!({ "advance": { "hours": hours } }));
    let ((one, _), (other, _)) = tokio::join!(hours(3), hours(5));
    assert_eq!((one, other), (200, 200));
    let told = server.get("/dev/clock").await.json().await.unwrap();
    let gone = now(&told) - instant(START);
    assert!(
        gone >= TimeDelta::hours(8) && gone < TimeDelta::hours(9),
        "{gone}"
    );
}

#[tokio::test]
async fn time_goes_forward_only_and_not_for_ever() {
    let database = TestDatabase::sqlite().await;
    let server = server(&database).await;
    let (status, told) = travel(&server, json!({ "set": "2026-03-28T21:59:59Z" })).await;
    assert_eq!(status, 409);
    assert_eq!(told["errors"][0]["extensions"]["code"], "CLOCK_BACKWARD");
    for journey in [
        json!({ "advance": { "days": 367 } }),
        json!({ "set": "2028-01-01T00:00:00Z" }),
        json!({ "set": "tomorrow" }),
        json!({ "advance": { "weeks": 1 } }),
        json!({ "advance": { "hours": -1 } }),
        json!({}),
    ] {
        let (status, told) = travel(&server, journey).await;
        assert_eq!(status, 400, "{told}");
        assert_eq!(told["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
    let plain = server
        .post("/dev/clock", "text/plain", r#"{"advance": {"days": 1}}"#)
        .await;
    assert_eq!(plain.status(), 415);
    let told = server.get("/dev/clock").await.json().await.unwrap();
    assert!(now(&told) - instant(START) < TimeDelta::hours(1), "{told}");
}

#[tokio::test]
async fn the_api_tells_the_same_time() {
    let database = TestDatabase::sqlite().await;
    let server = server(&database).await;
    let (_, told) = travel(&server, json!({ "advance": { "days": 1, "minutes": 30 } })).await;
    let answer = server.graphql(None, "{ serverTime }", json!({})).await;
    let told_by_api = instant(answer["data"]["serverTime"].as_str().unwrap());
    assert!(told_by_api >= now(&told) && told_by_api > instant("2026-03-29T22:30:00Z"));
}

#[tokio::test]
async fn the_outbox_can_be_read() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let read = server
        .get("/dev/outbox?kind=mail&to=mike@example.org")
        .await;
    assert_eq!(read.json::<Value>().await.unwrap(), json!([]));
    assert_eq!(server.get("/dev/outbox?kind=letter").await.status(), 400);
}
