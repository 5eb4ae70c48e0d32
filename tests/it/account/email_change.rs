//! Changing the e-mail address of an account.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::reset::Unlimited;
use super::{PASSPHRASE, can_sign_in, input, join, mike, refusal, wrong_code};

pub const REQUEST: &str = "mutation($input: RequestEmailChangeInput!) {
    requestEmailChange(input: $input) { codeExpiresAt errors { code path } }
}";
const CONFIRM: &str = "mutation($input: ConfirmEmailChangeInput!) {
    confirmEmailChange(input: $input) {
        account { email emailVerifiedAt emailChange { newEmail takesEffectAt } } errors { code path }
    }
}";
const CANCEL: &str = "mutation { cancelEmailChange {
    account { email emailChange { newEmail } } errors { code path } } }";
const UNDO: &str = "mutation($input: UndoEmailChangeInput!) {
    undoEmailChange(input: $input) { done errors { code path } }
}";
const ACCOUNT: &str = "{ me { account { email emailVerifiedAt emailChange { newEmail } } } }";
const OLD: &str = "mike@example.org";
const NEW: &str = "Mike@example.net";

fn request(email: &str) -> Value {
    input(&json!({ "newEmail": email, "passphrase": PASSPHRASE }))
}

fn confirm(code: &str) -> Value {
    input(&json!({ "code": code }))
}

async fn change_email(app: &TestApp, mike: SignedIn, email: &str) -> Value {
    change_email_with(app, mike, email, PASSPHRASE).await
}

/// Requests a change of Mike's address and confirms it with the mailed code. Returns the payload.
pub async fn change_email_with(
    app: &TestApp,
    mike: SignedIn,
    email: &str,
    passphrase: &str,
) -> Value {
    let request = json!({ "newEmail": email, "passphrase": passphrase });
    app.as_member(mike, REQUEST, input(&request)).await.ok();
    let code = app.mailed_code(email).await;
    let payload = app.as_member(mike, CONFIRM, confirm(&code)).await;
    payload.at("/confirmEmailChange")
}

/// The code in the newest letter to the old address.
pub async fn undo_code(app: &TestApp, old: &str) -> String {
    app.drain().await;
    let letter = app.mail_to(old).pop().unwrap();
    assert!(
        letter.text.contains("to another e-mail address"),
        "{}",
        letter.text
    );
    let code = letter.text.lines().find(|line| line.starts_with("    "));
    code.unwrap().trim().to_owned()
}

/// Undoes a change with the code that was mailed to the old address.
pub async fn undo(app: &TestApp, email: &str, code: &str) -> Value {
    let undo = json!({ "email": email, "code": code });
    let answer = app.anonymous(UNDO, input(&undo)).await;
    answer.at("/undoEmailChange")
}

async fn account(app: &TestApp, mike: SignedIn) -> Value {
    let answer = app.as_member(mike, ACCOUNT, json!({})).await;
    answer.at("/me/account")
}

/// Runs the worker, advances the clock by a day, and runs the worker again.
async fn pass_a_day(app: &TestApp) {
    app.drain().await;
    app.advance(TimeDelta::days(1));
    app.drain().await;
}

#[both]
async fn a_confirmed_change_takes_effect_after_a_day(app: TestApp) {
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
    let waits = json!({ "email": OLD, "emailVerifiedAt": "2026-03-10T12:00:00.000Z",
        "emailChange": { "newEmail": NEW, "takesEffectAt": "2026-03-14T12:00:00.000Z" } });
    assert_eq!(first["account"], waits);
    let second = app
        .as_member(mike, CONFIRM, confirm(&code))
        .await
        .at("/confirmEmailChange");
    assert_eq!(first, second);
    app.drain().await;
    let mail = app.mail_to(OLD);
    assert_eq!(
        mail.len(),
        2,
        "the code of the sign-up, and one that undoes it"
    );
    assert!(
        mail[1]
            .text
            .contains("counts from 14 March 2026, 12:00 UTC")
    );
    app.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    app.drain().await;
    assert_eq!(account(&app, mike).await["email"], OLD);

    app.advance(TimeDelta::seconds(1));
    app.drain().await;
    let moved = json!({ "email": NEW, "emailVerifiedAt": "2026-03-13T12:00:00.000Z",
        "emailChange": null });
    assert_eq!(account(&app, mike).await, moved);
    let mail = app.mail_to(OLD).pop().unwrap();
    assert!(
        mail.text
            .contains("moved to another e-mail address, and this one is free")
    );
    let mail = app.mail_to(NEW).pop().unwrap();
    assert!(mail.text.contains("you sign in with this address"));
    assert!(can_sign_in(&app, "mike@EXAMPLE.net", PASSPHRASE).await);
    assert!(!can_sign_in(&app, OLD, PASSPHRASE).await);
    join(&app, OLD, "michael").await;
}

