//! Mail, over a real socket.

use chrono::TimeDelta;
use entity::job::JobState;
use sea_orm::EntityTrait as _;
use serde_json::json;
use support::{SmtpSink, TestApp, TestDatabase};

const REQUEST: &str = "mutation($email: String!) {
    requestPassphraseReset(input: { email: $email }) { accepted }
}";

async fn with_sink() -> (SmtpSink, TestApp) {
    let sink = SmtpSink::start().await;
    let app = TestApp::configured(TestDatabase::sqlite().await, &sink.toml()).await;
    app.member("mike").await;
    (sink, app)
}

async fn request(app: &TestApp) {
    let email = json!({ "email": "mike@example.org" });
    app.anonymous(REQUEST, email).await.ok();
    app.drain().await;
}

async fn jobs(app: &TestApp) -> Vec<entity::job::Model> {
    entity::job::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_sent_as_plain_text() {
    let (sink, app) = with_sink().await;
    request(&app).await;
    assert_eq!(sink.receivers(), ["mike@example.org"]);
    let letters = sink.letters();
    let letter = &letters[0];
    for header in [
        "From: Belay <belay@localhost>",
        "To: mike@example.org",
        "Subject: Your Belay code",
        "Date: Tue, 10 Mar 2026 12:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(
            letter.lines().any(|line| line == header),
            "no {header} in {letter}"
        );
    }
    assert!(letter.contains("to choose a new passphrase, enter this code"));
    assert_eq!(jobs(&app).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_refusal_is_retried_later() {
    let (sink, app) = with_sink().await;
    sink.answer_next("451 later, please");
    request(&app).await;
    assert_eq!(sink.letters(), Vec::<String>::new());
    let waiting = jobs(&app).await;
    assert_eq!((waiting.len(), waiting[0].state), (1, JobState::Ready));
    assert_eq!(waiting[0].last_error.as_deref(), Some("smtp: status 451"));
    app.drain().await;
    assert_eq!(sink.receivers().len(), 1);
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert_eq!(sink.letters().len(), 1);
    assert_eq!(jobs(&app).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permanent_refusal_is_not_retried() {
    let (sink, app) = with_sink().await;
    sink.answer_next("550 5.1.1 <mike@example.org> does not live here");
    request(&app).await;
    assert_eq!(jobs(&app).await, []);
    app.advance(TimeDelta::days(1));
    app.drain().await;
    assert_eq!(sink.receivers().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_is_always_refused_fails_after_the_last_attempt() {
    let (sink, app) = with_sink().await;
    for _ in 0..app.app.config.worker.max_attempts {
        sink.answer_next("452 no room");
    }
    request(&app).await;
    for _ in 0..20 {
        app.advance(TimeDelta::hours(2));
        app.drain().await;
    }
    assert_eq!(sink.receivers().len(), 12);
    assert_eq!(jobs(&app).await[0].state, JobState::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_retried_over_a_new_connection() {
    let (sink, app) = with_sink().await;
    sink.answer_next("");
    request(&app).await;
    let waiting = jobs(&app).await;
    assert_eq!(
        waiting[0].last_error.as_deref(),
        Some("smtp: no answer in time")
    );
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert_eq!(sink.letters().len(), 1);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_of_the_mailer_reports_whether_its_server_answers() {
    let (sink, app) = with_sink().await;
    app.app.mailer.check().await.unwrap();
    assert_eq!(sink.letters(), Vec::<String>::new());
    let toml = sink.toml();
    drop(sink);
    let away = TestApp::configured(TestDatabase::sqlite().await, &toml).await;
    let fault = away.app.mailer.check().await.unwrap_err();
    assert_eq!(fault.class(), "smtp: no connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_letter_is_sent_without_the_configured_encryption() {
    let sink = SmtpSink::start().await;
    let toml = sink.toml().replace("\"none\"", "\"starttls\"");
    let app = TestApp::configured(TestDatabase::sqlite().await, &toml).await;
    app.member("mike").await;
    request(&app).await;
    assert_eq!(sink.receivers(), Vec::<String>::new());
    assert_eq!(jobs(&app).await[0].attempts, 1);
    let fault = app.app.mailer.check().await.unwrap_err();
    assert_eq!(
        fault.class(),
        "smtp: the server does not offer what is configured"
    );
}
