//! Nothing tells a stranger whether an address has an account.

use serde_json::{Value, json};
use support::{Answer, TestApp, both};

use super::reset::{REQUEST, RESET};
use super::{NEW_PASSPHRASE, PASSPHRASE, SIGN_IN, SIGN_UP, VERIFY, input, join, sign_up_input};

const KNOWN: &str = "mike@example.org";
const UNKNOWN: &str = "nobody@example.org";

async fn ask(app: &TestApp, document: &str, variables: &Value) -> (u64, Value) {
    let answer: Answer = app.anonymous(document, input(variables)).await;
    (answer.statements, answer.ok())
}

#[both]
async fn signing_up_does_not_reveal_an_account(app: TestApp) {
    join(&app, KNOWN, "mike").await;
    let known = sign_up_input(&app, "Mike@Example.ORG", "mike");
    let unknown = sign_up_input(&app, UNKNOWN, "mike");
    let (known_cost, mut known_answer) = ask(&app, SIGN_UP, &known).await;
    let (unknown_cost, unknown_answer) = ask(&app, SIGN_UP, &unknown).await;
    known_answer["signUp"]["signUpId"] = unknown["id"].clone();
    assert_eq!((known_cost, known_answer), (unknown_cost, unknown_answer));

    app.drain().await;
    let letter = app.mail_to(KNOWN).pop().unwrap();
    assert_eq!(letter.code(), None);
    assert!(letter.text.contains("You already have an account"));
    assert!(letter.text.contains("I forgot my passphrase"));
    assert!(app.mail_to(UNKNOWN)[0].code().is_some());

    let guess = |sign_up: &Value| json!({ "signUpId": sign_up["id"], "code": "00000000", "deviceName": "A phone" });
    let known = ask(&app, VERIFY, &guess(&known)).await;
    assert_eq!(known, ask(&app, VERIFY, &guess(&unknown)).await);
}

#[both]
async fn signing_in_does_not_reveal_an_account(app: TestApp) {
    join(&app, KNOWN, "mike").await;
    let credentials = |email: &str, passphrase: &str| json!({ "email": email, "passphrase": passphrase, "deviceName": "A phone" });
    let known = ask(&app, SIGN_IN, &credentials(KNOWN, "a guess at it")).await;
    let unknown = ask(&app, SIGN_IN, &credentials(UNKNOWN, PASSPHRASE)).await;
    assert_eq!(known, unknown);
}

#[both]
async fn requesting_a_reset_does_not_reveal_an_account(app: TestApp) {
    join(&app, KNOWN, "mike").await;
    let known = ask(&app, REQUEST, &json!({ "email": KNOWN })).await;
    let unknown = ask(&app, REQUEST, &json!({ "email": UNKNOWN })).await;
    assert_eq!(known, unknown);
    app.drain().await;
    assert!(app.mail_to(KNOWN).pop().unwrap().code().is_some());
    assert_eq!(app.mail_to(UNKNOWN), []);
}

#[both]
async fn guessing_a_code_does_not_reveal_an_account(app: TestApp) {
    join(&app, KNOWN, "mike").await;
    let guess =
        |email: &str| json!({ "email": email, "code": "00000000", "passphrase": NEW_PASSPHRASE });
    let without_code = ask(&app, RESET, &guess(KNOWN)).await;
    app.anonymous(REQUEST, input(&json!({ "email": KNOWN })))
        .await
        .ok();
    app.drain().await;
    let known = ask(&app, RESET, &guess(KNOWN)).await;
    let unknown = ask(&app, RESET, &guess(UNKNOWN)).await;
    assert_eq!(known, unknown);
    assert_eq!(without_code, unknown);
}
