//! Signing in.

use api::account::service::set_role;
use entity::account::Role;
use serde_json::json;
use support::{TestApp, both};

use super::{PASSPHRASE, REFRESH, SIGN_IN, id, input, mike, refusal, sign_in, signed_in};

#[both]
async fn a_member_signs_in_on_another_device(app: TestApp) {
    let phone = mike(&app).await;
    let payload = sign_in(&app, " MIKE@example.org", PASSPHRASE, "A tablet").await;
    let tablet = signed_in(&app, &payload);
    assert_eq!(phone.member, tablet.member);
    assert_ne!(phone.session, tablet.session);
    assert_eq!(payload["me"]["account"]["deletionDueAt"], json!(null));
}

#[both]
async fn a_sign_in_can_select_the_members_data(app: TestApp) {
    let mike = mike(&app).await;
    let circle = json!({ "id": id(&app), "name": "Tuesday men", "purpose": "To talk" });
    let create =
        "mutation($input: CreateCircleInput!) { createCircle(input: $input) { errors { code } } }";
    set_role(&app.app, "mike@example.org", Role::Facilitator)
        .await
        .unwrap();
    let made = app.as_member(mike, create, input(&circle)).await;
    assert_eq!(made.at("/createCircle/errors"), json!([]));

    let home = "mutation($input: SignInInput!) { signIn(input: $input) { me {
        profile { handle } circles { nodes { members { nodes { member { handle } } } } } } } }";
    let asked = json!({
        "email": "mike@example.org", "passphrase": PASSPHRASE, "deviceName": "A tablet",
    });
    let answer = app.anonymous(home, input(&asked)).await;
    let profile = json!({ "handle": "mike" });
    let expected = json!({ "profile": profile,
        "circles": { "nodes": [{ "members": { "nodes": [{ "member": profile }] } }] } });
    assert_eq!(answer.at("/signIn/me"), expected);
}

#[both]
async fn a_wrong_passphrase_and_an_unknown_address_get_the_same_refusal(app: TestApp) {
    mike(&app).await;
    let wrong = sign_in(&app, "mike@example.org", "not the passphrase", "A phone").await;
    let unknown = sign_in(&app, "nobody@example.org", PASSPHRASE, "A phone").await;
    assert_eq!(wrong, unknown);
    assert_eq!(
        refusal(&wrong),
        ("WRONG_CREDENTIALS".into(), "input".into())
    );
    assert_eq!(wrong["credentials"], json!(null));
    assert_eq!(wrong["me"], json!(null));
}

#[both]
async fn a_repeated_sign_in_gets_the_same_session_until_it_is_used(app: TestApp) {
    mike(&app).await;
    let asked = json!({
        "email": "mike@example.org", "passphrase": PASSPHRASE, "deviceName": "A tablet",
        "id": id(&app),
    });
    let first = app.anonymous(SIGN_IN, input(&asked)).await.at("/signIn");
    app.advance(chrono::TimeDelta::minutes(2));
    let second = app.anonymous(SIGN_IN, input(&asked)).await.at("/signIn");
    let token = &first["credentials"]["refreshToken"];
    assert!(token.is_string());
    assert_eq!(token, &second["credentials"]["refreshToken"]);
    assert_eq!(signed_in(&app, &first), signed_in(&app, &second));

    let refresh = app
        .anonymous(REFRESH, input(&json!({ "refreshToken": token })))
        .await;
    assert_eq!(refresh.at("/refreshSession/errors"), json!([]));
    let third = app.anonymous(SIGN_IN, input(&asked)).await.at("/signIn");
    assert_eq!(refusal(&third), ("CONFLICT".into(), "input.id".into()));
}

#[both]
async fn a_session_id_cannot_be_used_for_another_sign_in(app: TestApp) {
    mike(&app).await;
    super::join(&app, "paul@example.org", "paul").await;
    let asked = json!({
        "email": "mike@example.org", "passphrase": PASSPHRASE, "deviceName": "A tablet",
        "id": id(&app),
    });
    app.anonymous(SIGN_IN, input(&asked)).await.ok();
    for (field, other) in [("email", "paul@example.org"), ("deviceName", "A telephone")] {
        let mut changed = asked.clone();
        changed[field] = json!(other);
        let payload = app.anonymous(SIGN_IN, input(&changed)).await.at("/signIn");
        assert_eq!(refusal(&payload).0, "CONFLICT", "{field}");
    }
}
