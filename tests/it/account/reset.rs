//! A new passphrase for who does not remember his.

use api::account::service::authenticate;
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{FromDatabase, TestApp, TestDatabase, both};
use tokio::task::JoinSet;

use super::{ANOTHER, PASSPHRASE, another, input, join, opens, refusal, sign_in};

pub const REQUEST: &str = "mutation($input: RequestPassphraseResetInput!) {
    requestPassphraseReset(input: $input) { accepted errors { code path } }
}";
pub const RESET: &str = "mutation($input: ResetPassphraseInput!) {
    resetPassphrase(input: $input) { done errors { code path } }
}";
const MIKE: &str = "mike@example.org";

/// The service with limits that nobody meets.
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
async fn a_forgotten_passphrase_is_replaced_and_every_device_signed_out(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    assert_eq!(
        reset(&app, &code, ANOTHER).await,
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
    assert!(!opens(&app, MIKE, PASSPHRASE).await);
    assert!(opens(&app, MIKE, ANOTHER).await);
}

#[both]
async fn a_reset_sent_again_answers_the_same_and_a_code_works_once(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    let first = reset(&app, &code, ANOTHER).await;
    app.drain().await;
    let letters = app.mail_to(MIKE).len();
    assert_eq!(reset(&app, &code, ANOTHER).await, first);
    app.drain().await;
    assert_eq!(app.mail_to(MIKE).len(), letters);

    let other = reset(&app, &code, "something else again 5").await;
    assert_eq!(refusal(&other), ("WRONG_CODE".into(), "input.code".into()));
    assert!(opens(&app, MIKE, ANOTHER).await);
}

#[both]
async fn asking_again_mails_the_same_code(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    // Two wishes before the worker came are one.
    assert_eq!(app.mail_to(MIKE).len(), 2);
    app.advance(TimeDelta::minutes(5));
    request(&app).await;
    assert_eq!(app.mailed_code(MIKE).await, code);
    app.advance(TimeDelta::minutes(15));
    request(&app).await;
    let newer = app.mailed_code(MIKE).await;
    assert_ne!(newer, code);
    assert_eq!(refusal(&reset(&app, &code, ANOTHER).await).0, "WRONG_CODE");
    assert_eq!(reset(&app, &newer, ANOTHER).await["done"], true);
}

#[both]
async fn guesses_at_once_cannot_exceed_five(Unlimited(app): Unlimited) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    let mut wrong = code.clone();
    for _ in 0..12 {
        wrong = another(&wrong);
        let (app, wrong) = (app.clone(), wrong.clone());
        at_once.spawn(async move { reset(&app, &wrong, ANOTHER).await });
    }
    for payload in at_once.join_all().await {
        assert_eq!(refusal(&payload).0, "WRONG_CODE");
    }
    let codes = entity::account_code::Entity::find();
    let codes = codes.all(app.app.db.pool()).await.unwrap();
    assert_eq!(codes[0].attempts, 5);
    assert_eq!(refusal(&reset(&app, &code, ANOTHER).await).0, "WRONG_CODE");
    assert!(opens(&app, MIKE, PASSPHRASE).await);
}

#[both]
async fn a_dead_code_is_replaced_when_asked_again(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let dead = app.mailed_code(MIKE).await;
    for _ in 0..5 {
        reset(&app, &another(&dead), ANOTHER).await;
    }
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    assert_ne!(code, dead);
    assert_eq!(reset(&app, &code, ANOTHER).await["done"], true);
}

#[both]
async fn a_code_ends_with_its_time(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    app.advance(TimeDelta::minutes(30));
    assert_eq!(refusal(&reset(&app, &code, ANOTHER).await).0, "WRONG_CODE");
    assert!(opens(&app, MIKE, PASSPHRASE).await);
}

#[both]
async fn nobody_slips_in_with_the_old_passphrase_while_it_is_replaced(app: TestApp) {
    join(&app, MIKE, "mike").await;
    request(&app).await;
    let code = app.mailed_code(MIKE).await;
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for _ in 0..8 {
        let app = app.clone();
        at_once.spawn(async move { sign_in(&app, MIKE, PASSPHRASE, "A thief's").await });
    }
    let payload = reset(&app, &code, ANOTHER).await;
    assert_eq!(payload["done"], true);
    for payload in at_once.join_all().await {
        if let Some(access) = payload["credentials"]["accessToken"].as_str() {
            assert_eq!(authenticate(&app.app, access), None);
        }
    }
}
