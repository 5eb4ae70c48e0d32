//! Refresh tokens: rotation, grace, reuse.

use api::account::service::authenticate;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};
use tokio::task::JoinSet;

use super::{REFRESH, SESSIONS, input, join, refusal, who};

both!(
    a_refresh_token_is_exchanged_for_the_next,
    a_phone_that_lost_the_answer_gets_the_same_successor_for_a_moment,
    an_old_token_that_comes_back_ends_the_session_and_its_owner_is_told,
    everybody_who_refreshes_at_once_gets_the_same_successor,
    a_made_up_token_ends_nothing,
    an_unused_session_ends_with_its_time
);

async fn refresh(app: &TestApp, token: &Value) -> Value {
    let refresh = json!({ "refreshToken": token });
    app.anonymous(REFRESH, input(&refresh))
        .await
        .at("/refreshSession")
}

fn token(payload: &Value) -> Value {
    payload["credentials"]["refreshToken"].clone()
}

async fn a_refresh_token_is_exchanged_for_the_next(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let mike = who(&app, &joined);
    let mut current = token(&joined);
    for _ in 0..3 {
        app.advance(TimeDelta::days(80));
        let payload = refresh(&app, &current).await;
        assert_eq!(payload["errors"], json!([]));
        assert_ne!(token(&payload), current);
        assert_eq!(who(&app, &payload), mike);
        current = token(&payload);
    }
    let sessions = app
        .as_member(mike, SESSIONS, json!({}))
        .await
        .at("/me/sessions");
    assert_eq!(sessions[0]["lastUsedAt"], "2026-11-05T12:00:00.000Z");
    assert_eq!(sessions[0]["createdAt"], "2026-03-10T12:00:00.000Z");
}

async fn a_phone_that_lost_the_answer_gets_the_same_successor_for_a_moment(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    let second = token(&refresh(&app, &first).await);
    app.advance(TimeDelta::seconds(30));
    assert_eq!(token(&refresh(&app, &first).await), second);
    assert!(token(&refresh(&app, &second).await).is_string());
}

async fn an_old_token_that_comes_back_ends_the_session_and_its_owner_is_told(app: TestApp) {
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

async fn everybody_who_refreshes_at_once_gets_the_same_successor(app: TestApp) {
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

async fn a_made_up_token_ends_nothing(app: TestApp) {
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

async fn an_unused_session_ends_with_its_time(app: TestApp) {
    let first = token(&join(&app, "mike@example.org", "mike").await);
    app.advance(TimeDelta::days(90));
    assert_eq!(refusal(&refresh(&app, &first).await).0, "SESSION_ENDED");
}
