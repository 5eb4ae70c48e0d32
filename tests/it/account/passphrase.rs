//! Changing the passphrase.

use api::account::service::authenticate;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{ANOTHER, PASSPHRASE, input, join, mike, opens, refusal, sign_in, who};

pub const CHANGE: &str = "mutation($input: ChangePassphraseInput!) {
    changePassphrase(input: $input) { account { email } errors { code path } }
}";
const MIKE: &str = "mike@example.org";

fn change(current: &str, new: &str) -> Value {
    input(&json!({ "current": current, "new": new }))
}

#[both]
async fn a_changed_passphrase_signs_every_other_device_out_and_is_told(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    let mike = who(&app, &joined);
    let tablet = sign_in(&app, MIKE, PASSPHRASE, "A tablet").await;
    let first = app
        .as_member(mike, CHANGE, change(PASSPHRASE, ANOTHER))
        .await
        .ok();
    assert_eq!(first["changePassphrase"]["account"]["email"], MIKE);
    let second = app
        .as_member(mike, CHANGE, change(PASSPHRASE, ANOTHER))
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
    assert!(!opens(&app, MIKE, PASSPHRASE).await);
    assert!(opens(&app, MIKE, ANOTHER).await);
    app.drain().await;
    let notices = app.mail_to(MIKE).into_iter();
    let changed = "your passphrase has just been changed";
    let notices = notices.filter(|letter| letter.text.contains(changed));
    assert_eq!(notices.count(), 1);
}

#[both]
async fn who_does_not_know_the_passphrase_cannot_change_it(app: TestApp) {
    let mike = mike(&app).await;
    let payload = app
        .as_member(mike, CHANGE, change("a guess at it", ANOTHER))
        .await;
    let payload = payload.at("/changePassphrase");
    assert_eq!(
        refusal(&payload),
        ("WRONG_CREDENTIALS".into(), "input.current".into())
    );
    assert!(opens(&app, MIKE, PASSPHRASE).await);
}
