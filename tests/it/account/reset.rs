//! Resetting a forgotten passphrase.

use api::account::service::authenticate;
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{FromDatabase, TestApp, TestDatabase, both};
use tokio::task::JoinSet;

use super::{NEW_PASSPHRASE, PASSPHRASE, can_sign_in, input, join, refusal, sign_in, wrong_code};

pub const REQUEST: &str = "mutation($input: RequestPassphraseResetInput!) {
    requestPassphraseReset(input: $input) { accepted errors { code path } }
}";
pub const RESET: &str = "mutation($input: ResetPassphraseInput!) {
    resetPassphrase(input: $input) { done errors { code path } }
}";
const MIKE: &str = "mike@example.org";

/// The service with a limit for codes that no test reaches.
pub struct Unlimited(pub TestApp);

impl FromDatabase for Unlimited {
    async fn from_database(database: TestDatabase) -> Self {
        let limits = "[auth.limits]\ncode_per_address = 1000\n";
        Self(TestApp::configured(database, limits).await)
    }
}

async fn request(app: &TestApp) {
    let request = json!({ "email": "MIKE@example.org" });
    let payload = app
        .anonymous(REQUEST, input(&request))
        .await
        .at("/requestPassphraseReset");
    assert_eq!(payload, json!({ "accepted": true, "errors": [] }));
}

async fn reset(app: &TestApp, code: &str, passphrase: &str) -> Value {
    let reset = json!({ "email": MIKE, "code": code, "passphrase": passphrase });
    app.anonymous(RESET, input(&reset))
        .await
        .at("/resetPassphrase")
}

#[both]
async fn a_reset_replaces_the_passphrase_and_signs_out_every_device(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    assert_eq!(
        reset(&app, &code, NEW_PASSPHRASE).await,
        json!({ "done": true, "errors": [] })
    );

    let access = joined["credentials"]["accessToken"].as_str().unwrap();
    assert_eq!(authenticate(&app.app, access), None);
    app.drain().await;
    let notice = app.mail_to(MIKE).pop().unwrap();
    assert!(
        notice
            .text
            .contains("your passphrase has just been changed")
    );
    assert!(!can_sign_in(&app, MIKE, PASSPHRASE).await);
    assert!(can_sign_in(&app, MIKE, NEW_PASSPHRASE).await);
}

#[both]
async fn a_repeated_reset_answers_the_same_and_a_code_works_once(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    let first = reset(&app, &code, NEW_PASSPHRASE).await;
    app.drain().await;
    let letters = app.mail_to(MIKE).len();
    assert_eq!(reset(&app, &code, NEW_PASSPHRASE).await, first);
    app.drain().await;
    assert_eq!(app.mail_to(MIKE).len(), letters);

    let other = reset(&app, &code, "something else again 5").await;
    assert_eq!(refusal(&other), ("WRONG_CODE".into(), "input.code".into()));
    assert!(can_sign_in(&app, MIKE, NEW_PASSPHRASE).await);
}

#[both]
async fn a_repeated_request_mails_the_same_code(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    // Two requests before the worker runs mail one letter.
    assert_eq!(app.mail_to(MIKE).len(), 2);
    app.advance(TimeDelta::minutes(5));
    request(&app).await;
    assert_eq!(app.mailed_code(MIKE).await, code);
    app.advance(TimeDelta::minutes(15));
    request(&app).await;
    let newer = app.mailed_code(MIKE).await;
    assert_ne!(newer, code);
    assert_eq!(
        refusal(&reset(&app, &code, NEW_PASSPHRASE).await).0,
        "WRONG_CODE"
    );
    assert_eq!(reset(&app, &newer, NEW_PASSPHRASE).await["done"], true);
}

#[both]
async fn concurrent_guesses_cannot_exceed_five(Unlimited(app): Unlimited) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    let mut wrong = code.clone();
    for _ in 0..12 {
        wrong = wrong_code(&wrong);
        let (app, wrong) = (app.clone(), wrong.clone());
        at_once.spawn(async move { reset(&app, &wrong, NEW_PASSPHRASE).await });
    }
    for payload in at_once.join_all().await {
        assert_eq!(refusal(&payload).0, "WRONG_CODE");
    }
    let codes = entity::account_code::Entity::find();
    let codes = codes.all(app.app.db.pool()).await.unwrap();
    assert_eq!(codes[0].attempts, 5);
    assert_eq!(
        refusal(&reset(&app, &code, NEW_PASSPHRASE).await).0,
        "WRONG_CODE"
    );
    assert!(can_sign_in(&app, MIKE, PASSPHRASE).await);
}

#[both]
async fn a_code_used_up_by_wrong_guesses_is_replaced_on_request(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let dead = app.mailed_code(MIKE).await;
    for _ in 0..5 {
        reset(&app, &wrong_code(&dead), NEW_PASSPHRASE).await;
    }
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    assert_ne!(code, dead);
    assert_eq!(reset(&app, &code, NEW_PASSPHRASE).await["done"], true);
}

#[both]
async fn a_code_expires_after_thirty_minutes(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    app.advance(TimeDelta::minutes(30));
    assert_eq!(
        refusal(&reset(&app, &code, NEW_PASSPHRASE).await).0,
        "WRONG_CODE"
    );
    assert!(can_sign_in(&app, MIKE, PASSPHRASE).await);
}

#[both]
async fn a_sign_in_with_the_old_passphrase_does_not_survive_a_reset(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    // The first one is in time, whoever wins the race.
    let first = sign_in(&app, MIKE, PASSPHRASE, "A thief's").await;
    let first = first["credentials"]["accessToken"].as_str().unwrap();
    assert!(authenticate(&app.app, first).is_some());
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for _ in 0..8 {
        let app = app.clone();
        at_once.spawn(async move { sign_in(&app, MIKE, PASSPHRASE, "A thief's").await });
    }
    let payload = reset(&app, &code, NEW_PASSPHRASE).await;
    assert_eq!(payload["done"], true);
    assert_eq!(authenticate(&app.app, first), None);
    for payload in at_once.join_all().await {
        if let Some(access) = payload["credentials"]["accessToken"].as_str() {
            assert_eq!(authenticate(&app.app, access), None);
        }
    }
}
