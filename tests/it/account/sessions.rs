//! Sessions: listing them and ending them.

use std::time::Duration;

use api::account::revocations;
use api::account::service::authenticate;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::session;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, IntoActiveModel as _};
use serde_json::{Value, json};
use support::{TestApp, both, eventually};
use tokio_util::sync::CancellationToken;

use super::{PASSPHRASE, REFRESH, SESSIONS, input, join, mike, refusal, sign_in, signed_in};

const SIGN_OUT: &str = "mutation { signOut { sessionId errors { code path } } }";
const REVOKE: &str = "mutation($input: RevokeSessionInput!) {
    revokeSession(input: $input) { sessionId errors { code path } }
}";
const ELSEWHERE: &str = "mutation {
    signOutEverywhereElse { sessions { deviceName current } errors { code path } }
}";

#[both]
async fn only_its_owner_can_fetch_a_session_by_id(app: TestApp) {
    let (mike, tom) = (app.member("mike").await, app.member("tom").await);
    let query =
        "query($id: ID!) { node(id: $id) { __typename id ... on Session { deviceName current } } }";
    let listed = app
        .as_member(mike, "{ me { sessions { id deviceName } } }", json!({}))
        .await;
    let listed = listed.at("/me/sessions/0");
    let variables = json!({ "id": listed["id"] });
    let found = app
        .as_member(mike, query, variables.clone())
        .await
        .at("/node");
    assert_eq!(
        found,
        json!({ "__typename": "Session", "id": listed["id"], "deviceName": listed["deviceName"], "current": true })
    );
    let anothers = app.as_member(tom, query, variables).await;
    assert_eq!(anothers.data["node"], Value::Null);
    assert!(anothers.errors.is_empty());
}

async fn devices(app: &TestApp, who: SignedIn) -> Vec<String> {
    let sessions = app
        .as_member(who, SESSIONS, json!({}))
        .await
        .at("/me/sessions");
    let names = sessions.as_array().unwrap().iter();
    names
        .map(|session| session["deviceName"].as_str().unwrap().to_owned())
        .collect()
}

fn access(payload: &Value) -> &str {
    payload["credentials"]["accessToken"].as_str().unwrap()
}

#[both]
async fn a_member_can_list_the_signed_in_devices(app: TestApp) {
    let phone = mike(&app).await;
    join(&app, "paul@example.org", "paul").await;
    app.advance(TimeDelta::hours(1));
    let tablet = sign_in(&app, "mike@example.org", PASSPHRASE, "A tablet").await;
    let answer = app.as_member(phone, SESSIONS, json!({})).await;
    assert_eq!(answer.statements, 1);
    let sessions = answer.at("/me/sessions");
    assert_eq!(
        sessions[0],
        json!({
            "id": tablet["credentials"]["sessionId"], "deviceName": "A tablet", "current": false,
            "createdAt": "2026-03-10T13:00:00.000Z", "lastUsedAt": "2026-03-10T13:00:00.000Z",
        })
    );
    assert_eq!(
        (&sessions[1]["deviceName"], &sessions[1]["current"]),
        (&json!("A phone"), &json!(true))
    );
    assert_eq!(sessions.as_array().unwrap().len(), 2);
}

#[both]
async fn the_current_device_is_listed_even_among_more_than_a_hundred(app: TestApp) {
    let phone = mike(&app).await;
    let found = session::Entity::find_by_id(phone.session);
    let first = found.one(app.app.db.pool()).await.unwrap().unwrap();
    let used_later = first.last_used_at + TimeDelta::hours(1);
    app.advance(TimeDelta::hours(2));
    let others = (0..120).map(|number| session::ActiveModel {
        id: Set(app.app.ids.next()),
        device_name: Set(format!("Another {number}")),
        last_used_at: Set(used_later),
        ..first.clone().into_active_model().reset_all()
    });
    let added = session::Entity::insert_many(others).exec_without_returning(app.app.db.pool());
    added.await.unwrap();
    let listed = app.as_member(phone, SESSIONS, json!({})).await;
    let listed = listed.at("/me/sessions");
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 100);
    let current: Vec<_> = listed.iter().map(|it| it["current"] == true).collect();
    // It was used before all the others.
    assert_eq!(current.iter().position(|it| *it), Some(99));
}

