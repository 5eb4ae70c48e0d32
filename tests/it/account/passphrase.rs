//! Changing the passphrase.

use api::account::service::authenticate;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    NEW_PASSPHRASE, PASSPHRASE, can_sign_in, input, join, mike, refusal, sign_in, signed_in,
};

pub const CHANGE: &str = "mutation($input: ChangePassphraseInput!) {
    changePassphrase(input: $input) { account { email } errors { code path } }
}";
const MIKE: &str = "mike@example.org";

fn change(current: &str, new: &str) -> Value {
    input(&json!({ "current": current, "new": new }))
}

#[both]
async fn changing_the_passphrase_signs_out_other_devices_and_mails_a_notice(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    let mike = signed_in(&app, &joined);
    let tablet = sign_in(&app, MIKE, PASSPHRASE, "A tablet").await;
    let first = app
        .as_member(mike, CHANGE, change(PASSPHRASE, NEW_PASSPHRASE))
        .await
        .ok();
    assert_eq!(first["changePassphrase"]["account"]["email"], MIKE);
    let second = app
        .as_member(mike, CHANGE, change(PASSPHRASE, NEW_PASSPHRASE))
        .await
        .ok();
    assert_eq!(first, second);

    let access = |payload: &Value| {
        payload["credentials"]["accessToken"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(authenticate(&app.app, &access(&tablet)), None);
    let access = authenticate(&app.app, &access(&joined));
    assert_eq!(access.map(|access| access.who), Some(mike));
    assert!(!can_sign_in(&app, MIKE, PASSPHRASE).await);
    assert!(can_sign_in(&app, MIKE, NEW_PASSPHRASE).await);
    app.drain().await;
    let notices = app.mail_to(MIKE).into_iter();
    let changed = "your passphrase has just been changed";
    let notices = notices.filter(|letter| letter.text.contains(changed));
    assert_eq!(notices.count(), 1);
}

#[both]
async fn changing_the_passphrase_needs_the_current_one(app: TestApp) {
    let mike = mike(&app).await;
    let payload = app
        .as_member(mike, CHANGE, change("a guess at it", NEW_PASSPHRASE))
        .await;
    let payload = payload.at("/changePassphrase");
    assert_eq!(
        refusal(&payload),
        ("WRONG_CREDENTIALS".into(), "input.current".into())
    );
    assert!(can_sign_in(&app, MIKE, PASSPHRASE).await);
}
