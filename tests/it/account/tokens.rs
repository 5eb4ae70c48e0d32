//! Refresh tokens: rotation, grace, reuse.

use api::account::confirmations;
use api::account::service::authenticate;
use api::app::App;
use api::db::Stats;
use api::viewer::Viewer;
use chrono::TimeDelta;
use entity::session;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both, request};
use tokio::task::JoinSet;

use super::{REFRESH, SESSIONS, input, join, refusal, signed_in};

async fn refresh(app: &TestApp, token: &Value) -> Value {
    let refresh = json!({ "refreshToken": token });
    app.anonymous(REFRESH, input(&refresh))
        .await
        .at("/refreshSession")
}

fn token(payload: &Value) -> Value {
    payload["credentials"]["refreshToken"].clone()
}

#[both]
async fn a_refresh_token_is_exchanged_for_the_next(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let mike = signed_in(&app, &joined);
    let mut current = token(&joined);
    for _ in 0..3 {
        app.advance(TimeDelta::days(50));
        let payload = refresh(&app, &current).await;
        assert_eq!(payload["errors"], json!([]));
        assert_ne!(token(&payload), current);
        assert_eq!(signed_in(&app, &payload), mike);
        current = token(&payload);
    }
    let sessions = app
        .as_member(mike, SESSIONS, json!({}))
        .await
        .at("/me/sessions");
    assert_eq!(sessions[0]["lastUsedAt"], "2026-08-07T12:00:00.000Z");
    assert_eq!(sessions[0]["createdAt"], "2026-03-10T12:00:00.000Z");
}

fn access(payload: &Value) -> String {
    let token = payload["credentials"]["accessToken"].as_str();
    token.unwrap().to_owned()
}

async fn session_has_ended(app: &TestApp, token: &Value) -> bool {
    let payload = refresh(app, token).await;
    payload["credentials"].is_null() && refusal(&payload).0 == "SESSION_ENDED"
}

#[both]
async fn a_phone_that_lost_the_answer_gets_the_same_successor_until_it_uses_it(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let second = token(&refresh(&app, &first).await);
    for later in [
        TimeDelta::seconds(30),
        TimeDelta::minutes(5),
        TimeDelta::days(3),
    ] {
        app.advance(later);
        assert_eq!(token(&refresh(&app, &first).await), second);
    }
    app.drain().await;
    assert_eq!(app.mail_to("mike@example.org").len(), 1);
    assert!(token(&refresh(&app, &second).await).is_string());
    assert!(session_has_ended(&app, &first).await);
}

#[both]
async fn using_an_access_token_invalidates_the_previous_refresh_token(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let lost = refresh(&app, &first).await;
    app.advance(TimeDelta::minutes(1));
    let arrived = refresh(&app, &first).await;
    assert_eq!(token(&arrived), token(&lost));
    assert!(authenticate(&app.app, &access(&arrived)).is_some());
    assert!(session_has_ended(&app, &first).await);
    assert!(session_has_ended(&app, &token(&arrived)).await);
}

/// Refreshes in another process.
async fn refresh_at(replica: &App, token: &Value) -> Value {
    let refresh = input(&json!({ "refreshToken": token }));
    let from = "192.0.2.7".parse().unwrap();
    let asked = request(Viewer::Anonymous, from, REFRESH, refresh);
    let response = api::schema::build(replica.clone()).execute(asked).await;
    response.data.into_json().unwrap()["refreshSession"].clone()
}

#[both]
async fn another_process_learns_that_an_access_token_was_used(app: TestApp) {
    let replica = app.replica().await;
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let second = refresh(&app, &first).await;
    assert!(authenticate(&app.app, &access(&second)).is_some());
    app.advance(TimeDelta::seconds(31));
    let payload = refresh_at(&replica, &first).await;
    assert_eq!(token(&payload), token(&second), "it cannot know yet");

    confirmations::write(&app.app).await.unwrap();
    let payload = refresh_at(&replica, &first).await;
    assert_eq!(refusal(&payload).0, "SESSION_ENDED");
}

