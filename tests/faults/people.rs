//! People who are no members yet.

use serde_json::{Value, json};

/// How somebody signs up.
pub const SIGN_UP: &str =
    "mutation($input: SignUpInput!) { signUp(input: $input) { errors { code } } }";

/// What somebody gives who signs up.
pub fn sign_up(id: uuid::Uuid, handle: &str, passphrase: &str) -> Value {
    json!({ "id": id, "email": email(handle), "passphrase": passphrase, "handle": handle,
        "timeZone": "Europe/London", "country": "GB", "locale": "en-GB", "adult": true, "termsVersion": "2026-11" })
}

/// Where he is written to.
pub fn email(handle: &str) -> String {
    format!("{handle}@example.org")
}