#[both]
async fn the_old_address_can_undo_a_change_without_a_session(app: TestApp) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    let code = undo_code(&app, OLD).await;
    let typed = code.to_lowercase().replace('-', " ");
    let done = json!({ "done": true, "errors": [] });
    assert_eq!(undo(&app, "MIKE@example.org", &typed).await, done);
    app.drain().await;
    let letters = app.mail_to(OLD);
    assert!(
        letters
            .last()
            .unwrap()
            .text
            .contains("stays with this one after all")
    );
    assert_eq!(undo(&app, OLD, &code).await, done, "sent again");
    pass_a_day(&app).await;
    assert_eq!(app.mail_to(OLD), letters);
    assert_eq!(account(&app, mike).await["email"], OLD);
    assert_eq!(account(&app, mike).await["emailChange"], json!(null));
}

#[both]
async fn wrong_undo_codes_change_nothing(Unlimited(app): Unlimited) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    let code = undo_code(&app, OLD).await;
    let unknown = undo(&app, "nobody@example.org", "0000-0000-0000-0000").await;
    for _ in 0..20 {
        let guessed = undo(&app, OLD, "0000-0000-0000-0000").await;
        assert_eq!(guessed, unknown);
        assert_eq!(
            refusal(&guessed),
            ("WRONG_CODE".into(), "input.code".into())
        );
    }
    assert_eq!(undo(&app, NEW, &code).await, unknown);
    let nonsense = undo(&app, OLD, "nonsense").await;
    assert_eq!(refusal(&nonsense).0, "INVALID");
    assert_eq!(undo(&app, OLD, &code).await["done"], true);

    // Once the change has taken effect, it cannot be undone.
    change_email(&app, mike, NEW).await;
    let code = undo_code(&app, OLD).await;
    pass_a_day(&app).await;
    assert_eq!(undo(&app, OLD, &code).await, unknown);
    assert_eq!(account(&app, mike).await["email"], NEW);
}

#[both]
async fn a_member_can_cancel_a_pending_change(app: TestApp) {
    let mike = mike(&app).await;
    let kept = json!({ "account": { "email": OLD, "emailChange": null }, "errors": [] });
    let cancel = async || {
        let answer = app.as_member(mike, CANCEL, json!({})).await;
        answer.at("/cancelEmailChange")
    };
    assert_eq!(cancel().await, kept, "there is none");
    change_email(&app, mike, NEW).await;
    for _ in 0..2 {
        assert_eq!(cancel().await, kept);
    }
    pass_a_day(&app).await;
    assert_eq!(account(&app, mike).await["email"], OLD);
    let dropped = app.mail_to(OLD).into_iter();
    let dropped = dropped.filter(|letter| letter.text.contains("stays with this one"));
    assert_eq!(dropped.count(), 1);
}

#[both]
async fn changing_the_passphrase_cancels_a_pending_change(app: TestApp) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    let change = json!({ "current": PASSPHRASE, "new": super::NEW_PASSPHRASE });
    let change = app.as_member(mike, super::passphrase::CHANGE, input(&change));
    assert_eq!(change.await.at("/changePassphrase/errors"), json!([]));
    pass_a_day(&app).await;
    assert_eq!(account(&app, mike).await["email"], OLD);
}

#[both]
async fn during_a_pending_change_only_the_old_address_works(app: TestApp) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    assert!(!can_sign_in(&app, NEW, PASSPHRASE).await);
    let before = app.mail_to(NEW).len();
    for (email, letters) in [(NEW, before), (OLD, 3)] {
        let forgot = json!({ "email": email });
        app.anonymous(super::reset::REQUEST, input(&forgot))
            .await
            .ok();
        app.drain().await;
        assert_eq!(app.mail_to(email).len(), letters, "{email}");
    }
    let code = app.mailed_code(OLD).await;
    let reset = json!({ "email": NEW, "code": code, "passphrase": super::NEW_PASSPHRASE });
    let payload = app.anonymous(super::reset::RESET, input(&reset)).await;
    assert_eq!(refusal(&payload.at("/resetPassphrase")).0, "WRONG_CODE");
    let reset = json!({ "email": OLD, "code": code, "passphrase": super::NEW_PASSPHRASE });
    let payload = app.anonymous(super::reset::RESET, input(&reset)).await;
    assert_eq!(payload.at("/resetPassphrase/done"), true);
    pass_a_day(&app).await;
    assert!(!can_sign_in(&app, NEW, super::NEW_PASSPHRASE).await);
    let again = super::sign_in(&app, OLD, super::NEW_PASSPHRASE, "A phone").await;
    assert_eq!(
        account(&app, super::signed_in(&app, &again)).await["email"],
        OLD,
        "the reset gave it up"
    );
}