#[both]
async fn the_use_of_a_token_is_stored_once_and_costs_the_request_nothing(app: TestApp) {
    let first = join(&app, "mike@example.org", "mike").await;
    let second = refresh(&app, &token(&first)).await;
    let mut costs = Vec::new();
    for _ in 0..2 {
        let stats = Stats::default();
        let asked = stats.scope(async {
            for token in [&first, &second, &second] {
                assert!(authenticate(&app.app, &access(token)).is_some());
            }
        });
        asked.await;
        let asked = stats.snapshot().statements;
        let stats = Stats::default();
        let written = stats.scope(confirmations::write(&app.app)).await;
        written.unwrap();
        costs.push((asked, stats.snapshot().statements > 0));
    }
    assert_eq!(costs, [(0, true), (0, false)]);
    let rows = session::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(rows[0].confirmed_generation, 1);
}

#[both]
async fn a_phone_that_refreshes_twice_at_once_keeps_its_session(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let one = refresh(&app, &first).await;
    assert!(authenticate(&app.app, &access(&one)).is_some());
    app.advance(TimeDelta::seconds(30));
    let other = refresh(&app, &first).await;
    assert_eq!(token(&one), token(&other));
    assert!(authenticate(&app.app, &access(&one)).is_some());
}

#[both]
async fn reusing_an_old_token_ends_the_session_and_notifies_its_owner(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let first = token(&joined);
    let second = refresh(&app, &first).await;
    app.advance(TimeDelta::seconds(31));
    let access = second["credentials"]["accessToken"].as_str().unwrap();
    assert!(authenticate(&app.app, access).is_some());

    let refused = refresh(&app, &first).await;
    assert_eq!(
        refusal(&refused),
        ("SESSION_ENDED".into(), "input.refreshToken".into())
    );
    assert!(authenticate(&app.app, access).is_none());
    assert_eq!(
        refusal(&refresh(&app, &token(&second)).await).0,
        "SESSION_ENDED"
    );
    assert_eq!(refusal(&refresh(&app, &first).await).0, "SESSION_ENDED");
    app.drain().await;
    // The code of the sign-up, and one notice.
    let mail = app.mail_to("mike@example.org");
    assert_eq!(mail.len(), 2);
    assert!(mail[1].text.contains("was signed out"));
}

#[both]
async fn concurrent_refreshes_get_the_same_successor(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for _ in 0..12 {
        let (app, first) = (app.clone(), first.clone());
        at_once.spawn(async move { token(&refresh(&app, &first).await) });
    }
    let mut successors = at_once.join_all().await;
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert!(successors[0].is_string());
}

#[both]
async fn a_forged_token_does_not_end_the_session(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let first = token(&joined);
    let text = first.as_str().unwrap();
    let swapped = if text.ends_with('A') { "Q" } else { "A" };
    let made_up = [
        json!(""),
        json!("nonsense"),
        json!(format!("{}{swapped}", &text[..text.len() - 1])),
        joined["credentials"]["accessToken"].clone(),
    ];
    for made_up in &made_up {
        let answer = app
            .anonymous(REFRESH, input(&json!({ "refreshToken": made_up })))
            .await;
        assert_eq!(answer.statements, 0);
        assert_eq!(refusal(&answer.at("/refreshSession")).0, "SESSION_ENDED");
    }
    assert!(token(&refresh(&app, &first).await).is_string());
}

#[both]
async fn an_unused_session_expires_after_ninety_days(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    app.advance(TimeDelta::days(90));
    assert_eq!(refusal(&refresh(&app, &first).await).0, "SESSION_ENDED");
}

#[both]
async fn a_session_expires_after_180_days_even_if_used(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let mut current = token(&joined);
    for _ in 0..17 {
        app.advance(TimeDelta::days(10));
        current = token(&refresh(&app, &current).await);
        assert!(current.is_string());
    }
    app.advance(TimeDelta::days(10) - TimeDelta::minutes(1));
    let newest = refresh(&app, &current).await;
    let ends = &newest["credentials"]["refreshTokenExpiresAt"];
    assert_eq!(ends, "2026-09-06T12:00:00.000Z");
    let mike = signed_in(&app, &newest);
    app.advance(TimeDelta::minutes(1));
    assert!(authenticate(&app.app, &access(&newest)).is_none());
    let payload = refresh(&app, &token(&newest)).await;
    assert_eq!(refusal(&payload).0, "SESSION_ENDED");
    let sessions = app.as_member(mike, SESSIONS, json!({})).await;
    assert_eq!(sessions.at("/me/sessions"), json!([]));
}
