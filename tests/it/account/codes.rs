//! A code proves the request it was mailed for, and nothing else.

use api::account::jobs::housekeep;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{SIGN_UP, VERIFY, can_sign_in, input, join, refusal, sign_up_input, signed_in};

const ATTACKER: &str = "mallory@example.org";

async fn sign_up(app: &TestApp, id: &Value, email: &str, handle: &str) -> Value {
    let mut sign_up = sign_up_input(app, email, handle);
    sign_up["id"] = id.clone();
    app.anonymous(SIGN_UP, input(&sign_up)).await.at("/signUp")
}

async fn enter(app: &TestApp, id: &Value, code: &str) -> Value {
    let verify = json!({ "signUpId": id, "code": code, "deviceName": "A phone" });
    app.anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail")
}

/// Signs up with the attacker's own address, reads the code, and lets the sign-up expire.
async fn expired_code(app: &TestApp, after: TimeDelta) -> (Value, String) {
    let id = json!(super::id(app));
    let mine = sign_up(app, &id, ATTACKER, "mallory").await;
    assert_eq!(mine["errors"], json!([]));
    let code = app.mailed_code(ATTACKER).await;
    app.advance(after);
    housekeep(&app.app).await.unwrap();
    (id, code)
}

#[both]
async fn a_code_from_one_mailbox_does_not_verify_another_address(app: TestApp) {
    for (n, minutes) in [31, 61, 90, 60 * 24 * 30].into_iter().enumerate() {
        let (id, code) = expired_code(&app, TimeDelta::minutes(minutes)).await;
        let email = format!("victim{n}@example.org");
        let refused = sign_up(&app, &id, &email, "victim").await;
        let conflict = ("CONFLICT".into(), "input.id".into());
        assert_eq!(refusal(&refused), conflict, "{minutes}");
        let entered = enter(&app, &id, &code).await;
        assert_eq!(refusal(&entered).0, "WRONG_CODE", "{minutes}");
        assert!(!can_sign_in(&app, &email, super::PASSPHRASE).await);
        app.drain().await;
        assert_eq!(app.mail_to(&email), []);
    }
}

#[both]
async fn an_old_code_does_not_verify_a_later_sign_up_with_the_same_id(app: TestApp) {
    let (id, code) = expired_code(&app, TimeDelta::days(401)).await;
    let taken = sign_up(&app, &id, "victim@example.org", "victim").await;
    assert_eq!(taken["errors"], json!([]));
    assert_eq!(refusal(&enter(&app, &id, &code).await).0, "WRONG_CODE");
    assert!(!can_sign_in(&app, "victim@example.org", super::PASSPHRASE).await);
    let mailed = app.mailed_code("victim@example.org").await;
    assert_ne!(mailed, code);
    signed_in(&app, &enter(&app, &id, &mailed).await);
}

#[both]
async fn an_old_code_does_not_reveal_whether_an_address_has_an_account(app: TestApp) {
    join(&app, "mike@example.org", "mike").await;
    let mut answers = Vec::new();
    for email in ["mike@example.org", "nobody@example.org"] {
        for after in [TimeDelta::minutes(90), TimeDelta::days(401)] {
            let (id, code) = expired_code(&app, after).await;
            let mut asked = sign_up(&app, &id, email, "victim").await;
            asked["signUpId"] = json!(null);
            asked["codeExpiresAt"] = json!(null);
            answers.push((asked, enter(&app, &id, &code).await));
        }
    }
    assert_eq!(answers[..2], answers[2..]);
    assert!(!format!("{answers:?}").contains("TAKEN"));
}

#[both]
async fn an_expired_sign_up_can_be_repeated_and_gets_a_new_code(app: TestApp) {
    let (id, code) = expired_code(&app, TimeDelta::minutes(90)).await;
    let again = sign_up(&app, &id, ATTACKER, "mallory").await;
    assert_eq!(again["errors"], json!([]));
    let newer = app.mailed_code(ATTACKER).await;
    assert_ne!(newer, code);
    assert_eq!(refusal(&enter(&app, &id, &code).await).0, "WRONG_CODE");
    signed_in(&app, &enter(&app, &id, &newer).await);
}
