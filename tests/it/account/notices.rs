//! Notices about a member's own account: by mail, by push, and in the inbox.

use api::dev_outbox::Sent;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::device;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    NEW_PASSPHRASE, PASSPHRASE, REFRESH, SIGN_IN, id, input, join, mike, sign_in, signed_in,
};

const MIKE: &str = "mike@example.org";

/// The kinds of the notifications in the inbox, newest first.
async fn inbox_kinds(app: &TestApp, mike: SignedIn) -> Vec<String> {
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    let inbox = app.as_member(mike, inbox, json!({})).await;
    let nodes = inbox.at("/me/notifications/nodes");
    let nodes = nodes.as_array().unwrap().iter();
    nodes
        .map(|node| node["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// Counts the pushes to an address, and asserts that none says what it is about.
fn push_count(app: &TestApp, to: &str) -> usize {
    let sent = app.outbox().into_iter().filter_map(|sent| match sent {
        Sent::Push {
            address, message, ..
        } if address == to => Some(message.to_string().to_lowercase()),
        _ => None,
    });
    let sent: Vec<_> = sent.collect();
    for message in &sent {
        for word in ["passphrase", "sign", "e-mail", "email", "device"] {
            assert!(!message.contains(word), "{word} in {message}");
        }
    }
    sent.len()
}

async fn reset(app: &TestApp) {
    let forgot = json!({ "email": MIKE });
    app.anonymous(super::reset::REQUEST, input(&forgot))
        .await
        .ok();
    let code = app.mailed_code(MIKE).await;
    let reset = json!({ "email": MIKE, "code": code, "passphrase": NEW_PASSPHRASE });
    let payload = app.anonymous(super::reset::RESET, input(&reset)).await;
    assert_eq!(payload.at("/resetPassphrase/done"), true);
}

#[both]
async fn a_new_sign_in_is_reported_by_mail_and_by_push(app: TestApp) {
    let mike = mike(&app).await;
    app.register(mike, "phone").await;
    app.drain().await;
    assert_eq!(
        inbox_kinds(&app, mike).await,
        [""; 0],
        "joining is no news to him"
    );
    let asked = json!({ "email": MIKE, "passphrase": PASSPHRASE, "deviceName": "A tablet",
        "id": id(&app) });
    for _ in 0..2 {
        let payload = app.anonymous(SIGN_IN, input(&asked)).await;
        assert_eq!(payload.at("/signIn/errors"), json!([]));
        app.drain().await;
    }
    sign_in(&app, MIKE, "not the passphrase", "A thief's").await;
    app.drain().await;
    assert_eq!(inbox_kinds(&app, mike).await, ["SIGNED_IN"]);
    assert_eq!(push_count(&app, "phone"), 1);
    let letters = app.mail_to(MIKE);
    assert_eq!(letters.len(), 2, "the code of the sign-up, and one notice");
    assert!(letters[1].text.contains("has just been signed in to"));
    assert!(!letters[1].text.contains("A tablet"));
}

#[both]
async fn a_reset_notifies_the_devices_it_signs_out(app: TestApp) {
    let phone = mike(&app).await;
    app.register(phone, "phone").await;
    reset(&app).await;
    app.drain().await;
    assert_eq!(push_count(&app, "phone"), 1);
    app.advance(TimeDelta::seconds(1));
    let thief = signed_in(
        &app,
        &sign_in(&app, MIKE, NEW_PASSPHRASE, "A thief's").await,
    );
    app.drain().await;
    assert_eq!(
        push_count(&app, "phone"),
        2,
        "he hears of the thief as well"
    );
    assert_eq!(
        inbox_kinds(&app, thief).await,
        ["SIGNED_IN", "PASSPHRASE_CHANGED"]
    );
}

#[both]
async fn a_device_signed_out_by_a_reset_gets_account_notices_only_and_not_for_long(app: TestApp) {
    let phone = mike(&app).await;
    app.register(phone, "phone").await;
    app.tell(phone, "planned before").await;
    reset(&app).await;
    let before = push_count(&app, "phone");
    app.tell(phone, "planned after").await;
    app.drain().await;
    assert_eq!(
        push_count(&app, "phone") - before,
        1,
        "that it was signed out"
    );
    let tablet = signed_in(&app, &sign_in(&app, MIKE, NEW_PASSPHRASE, "A tablet").await);
    let devices = "{ me { devices { id } } }";
    let devices = app.as_member(tablet, devices, json!({})).await;
    assert_eq!(devices.at("/me/devices"), json!([]));
    app.drain().await;
    let before = push_count(&app, "phone");
    app.advance(TimeDelta::hours(1));
    sign_in(&app, MIKE, NEW_PASSPHRASE, "A desk").await;
    app.drain().await;
    assert_eq!(push_count(&app, "phone"), before);
    api::device::service::housekeep(&app.app).await.unwrap();
    let rows = device::Entity::find().all(app.app.db.pool()).await;
    assert_eq!(rows.unwrap(), []);
}

#[both]
async fn a_device_that_signs_in_again_gets_all_notifications(app: TestApp) {
    let phone = mike(&app).await;
    app.register(phone, "phone").await;
    reset(&app).await;
    let phone = signed_in(&app, &sign_in(&app, MIKE, NEW_PASSPHRASE, "A phone").await);
    app.register(phone, "phone").await;
    app.drain().await;
    let before = push_count(&app, "phone");
    app.advance(TimeDelta::hours(2));
    api::device::service::housekeep(&app.app).await.unwrap();
    app.tell(phone, "something else").await;
    app.drain().await;
    assert_eq!(push_count(&app, "phone"), before + 1);
}

#[both]
async fn passphrase_and_email_changes_appear_in_the_inbox(app: TestApp) {
    let mike = mike(&app).await;
    app.register(mike, "phone").await;
    let change = json!({ "current": PASSPHRASE, "new": NEW_PASSPHRASE });
    let change = app.as_member(mike, super::passphrase::CHANGE, input(&change));
    assert_eq!(change.await.at("/changePassphrase/errors"), json!([]));
    app.advance(TimeDelta::seconds(1));
    let confirm =
        super::email_change::change_email_with(&app, mike, "mike@example.net", NEW_PASSPHRASE)
            .await;
    assert_eq!(confirm["errors"], json!([]));
    app.drain().await;
    let expected = ["EMAIL_CHANGE_CONFIRMED", "PASSPHRASE_CHANGED"];
    assert_eq!(inbox_kinds(&app, mike).await, expected);
    app.advance(TimeDelta::days(1));
    app.drain().await;
    assert_eq!(inbox_kinds(&app, mike).await[0], "EMAIL_CHANGED");
    assert_eq!(push_count(&app, "phone"), 3);
}

#[both]
async fn account_notices_ignore_quiet_hours(app: TestApp) {
    let mike = mike(&app).await;
    app.register(mike, "phone").await;
    // It is two in the morning.
    app.advance(TimeDelta::hours(14));
    app.tell(mike, "something else").await;
    sign_in(&app, MIKE, PASSPHRASE, "A tablet").await;
    app.drain().await;
    assert_eq!(push_count(&app, "phone"), 1);
}

#[both]
async fn a_stolen_session_is_reported_on_every_device(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    let phone = signed_in(&app, &joined);
    app.register(phone, "phone").await;
    let tablet = signed_in(&app, &sign_in(&app, MIKE, PASSPHRASE, "A tablet").await);
    app.register(tablet, "tablet").await;
    app.drain().await;
    let before = push_count(&app, "phone");
    let refresh = async |token: &Value| {
        let refresh = json!({ "refreshToken": token });
        let answer = app.anonymous(REFRESH, input(&refresh)).await;
        answer.at("/refreshSession")
    };
    let first = &joined["credentials"]["refreshToken"];
    let second = refresh(first).await;
    refresh(&second["credentials"]["refreshToken"]).await;
    app.advance(TimeDelta::minutes(1));
    assert_eq!(super::refusal(&refresh(first).await).0, "SESSION_ENDED");
    app.drain().await;
    assert_eq!(
        inbox_kinds(&app, tablet).await,
        ["SESSION_STOLEN", "SIGNED_IN"]
    );
    assert_eq!(push_count(&app, "phone"), before + 1);
    assert_eq!(push_count(&app, "tablet"), 1);
}

#[both]
async fn a_device_signed_out_by_its_owner_gets_no_notifications(app: TestApp) {
    let phone = mike(&app).await;
    app.register(phone, "phone").await;
    let tablet = signed_in(&app, &sign_in(&app, MIKE, PASSPHRASE, "A tablet").await);
    app.drain().await;
    let before = push_count(&app, "phone");
    let elsewhere = "mutation { signOutEverywhereElse { errors { code } } }";
    app.as_member(tablet, elsewhere, json!({})).await.ok();
    sign_in(&app, MIKE, PASSPHRASE, "A desk").await;
    app.drain().await;
    assert_eq!(push_count(&app, "phone"), before);
}
