//! People who are not members yet.

use serde_json::{Value, json};

/// The mutation that signs somebody up.
pub const SIGN_UP: &str =
    "mutation($input: SignUpInput!) { signUp(input: $input) { errors { code } } }";

/// Returns the input of `signUp`.
pub fn sign_up(id: uuid::Uuid, handle: &str, passphrase: &str) -> Value {
    json!({ "id": id, "email": email(handle), "passphrase": passphrase, "handle": handle,
        "timeZone": "Europe/London", "country": "GB", "locale": "en-GB", "adult": true, "termsVersion": "2026-11" })
}

/// Returns the e-mail address that belongs to a handle.
pub fn email(handle: &str) -> String {
    format!("{handle}@example.org")
}
