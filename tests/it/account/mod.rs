//! Accounts: signing up and in, sessions, limits, and deletion.

mod addresses;
mod codes;
mod deletion;
mod email_change;
mod inputs;
mod letters;
mod limits;
mod notices;
mod passphrase;
mod reset;
mod roles;
mod secrecy;
mod sessions;
mod sign_in;
mod sign_up;
mod strangers;
mod tokens;

use api::account::service::authenticate;
use api::viewer::SignedIn;
use serde_json::{Value, json};
use support::TestApp;
use uuid::Uuid;

/// The passphrase of members in tests.
pub const PASSPHRASE: &str = "orchid tram velvet 42";
pub const NEW_PASSPHRASE: &str = "copper lantern drift 77";

pub const SIGN_UP: &str = "mutation($input: SignUpInput!) {
    signUp(input: $input) { signUpId codeExpiresAt errors { code path message } }
}";
pub const VERIFY: &str = "mutation($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
        credentials { accessToken refreshToken sessionId refreshTokenExpiresAt }
        me { memberId account { email } }
        errors { code path }
    }
}";
pub const SIGN_IN: &str = "mutation($input: SignInInput!) {
    signIn(input: $input) {
        credentials { accessToken refreshToken sessionId }
        me { memberId account { deletionDueAt } }
        errors { code path }
    }
}";
pub const REFRESH: &str = "mutation($input: RefreshSessionInput!) {
    refreshSession(input: $input) { credentials { accessToken refreshToken refreshTokenExpiresAt } errors { code path } }
}";
pub const SESSIONS: &str = "{ me { sessions { id deviceName current createdAt lastUsedAt } } }";

/// A new id, as an app makes it.
pub fn id(app: &TestApp) -> Uuid {
    app.app.ids.next()
}

/// The sign-up input of a member in London.
pub fn sign_up_input(app: &TestApp, email: &str, handle: &str) -> Value {
    json!({
        "id": id(app), "email": email, "passphrase": PASSPHRASE, "handle": handle,
        "timeZone": "Europe/London", "country": "GB", "locale": "en-GB",
        "adult": true, "termsVersion": "2026-11",
    })
}

/// The input of a mutation, as its variables.
pub fn input(input: &Value) -> Value {
    json!({ "input": input })
}

/// Signs up, reads the mailed code and enters it. Returns the payload of `verifyEmail`.
pub async fn join(app: &TestApp, email: &str, handle: &str) -> Value {
    let sign_up = sign_up_input(app, email, handle);
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code(email).await;
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let data = app.anonymous(VERIFY, input(&verify)).await.ok();
    assert_eq!(data["verifyEmail"]["errors"], json!([]), "{data:#}");
    data["verifyEmail"].clone()
}

/// Signs Mike up. Returns his member and session.
pub async fn mike(app: &TestApp) -> SignedIn {
    signed_in(app, &join(app, "mike@example.org", "mike").await)
}

/// The member and the session of a payload's access token.
pub fn signed_in(app: &TestApp, payload: &Value) -> SignedIn {
    let token = payload["credentials"]["accessToken"].as_str().unwrap();
    let access = authenticate(&app.app, token);
    access.expect("a good access token").who
}

/// Signs in. Returns the payload.
pub async fn sign_in(app: &TestApp, email: &str, passphrase: &str, device: &str) -> Value {
    let sign_in = json!({ "email": email, "passphrase": passphrase, "deviceName": device });
    let data = app.anonymous(SIGN_IN, input(&sign_in)).await.ok();
    data["signIn"].clone()
}

/// Whether signing in with a passphrase succeeds.
pub async fn can_sign_in(app: &TestApp, email: &str, passphrase: &str) -> bool {
    !sign_in(app, email, passphrase, "Another").await["credentials"].is_null()
}

/// The only error of a payload: its code and its path.
#[track_caller]
pub fn refusal(payload: &Value) -> (String, String) {
    let errors = payload["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload:#}");
    let path: Vec<&str> = errors[0]["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part.as_str().unwrap())
        .collect();
    (
        errors[0]["code"].as_str().unwrap().to_owned(),
        path.join("."),
    )
}

/// A wrong code: a different number of eight digits.
pub fn wrong_code(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}