#[both]
async fn a_device_that_signs_out_is_refused_at_once(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    let mike = signed_in(&app, &joined);
    app.as_member(mike, SIGN_OUT, json!({})).await.ok();
    assert_eq!(authenticate(&app.app, access(&joined)), None);
    let second = app.as_member(mike, SIGN_OUT, json!({})).await;
    assert_eq!(second.code(), "UNAUTHENTICATED", "it is signed out");
    let refresh = json!({ "refreshToken": joined["credentials"]["refreshToken"] });
    let payload = app
        .anonymous(REFRESH, input(&refresh))
        .await
        .at("/refreshSession");
    assert_eq!(refusal(&payload).0, "SESSION_ENDED");
    let elsewhere = SignedIn {
        session: app.app.ids.next(),
        ..mike
    };
    assert_eq!(devices(&app, elsewhere).await, Vec::<String>::new());
    let nobody = app.anonymous(SIGN_OUT, json!({})).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
}

#[both]
async fn a_member_can_sign_out_another_device_but_not_another_members(app: TestApp) {
    let phone = mike(&app).await;
    let tablet = sign_in(&app, "mike@example.org", PASSPHRASE, "A tablet").await;
    let pauls = join(&app, "paul@example.org", "paul").await;
    let pauls_session = json!({ "sessionId": pauls["credentials"]["sessionId"] });
    for not_his in [pauls_session, json!({ "sessionId": "nonsense" })] {
        let payload = app
            .as_member(phone, REVOKE, input(&not_his))
            .await
            .at("/revokeSession");
        assert_eq!(
            refusal(&payload),
            ("NOT_FOUND".into(), "input.sessionId".into())
        );
    }
    assert!(authenticate(&app.app, access(&pauls)).is_some());

    let which = json!({ "sessionId": tablet["credentials"]["sessionId"] });
    let first = app.as_member(phone, REVOKE, input(&which)).await.ok();
    assert_eq!(first["revokeSession"]["sessionId"], which["sessionId"]);
    assert_eq!(authenticate(&app.app, access(&tablet)), None);
    let second = app.as_member(phone, REVOKE, input(&which)).await.ok();
    assert_eq!(first, second);
    assert_eq!(devices(&app, phone).await, ["A phone"]);
}

#[both]
async fn a_member_can_sign_out_every_other_device(app: TestApp) {
    let phone = mike(&app).await;
    let tablet = sign_in(&app, "mike@example.org", PASSPHRASE, "A tablet").await;
    let desk = sign_in(&app, "mike@example.org", PASSPHRASE, "A desk").await;
    let left = json!([{ "deviceName": "A phone", "current": true }]);
    for _ in 0..2 {
        let payload = app.as_member(phone, ELSEWHERE, json!({})).await;
        assert_eq!(payload.at("/signOutEverywhereElse/sessions"), left);
    }
    assert_eq!(authenticate(&app.app, access(&tablet)), None);
    assert_eq!(authenticate(&app.app, access(&desk)), None);
}

#[both]
async fn another_process_refuses_an_ended_session_after_its_next_poll(app: TestApp) {
    let replica = app.replica().await;
    let joined = join(&app, "mike@example.org", "mike").await;
    let mike = signed_in(&app, &joined);
    revocations::poll(&replica).await.unwrap();
    assert!(authenticate(&replica, access(&joined)).is_some());
    app.advance(TimeDelta::seconds(1));
    app.as_member(mike, SIGN_OUT, json!({})).await.ok();
    assert!(authenticate(&replica, access(&joined)).is_some());
    app.advance(TimeDelta::seconds(2));
    revocations::poll(&replica).await.unwrap();
    assert_eq!(authenticate(&replica, access(&joined)), None);
}

#[both]
async fn a_new_process_refuses_sessions_that_ended_before_it_started(app: TestApp) {
    let joined = join(&app, "mike@example.org", "mike").await;
    app.as_member(signed_in(&app, &joined), SIGN_OUT, json!({}))
        .await
        .ok();
    app.advance(TimeDelta::minutes(9));
    let replica = app.replica().await;
    revocations::poll(&replica).await.unwrap();
    assert_eq!(authenticate(&replica, access(&joined)), None);
}

#[both]
async fn a_process_polls_revocations_until_it_is_stopped(app: TestApp) {
    let phone = join(&app, "mike@example.org", "mike").await;
    let tablet = sign_in(&app, "mike@example.org", PASSPHRASE, "A tablet").await;
    let replica = app.replica().await;
    let stop = CancellationToken::new();
    let watch = tokio::spawn(revocations::watch(replica.clone(), stop.clone()));
    // The second session ends after at least one poll.
    for device in [&phone, &tablet] {
        app.as_member(signed_in(&app, device), SIGN_OUT, json!({}))
            .await
            .ok();
        eventually("the device is refused", async || {
            authenticate(&replica, access(device)).is_none()
        })
        .await;
    }
    stop.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(30), watch).await;
    stopped.expect("it stops when it is told to").unwrap();
}
