//! Invalid input: the answer names every invalid field at once, and repeats no value.

use serde_json::{Value, json};
use support::{TestApp, both};

use super::passphrase::CHANGE;
use super::reset::{REQUEST, RESET};
use super::{SIGN_IN, SIGN_UP, VERIFY, input, mike, sign_up_input};

fn faults(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["errors"].as_array().unwrap().iter();
    let mut faults: Vec<_> = errors
        .map(|error| {
            let field = error["path"][1].as_str().unwrap_or_default();
            (field.to_owned(), error["code"].as_str().unwrap().to_owned())
        })
        .collect();
    faults.sort();
    faults
}

fn expected(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = faults
        .iter()
        .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()));
    owned.collect()
}

#[both]
async fn a_sign_up_names_all_invalid_fields_at_once(app: TestApp) {
    let bad = json!({
        "id": "3f2c1a52-7d7e-4b6a-9a64-0c3c1c6f5a11", "email": "mike", "passphrase": "password12",
        "handle": "m", "timeZone": "Europe/London", "country": "UK", "locale": "english",
        "adult": false, "termsVersion": "2020-01",
    });
    let payload = app.anonymous(SIGN_UP, input(&bad)).await.at("/signUp");
    assert_eq!(
        faults(&payload),
        expected(&[
            ("adult", "ADULT_STATEMENT_REQUIRED"),
            ("country", "INVALID"),
            ("email", "INVALID"),
            ("handle", "TOO_SHORT"),
            ("id", "INVALID"),
            ("locale", "INVALID"),
            ("passphrase", "WEAK_PASSPHRASE"),
            ("termsVersion", "TERMS_OUTDATED"),
        ])
    );
    assert_eq!(payload["signUpId"], json!(null));
}

#[both]
async fn a_weak_passphrase_is_refused_and_not_repeated(app: TestApp) {
    for weak in [
        "password12",
        "qwertyuiop",
        "throgmorton",
        "throgmorton@example.org",
        "aaaaaaaaaaaaaaaa",
    ] {
        let mut sign_up = sign_up_input(&app, "throgmorton@example.org", "mike");
        sign_up["passphrase"] = json!(weak);
        let payload = app.anonymous(SIGN_UP, input(&sign_up)).await.at("/signUp");
        assert_eq!(
            faults(&payload),
            expected(&[("passphrase", "WEAK_PASSPHRASE")]),
            "{weak}"
        );
        assert!(!payload.to_string().contains(weak));
    }
    for (wrong_length, code) in [
        ("short one", "TOO_SHORT"),
        (&"long ".repeat(26), "TOO_LONG"),
    ] {
        let mut sign_up = sign_up_input(&app, "throgmorton@example.org", "mike");
        sign_up["passphrase"] = json!(wrong_length);
        let payload = app.anonymous(SIGN_UP, input(&sign_up)).await.at("/signUp");
        assert_eq!(faults(&payload), expected(&[("passphrase", code)]));
    }
}

#[both]
async fn errors_name_their_fields(app: TestApp) {
    let verify = json!({
        "signUpId": super::id(&app), "code": "123", "handle": "mike tyson", "deviceName": " ",
    });
    let payload = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    assert_eq!(
        faults(&payload),
        expected(&[
            ("code", "INVALID"),
            ("deviceName", "REQUIRED"),
            ("handle", "INVALID")
        ])
    );
    let sign_in = json!({
        "email": "", "passphrase": "", "deviceName": "x".repeat(65),
        "id": "3f2c1a52-7d7e-4b6a-9a64-0c3c1c6f5a11",
    });
    let payload = app.anonymous(SIGN_IN, input(&sign_in)).await.at("/signIn");
    assert_eq!(
        faults(&payload),
        expected(&[
            ("deviceName", "TOO_LONG"),
            ("email", "REQUIRED"),
            ("id", "INVALID"),
            ("passphrase", "REQUIRED"),
        ])
    );
    let request = json!({ "email": "mike@" });
    let payload = app
        .anonymous(REQUEST, input(&request))
        .await
        .at("/requestPassphraseReset");
    assert_eq!(faults(&payload), expected(&[("email", "INVALID")]));
    let reset = json!({ "email": "mike@", "code": "", "passphrase": "short" });
    let payload = app
        .anonymous(RESET, input(&reset))
        .await
        .at("/resetPassphrase");
    assert_eq!(
        faults(&payload),
        expected(&[
            ("code", "INVALID"),
            ("email", "INVALID"),
            ("passphrase", "TOO_SHORT")
        ])
    );
    let mike = mike(&app).await;
    let change = json!({ "current": "", "new": "mike@example.org" });
    let payload = app
        .as_member(mike, CHANGE, input(&change))
        .await
        .at("/changePassphrase");
    assert_eq!(
        faults(&payload),
        expected(&[("current", "REQUIRED"), ("new", "WEAK_PASSPHRASE")])
    );
}

#[both]
async fn account_mutations_without_a_session_get_unauthenticated(app: TestApp) {
    for document in [
        "mutation { signOut { sessionId } }",
        "mutation { revokeSession(input: { sessionId: \"a\" }) { sessionId } }",
        "mutation { signOutEverywhereElse { sessions { id } } }",
        "mutation { changePassphrase(input: { current: \"a\", new: \"b\" }) { account { email } } }",
        "mutation { requestEmailChange(input: { newEmail: \"a\", passphrase: \"b\" }) { codeExpiresAt } }",
        "mutation { confirmEmailChange(input: { code: \"1\" }) { account { email } } }",
        "mutation { deleteAccount(input: { passphrase: \"a\" }) { account { email } } }",
        "mutation { undoAccountDeletion { account { email } } }",
    ] {
        let answer = app.anonymous(document, json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{document}");
        assert_eq!(answer.statements, 0, "{document}");
    }
}
