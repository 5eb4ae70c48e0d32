//! Moving an account to another address.

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{PASSPHRASE, another, input, join, mike, opens, refusal};

both!(
    an_account_moves_to_an_address_that_proved_itself,
    an_address_with_an_account_is_told_and_the_answer_is_the_same,
    a_newer_wish_takes_the_place_of_an_older,
    a_wish_sent_again_mails_no_second_letter,
    an_address_that_got_an_account_meanwhile_is_not_taken_from_it,
    five_wrong_guesses_end_a_code,
    the_passphrase_is_needed,
    codes_mailed_to_the_old_address_open_nothing_any_more
);

pub const REQUEST: &str = "mutation($input: RequestEmailChangeInput!) {
    requestEmailChange(input: $input) { codeExpiresAt errors { code path } }
}";
const CONFIRM: &str = "mutation($input: ConfirmEmailChangeInput!) {
    confirmEmailChange(input: $input) { account { email emailVerifiedAt } errors { code path } }
}";
const OLD: &str = "mike@example.org";
const NEW: &str = "Mike@example.net";

fn request(email: &str) -> Value {
    input(&json!({ "newEmail": email, "passphrase": PASSPHRASE }))
}

fn confirm(code: &str) -> Value {
    input(&json!({ "code": code }))
}

async fn an_account_moves_to_an_address_that_proved_itself(app: TestApp) {
    let mike = mike(&app).await;
    app.advance(TimeDelta::days(3));
    let payload = app
        .as_member(mike, REQUEST, request(NEW))
        .await
        .at("/requestEmailChange");
    assert_eq!(payload["codeExpiresAt"], "2026-03-13T12:30:00.000Z");
    let code = app.mailed_code(NEW).await;
    let first = app
        .as_member(mike, CONFIRM, confirm(&code))
        .await
        .at("/confirmEmailChange");
    let account = json!({ "email": NEW, "emailVerifiedAt": "2026-03-13T12:00:00.000Z" });
    assert_eq!(first["account"], account);
    app.drain().await;
    let notices = app.mail_to(OLD);
    assert_eq!(notices.len(), 2);
    assert!(notices[1].text.contains("moved to another e-mail address"));

    let second = app
        .as_member(mike, CONFIRM, confirm(&code))
        .await
        .at("/confirmEmailChange");
    assert_eq!(first, second);
    app.drain().await;
    assert_eq!(app.mail_to(OLD).len(), 2);
    assert!(opens(&app, "mike@EXAMPLE.net", PASSPHRASE).await);
    assert!(!opens(&app, OLD, PASSPHRASE).await);
    join(&app, OLD, "michael").await;
}

async fn an_address_with_an_account_is_told_and_the_answer_is_the_same(app: TestApp) {
    let mike = mike(&app).await;
    join(&app, "paul@example.org", "paul").await;
    let known = app
        .as_member(mike, REQUEST, request("Paul@example.org"))
        .await;
    app.drain().await;
    let letter = app.mail_to("paul@example.org").pop().unwrap();
    assert_eq!(letter.code(), None);
    assert!(letter.text.contains("for another account"));

    let unknown = app
        .as_member(mike, REQUEST, request("nobody@example.org"))
        .await;
    app.mailed_code("nobody@example.org").await;
    assert_eq!(known.statements, unknown.statements);
    assert_eq!(known.ok(), unknown.ok());
}

async fn a_newer_wish_takes_the_place_of_an_older(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(OLD)).await.ok();
    let older = app.mailed_code(OLD).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let newer = app.mailed_code(NEW).await;
    let guess = app.as_member(mike, CONFIRM, confirm(&older)).await;
    assert_eq!(refusal(&guess.at("/confirmEmailChange")).0, "WRONG_CODE");
    let moved = app.as_member(mike, CONFIRM, confirm(&newer)).await;
    assert_eq!(moved.at("/confirmEmailChange/account/email"), NEW);
}

async fn a_wish_sent_again_mails_no_second_letter(app: TestApp) {
    let mike = mike(&app).await;
    let first = app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    app.advance(TimeDelta::seconds(30));
    assert_eq!(app.as_member(mike, REQUEST, request(NEW)).await.ok(), first);
    app.drain().await;
    assert_eq!(app.mail_to(NEW).len(), 1);
    // Who asks after a minute misses his letter.
    app.advance(TimeDelta::minutes(1));
    assert_eq!(app.as_member(mike, REQUEST, request(NEW)).await.ok(), first);
    assert_eq!(app.mailed_code(NEW).await, code);
    assert_eq!(app.mail_to(NEW).len(), 2);
}

async fn an_address_that_got_an_account_meanwhile_is_not_taken_from_it(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    join(&app, NEW, "michael").await;
    let payload = app
        .as_member(mike, CONFIRM, confirm(&code))
        .await
        .at("/confirmEmailChange");
    assert_eq!(refusal(&payload), ("TAKEN".into(), "input.code".into()));
    assert!(opens(&app, OLD, PASSPHRASE).await);
}

async fn five_wrong_guesses_end_a_code(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    let guess = async |code: &str| {
        let payload = app.as_member(mike, CONFIRM, confirm(code)).await;
        refusal(&payload.at("/confirmEmailChange"))
    };
    for _ in 0..5 {
        assert_eq!(
            guess(&another(&code)).await,
            ("WRONG_CODE".into(), "input.code".into())
        );
    }
    assert_eq!(guess(&code).await.0, "WRONG_CODE");
}

async fn the_passphrase_is_needed(app: TestApp) {
    let mike = mike(&app).await;
    let wrong = json!({ "newEmail": NEW, "passphrase": "a guess at it" });
    let payload = app
        .as_member(mike, REQUEST, input(&wrong))
        .await
        .at("/requestEmailChange");
    assert_eq!(
        refusal(&payload),
        ("WRONG_CREDENTIALS".into(), "input.passphrase".into())
    );
    app.drain().await;
    assert_eq!(app.mail_to(NEW), []);
}

async fn codes_mailed_to_the_old_address_open_nothing_any_more(app: TestApp) {
    let mike = mike(&app).await;
    let forgot = json!({ "email": OLD });
    app.anonymous(super::reset::REQUEST, input(&forgot))
        .await
        .ok();
    let old_code = app.mailed_code(OLD).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    app.as_member(mike, CONFIRM, confirm(&code)).await.ok();
    let reset = json!({ "email": NEW, "code": old_code, "passphrase": super::ANOTHER });
    let payload = app
        .anonymous(super::reset::RESET, input(&reset))
        .await
        .at("/resetPassphrase");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
}