#[both]
async fn a_change_of_letter_case_takes_effect_at_once(app: TestApp) {
    let mike = mike(&app).await;
    let payload = change_email(&app, mike, "Mike@Example.org").await;
    assert_eq!(payload["account"]["email"], "Mike@Example.org");
    assert_eq!(payload["account"]["emailChange"], json!(null));
}

#[both]
async fn a_pending_change_does_not_take_an_address_from_a_newer_account(app: TestApp) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    join(&app, NEW, "michael").await;
    pass_a_day(&app).await;
    assert_eq!(account(&app, mike).await["email"], OLD);
    let mail = app.mail_to(OLD).pop().unwrap();
    assert!(mail.text.contains("stays with this one after all"));
}

#[both]
async fn requesting_a_taken_address_notifies_its_owner_and_answers_alike(app: TestApp) {
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

#[both]
async fn a_newer_request_replaces_an_older_one(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(OLD)).await.ok();
    let older = app.mailed_code(OLD).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let newer = app.mailed_code(NEW).await;
    let guess = app.as_member(mike, CONFIRM, confirm(&older)).await;
    assert_eq!(refusal(&guess.at("/confirmEmailChange")).0, "WRONG_CODE");
    let moved = app.as_member(mike, CONFIRM, confirm(&newer)).await;
    let waits = moved.at("/confirmEmailChange/account/emailChange/newEmail");
    assert_eq!(waits, NEW);
}

#[both]
async fn a_request_repeated_within_a_minute_mails_no_second_letter(app: TestApp) {
    let mike = mike(&app).await;
    let first = app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    app.advance(TimeDelta::seconds(30));
    assert_eq!(app.as_member(mike, REQUEST, request(NEW)).await.ok(), first);
    app.drain().await;
    assert_eq!(app.mail_to(NEW).len(), 1);
    // A repetition after a minute mails the same code again.
    app.advance(TimeDelta::minutes(1));
    assert_eq!(app.as_member(mike, REQUEST, request(NEW)).await.ok(), first);
    assert_eq!(app.mailed_code(NEW).await, code);
    assert_eq!(app.mail_to(NEW).len(), 2);
}

#[both]
async fn a_change_cannot_be_confirmed_once_the_address_has_an_account(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    join(&app, NEW, "michael").await;
    let payload = app
        .as_member(mike, CONFIRM, confirm(&code))
        .await
        .at("/confirmEmailChange");
    assert_eq!(refusal(&payload), ("TAKEN".into(), "input.code".into()));
    assert!(can_sign_in(&app, OLD, PASSPHRASE).await);
}

#[both]
async fn five_wrong_guesses_invalidate_a_code(app: TestApp) {
    let mike = mike(&app).await;
    app.as_member(mike, REQUEST, request(NEW)).await.ok();
    let code = app.mailed_code(NEW).await;
    let guess = async |code: &str| {
        let payload = app.as_member(mike, CONFIRM, confirm(code)).await;
        refusal(&payload.at("/confirmEmailChange"))
    };
    for _ in 0..5 {
        assert_eq!(
            guess(&wrong_code(&code)).await,
            ("WRONG_CODE".into(), "input.code".into())
        );
    }
    assert_eq!(guess(&code).await.0, "WRONG_CODE");
}

#[both]
async fn an_email_change_needs_the_passphrase(app: TestApp) {
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

#[both]
async fn codes_mailed_to_the_old_address_do_not_work_after_the_change(app: TestApp) {
    let mike = mike(&app).await;
    change_email(&app, mike, NEW).await;
    app.advance(TimeDelta::days(1) - TimeDelta::minutes(1));
    let forgot = json!({ "email": OLD });
    app.anonymous(super::reset::REQUEST, input(&forgot))
        .await
        .ok();
    let old_code = app.mailed_code(OLD).await;
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert_eq!(account(&app, mike).await["email"], NEW);
    let reset = json!({ "email": NEW, "code": old_code, "passphrase": super::NEW_PASSPHRASE });
    let payload = app
        .anonymous(super::reset::RESET, input(&reset))
        .await
        .at("/resetPassphrase");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
}
