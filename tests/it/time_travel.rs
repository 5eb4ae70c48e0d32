//! Time travel for developers: what is due on the way happens at its own time.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{self, JobState};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use support::{Phone, Program, TestDatabase, TestServer, both, eventually};

use crate::account::PASSPHRASE;
use crate::operations::add_unreadable_job;

const START: &str = "2026-03-28T22:00:00Z";

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn server(database: &TestDatabase) -> TestServer {
    let program = Program::new(&format!("serve --at {START}"));
    // The second attempt is the last, and `run_at` keeps its time.
    let program = program.env("BELAY_WORKER__MAX_ATTEMPTS", "2");
    TestServer::run(program.database(database)).await
}

async fn travel(server: &TestServer, journey: Value) -> (u16, Value) {
    let answer = server
        .post("/dev/clock", "application/json", journey.to_string())
        .await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn now(answer: &Value) -> DateTime<Utc> {
    instant(answer["now"].as_str().unwrap())
}

#[both]
async fn jobs_that_are_due_on_the_way_run_at_their_time(database: TestDatabase) {
    let server = server(&database).await;
    let connection = database.connect().await;
    for (number, due) in [
        (1, "2026-03-29T05:00:00Z"),
        (2, "2026-03-28T23:00:00Z"),
        (3, "2026-03-29T06:00:20Z"),
    ] {
        add_unreadable_job(&database, number, due).await;
    }

    let (status, answer) = travel(&server, json!({ "set": "2026-03-29T06:00:00Z" })).await;
    assert_eq!(status, 200, "{answer}");
    assert!(now(&answer) >= instant("2026-03-29T06:00:00Z"));

    let jobs = job::Entity::find().order_by_asc(job::Column::CreatedAt);
    let jobs = jobs.all(&connection).await.unwrap();
    for (job, due) in jobs
        .iter()
        .zip(["2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z"])
    {
        // Each was tried when due, and again ten to fifteen seconds later, not at the end of the journey.
        assert_eq!((job.attempts, job.state), (2, JobState::Failed));
        let waited = job.run_at - instant(due);
        assert!(
            waited >= TimeDelta::seconds(10) && waited < TimeDelta::seconds(60),
            "{waited}"
        );
    }
}

#[both]
async fn journeys_run_one_after_the_other(database: TestDatabase) {
    let server = server(&database).await;
    let hours = |hours: u32| travel(&server, json!({ "advance": { "hours": hours } }));
    let ((one, _), (other, _)) = tokio::join!(hours(3), hours(5));
    assert_eq!((one, other), (200, 200));
    let answer = server.get("/dev/clock").await.json().await.unwrap();
    let gone = now(&answer) - instant(START);
    assert!(
        gone >= TimeDelta::hours(8) && gone < TimeDelta::hours(9),
        "{gone}"
    );
}

#[tokio::test]
async fn time_moves_forward_only_and_at_most_a_year() {
    let database = TestDatabase::sqlite().await;
    let server = server(&database).await;
    let (status, answer) = travel(&server, json!({ "set": "2026-03-28T21:59:59Z" })).await;
    assert_eq!(status, 409);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CLOCK_BACKWARD");
    for journey in [
        json!({ "advance": { "days": 367 } }),
        json!({ "set": "2028-01-01T00:00:00Z" }),
        json!({ "set": "tomorrow" }),
        json!({ "advance": { "weeks": 1 } }),
        json!({ "advance": { "hours": -1 } }),
        json!({}),
    ] {
        let (status, answer) = travel(&server, journey).await;
        assert_eq!(status, 400, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
    let plain = server
        .post("/dev/clock", "text/plain", r#"{"advance": {"days": 1}}"#)
        .await;
    assert_eq!(plain.status(), 415);
    let answer = server.get("/dev/clock").await.json().await.unwrap();
    assert!(
        now(&answer) - instant(START) < TimeDelta::hours(1),
        "{answer}"
    );
}

#[tokio::test]
async fn server_time_is_the_time_of_the_clock() {
    let database = TestDatabase::sqlite().await;
    let server = server(&database).await;
    let (_, arrived) = travel(&server, json!({ "advance": { "days": 1, "minutes": 30 } })).await;
    let answer = server.graphql(None, "{ serverTime }", json!({})).await;
    let server_time = instant(answer["data"]["serverTime"].as_str().unwrap());
    assert!(server_time >= now(&arrived) && server_time > instant("2026-03-29T22:30:00Z"));
}

/// What the outbox has, by a filter.
async fn outbox(server: &TestServer, filter: &str) -> Vec<Value> {
    let read = server.get(&format!("/dev/outbox?{filter}")).await;
    read.json().await.unwrap()
}

#[tokio::test]
async fn the_outbox_can_be_read() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let to_mike = "kind=mail&to=mike@example.org";
    assert_eq!(outbox(&server, to_mike).await, [Value::Null; 0]);
    let phone = Phone::new(&server);
    let sign_up = json!({ "id": phone.id(), "email": "mike@example.org", "passphrase": PASSPHRASE,
        "handle": "mike", "timeZone": "Europe/London", "country": "GB", "locale": "en-GB",
        "adult": true, "termsVersion": "2026-11" });
    phone.send("signUp", &sign_up, "signUpId").await;
    eventually("a code is mailed", async || {
        !outbox(&server, to_mike).await.is_empty()
    })
    .await;
    let letters = outbox(&server, to_mike).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["kind"], "mail");
    assert_eq!(letters[0]["to"], "mike@example.org");
    assert!(!letters[0]["text"].as_str().unwrap().is_empty());
    for other in ["kind=push", "kind=mail&to=sam@example.org"] {
        assert_eq!(outbox(&server, other).await, [Value::Null; 0], "{other}");
    }
    assert_eq!(server.get("/dev/outbox?kind=letter").await.status(), 400);
}
