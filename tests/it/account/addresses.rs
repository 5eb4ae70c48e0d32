//! Addresses with non-ASCII characters, and addresses that cannot receive mail.

use entity::account;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use support::{FromDatabase, TestApp, TestDatabase, both};

use super::email_change::{REQUEST as REQUEST_CHANGE, change_email_with, undo, undo_code};
use super::reset::REQUEST as REQUEST_RESET;
use super::{
    PASSPHRASE, SIGN_UP, can_sign_in, input, join, mike, refusal, sign_up_input, signed_in,
};

const UNICODE: &str = "Uwe@ex\u{e4}mple.de";
const ASCII: &str = "Uwe@xn--exmple-cua.de";

async fn join_with_unicode_address(app: &TestApp) {
    let sign_up = sign_up_input(app, UNICODE, "uwe");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code(ASCII).await;
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let data = app.anonymous(super::VERIFY, input(&verify)).await;
    assert_eq!(data.at("/verifyEmail/me/account/email"), UNICODE);
}

#[both]
async fn mail_goes_to_the_ascii_form_of_a_domain_and_both_forms_sign_in(app: TestApp) {
    join_with_unicode_address(&app).await;
    assert!(can_sign_in(&app, UNICODE, PASSPHRASE).await);
    assert!(can_sign_in(&app, &ASCII.to_uppercase(), PASSPHRASE).await);
}

async fn assert_account_notice(app: &TestApp, email: &str) {
    app.drain().await;
    let before = app.mail_to(ASCII).len();
    let again = sign_up_input(app, email, "another");
    app.anonymous(SIGN_UP, input(&again)).await.ok();
    app.drain().await;
    let letters = app.mail_to(ASCII);
    assert_eq!(letters.len(), before + 1, "{email}");
    let newest = letters.last().unwrap();
    assert_eq!(newest.code(), None, "{email}");
    assert!(newest.text.contains("You already have an account"));
}

#[both]
async fn both_forms_of_an_address_are_one_account(app: TestApp) {
    join_with_unicode_address(&app).await;
    assert_account_notice(&app, ASCII).await;
    assert_account_notice(&app, UNICODE).await;
}

#[both]
async fn an_account_with_an_old_key_is_found_by_both_forms(app: TestApp) {
    join_with_unicode_address(&app).await;
    let keys = account::Entity::update_many()
        .col_expr(
            account::Column::EmailKey,
            Expr::value(UNICODE.to_lowercase()),
        )
        .filter(account::Column::Email.eq(UNICODE));
    let updated = keys.exec(app.app.db.pool()).await.unwrap();
    assert_eq!(updated.rows_affected, 1);

    assert!(can_sign_in(&app, UNICODE, PASSPHRASE).await);
    assert!(can_sign_in(&app, ASCII, PASSPHRASE).await);
    assert_account_notice(&app, ASCII).await;
    let forgot = json!({ "email": ASCII });
    app.anonymous(REQUEST_RESET, input(&forgot)).await.ok();
    app.mailed_code(ASCII).await;

    let mike = mike(&app).await;
    let change = json!({ "newEmail": ASCII, "passphrase": PASSPHRASE });
    app.as_member(mike, REQUEST_CHANGE, input(&change))
        .await
        .ok();
    app.drain().await;
    let letter = app.mail_to(ASCII).pop().unwrap();
    assert!(letter.text.contains("for another account"));
}

#[both]
async fn an_account_with_an_old_key_can_undo_a_change_by_either_form(app: TestApp) {
    join_with_unicode_address(&app).await;
    let mike = signed_in(
        &app,
        &super::sign_in(&app, ASCII, PASSPHRASE, "A tablet").await,
    );
    let keys = account::Entity::update_many()
        .col_expr(
            account::Column::EmailKey,
            Expr::value(UNICODE.to_lowercase()),
        )
        .filter(account::Column::Email.eq(UNICODE));
    keys.exec(app.app.db.pool()).await.unwrap();
    for form in [ASCII, UNICODE] {
        change_email_with(&app, mike, "mike@example.net", PASSPHRASE).await;
        let code = undo_code(&app, ASCII).await;
        let done = json!({ "done": true, "errors": [] });
        assert_eq!(undo(&app, form, &code).await, done, "{form}");
        app.drain().await;
    }
    // A change to the same mailbox takes effect at once, and stores the ASCII form as the key.
    let moved = change_email_with(&app, mike, ASCII, PASSPHRASE).await;
    assert_eq!(moved["account"]["email"], ASCII);
    let keys: Vec<_> = account::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(keys[0].email_key, ASCII.to_lowercase());
}

const UNDELIVERABLE: [&str; 5] = [
    "\"a b\"@example.org",
    "x@127.0.0.1",
    "x@example.123",
    "ren\u{e9}@example.org",
    "x@ex_ample.org",
];

#[both]
async fn an_undeliverable_address_is_refused_at_sign_up_and_email_change(app: TestApp) {
    let mike = mike(&app).await;
    for email in UNDELIVERABLE {
        let sign_up = sign_up_input(&app, email, "somebody");
        let payload = app.anonymous(SIGN_UP, input(&sign_up)).await.at("/signUp");
        let refused = refusal(&payload);
        assert_eq!(refused, ("INVALID".into(), "input.email".into()), "{email}");
        let change = json!({ "newEmail": email, "passphrase": PASSPHRASE });
        let payload = app.as_member(mike, REQUEST_CHANGE, input(&change)).await;
        let refused = refusal(&payload.at("/requestEmailChange"));
        assert_eq!(refused, ("INVALID".into(), "input.newEmail".into()));
        // Signing in does not call the address invalid: an older account may have it.
        let payload = super::sign_in(&app, email, PASSPHRASE, "A phone").await;
        assert_eq!(refusal(&payload).0, "WRONG_CREDENTIALS", "{email}");
    }
}

/// The service with a mail server that accepts UTF-8 addresses.
struct Utf8(TestApp);

impl FromDatabase for Utf8 {
    async fn from_database(database: TestDatabase) -> Self {
        Self(TestApp::configured(database, "[mail]\nutf8_addresses = true\n").await)
    }
}

#[both]
async fn an_operator_can_allow_utf8_addresses(Utf8(app): Utf8) {
    join(&app, "ren\u{e9}@example.org", "rene").await;
}
