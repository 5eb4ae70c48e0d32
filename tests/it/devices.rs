//! Push addresses: whose they are, and for how long.

use api::dev_outbox::Sent;
use api::device::model::Reachable;
use api::device::service::{self, live, remove_devices};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::device::DeadReason;
use entity::{device, session};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{TestApp, both};
use tokio::task::JoinSet;

use crate::account;

const DEVICES: &str = "{ me { devices {
    id addressKind platform appVersion locale registeredAt lastSeenAt
} } }";

async fn devices(app: &TestApp, who: SignedIn) -> Value {
    let answer = app.as_member(who, DEVICES, json!({})).await;
    answer.at("/me/devices")
}

async fn rows(app: &TestApp) -> Vec<device::Model> {
    let all = device::Entity::find();
    all.all(app.app.db.pool()).await.unwrap()
}

async fn live_addresses(app: &TestApp, who: SignedIn) -> Vec<String> {
    let live = live(&app.app, app.app.db.pool(), &[who.member])
        .await
        .unwrap();
    let mut all: Vec<_> = live
        .iter()
        .map(|it| it.address.value().to_owned())
        .collect();
    all.sort();
    all
}

#[both]
async fn a_device_is_registered_and_its_address_not_shown(app: TestApp) {
    let mike = app.member("mike").await;
    let fields = json!({
        "addressKind": "FCM_TOKEN", "address": "mikes-phone", "platform": "IOS",
        "appVersion": "1.4.0", "locale": "PT-br",
    });
    let device = app.register_as(mike, fields).await;
    assert_eq!(device["addressKind"], "FCM_TOKEN");
    assert_eq!(device["platform"], "IOS");
    assert_eq!(device["appVersion"], "1.4.0");
    assert_eq!(device["locale"], "pt-BR");
    assert_eq!(device["registeredAt"], "2026-03-10T12:00:00.000Z");
    let listed = devices(&app, mike).await;
    assert_eq!(listed, json!([device]));
    assert!(!listed.to_string().contains("mikes-phone"));

    let nobody = app.anonymous(DEVICES, json!({})).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
}

#[both]
async fn registering_again_changes_only_when_the_device_was_seen(app: TestApp) {
    let mike = app.member("mike").await;
    let first = app.register(mike, "mikes-phone").await;
    assert_eq!(app.register(mike, "mikes-phone").await, first);
    app.advance(TimeDelta::days(3));
    let again = app.register(mike, "mikes-phone").await;
    assert_eq!(again["id"], first["id"]);
    assert_eq!(again["registeredAt"], first["registeredAt"]);
    assert_eq!(again["lastSeenAt"], "2026-03-13T12:00:00.000Z");
    assert_eq!(rows(&app).await.len(), 1);
}

#[both]
async fn the_last_to_register_an_address_has_it(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let mikes = app.register(mike, "a-shared-phone").await;
    app.tell(mike, "before").await;
    let sams = app.register(sam, "a-shared-phone").await;
    assert_ne!(sams["id"], mikes["id"]);
    assert_eq!(devices(&app, mike).await, json!([]));
    assert_eq!(devices(&app, sam).await, json!([sams]));
    app.drain().await;
    assert_eq!(pushes(&app), 0, "what mike is owed does not reach sam");
}

fn pushes(app: &TestApp) -> usize {
    let sent = app.outbox().into_iter();
    sent.filter(|sent| matches!(sent, Sent::Push { .. }))
        .count()
}

#[both]
async fn a_member_who_loses_an_address_to_another_is_notified_once_a_day(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    app.register(mike, "tablet").await;
    for _ in 0..3 {
        app.register(mike, "a-shared-phone").await;
        app.register(sam, "a-shared-phone").await;
        app.register(sam, "a-shared-phone").await;
    }
    app.drain().await;
    let inbox = "{ me { notifications { nodes { kind } } } }";
    let lines = async |who| {
        let answer = app.as_member(who, inbox, json!({})).await;
        answer.at("/me/notifications/nodes")
    };
    let notice = json!([{ "kind": "PUSH_ADDRESS_TAKEN" }]);
    assert_eq!(lines(mike).await, notice);
    assert_eq!(lines(sam).await, notice, "he lost it twice as well");
    for email in ["mike@example.org", "sam@example.org"] {
        let letters = app.mail_to(email);
        assert_eq!(letters.len(), 1, "{email}");
        assert!(letters[0].text.contains("got your notifications"));
    }
    app.advance(TimeDelta::days(1));
    app.register(mike, "a-shared-phone").await;
    app.drain().await;
    assert_eq!(app.mail_to("sam@example.org").len(), 2);
}

#[both]
async fn an_address_that_was_signed_out_or_given_up_is_not_reported_as_lost(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    app.register(mike, "a-phone").await;
    give_up(&app, mike).await;
    app.register(sam, "a-phone").await;
    app.register(mike, "another").await;
    let sign_out = "mutation { signOut { errors { code } } }";
    app.as_member(mike, sign_out, json!({})).await.ok();
    app.register(sam, "another").await;
    app.drain().await;
    assert_eq!(app.outbox().len(), 0);
}

#[both]
async fn an_installation_has_one_address(app: TestApp) {
    let mike = app.member("mike").await;
    let with = |address: &str, installation: &str| json!({ "address": address, "installationId": installation });
    let first = app.register_as(mike, with("old", "phone")).await;
    app.register_as(mike, with("tablets", "tablet")).await;
    let second = app.register_as(mike, with("new", "phone")).await;
    assert_eq!(second["id"], first["id"]);
    assert_eq!(live_addresses(&app, mike).await, ["new", "tablets"]);

    // An app that begins to send its installation's id takes its earlier addresses along.
    app.register(mike, "anonymous").await;
    app.register_as(mike, with("anonymous", "phone")).await;
    assert_eq!(live_addresses(&app, mike).await, ["anonymous", "tablets"]);

    let sam = app.member("sam").await;
    app.register_as(sam, with("sams", "phone")).await;
    assert_eq!(live_addresses(&app, mike).await, ["anonymous", "tablets"]);
}

#[both]
async fn an_address_given_up_works_again_after_registering(app: TestApp) {
    let mike = app.member("mike").await;
    let device = app.register(mike, "mikes-phone").await;
    give_up(&app, mike).await;
    assert_eq!(devices(&app, mike).await, json!([]));
    assert_eq!(app.register(mike, "mikes-phone").await, device);
    assert_eq!(live_addresses(&app, mike).await, ["mikes-phone"]);
}

/// Gives up the member's current address.
async fn give_up(app: &TestApp, who: SignedIn) {
    let sent_to = live(&app.app, app.app.db.pool(), &[who.member]).await;
    let sent_to = sent_to.unwrap().remove(0);
    assert_eq!(given_up(app, &sent_to).await, 1);
    assert_eq!(given_up(app, &sent_to).await, 0);
}

async fn given_up(app: &TestApp, sent_to: &Reachable) -> u64 {
    let (db, reason) = (app.app.db.pool(), DeadReason::Unregistered);
    let given_up = service::give_up(&app.app, db, &[sent_to], reason).await;
    given_up.unwrap()
}

#[both]
async fn an_address_is_given_up_only_while_it_is_the_one_sent_to(app: TestApp) {
    let mike = app.member("mike").await;
    let with = |address: &str| json!({ "address": address, "installationId": "phone" });
    app.register_as(mike, with("old")).await;
    let db = app.app.db.pool();
    let sent_to = live(&app.app, db, &[mike.member]).await.unwrap().remove(0);
    app.register_as(mike, with("new")).await;
    assert_eq!(given_up(&app, &sent_to).await, 0);
    assert_eq!(live_addresses(&app, mike).await, ["new"]);
}

#[both]
async fn the_device_not_seen_for_longest_makes_room(app: TestApp) {
    let mike = app.member("mike").await;
    for n in 0..20 {
        app.register(mike, &format!("phone-{n:02}")).await;
        app.advance(TimeDelta::minutes(1));
    }
    app.register(mike, "phone-00").await;
    app.register(mike, "phone-20").await;
    let live_addresses = live_addresses(&app, mike).await;
    assert_eq!(live_addresses.len(), 20);
    assert!(live_addresses.contains(&"phone-00".to_owned()));
    assert!(!live_addresses.contains(&"phone-01".to_owned()));
}

#[both]
async fn ending_a_session_removes_its_device(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    let given = &app.app;
    let ended = transact!(given, |tx| {
        let revoked = Expr::value(given.clock.now());
        session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, revoked)
            .filter(session::Column::Id.eq(mike.session))
            .exec(tx)
            .await?;
        remove_devices(tx, &[mike.session]).await?;
        Ok(Done::Keep(()))
    });
    ended.unwrap();
    assert_eq!(rows(&app).await.len(), 0);

    // The access token is still valid for a moment, but registers nothing any more.
    let late = app
        .as_member(
            mike,
            "mutation { registerDevice(input: { addressKind: FCM_FID, address: \"a\", platform: IOS,
                appVersion: \"1\", locale: \"en\" }) { device { id } errors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(late.code(), "UNAUTHENTICATED");
    assert_eq!(rows(&app).await.len(), 0);
}

#[both]
async fn signing_out_removes_the_device(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    let out = "mutation { signOut { sessionId } }";
    app.as_member(mike, out, json!({})).await.ok();
    assert_eq!(rows(&app).await.len(), 0);
}

#[both]
async fn only_its_owner_can_fetch_a_device_by_id(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let id = app.register(mike, "mikes-phone").await["id"].clone();
    let query = "query($id: ID!) { node(id: $id) { id ... on Device { platform } } }";
    let by = async |who| {
        let answer = app.as_member(who, query, json!({ "id": id })).await;
        answer.at("/node")
    };
    assert_eq!(by(mike).await, json!({ "id": id, "platform": "ANDROID" }));
    assert_eq!(by(sam).await, json!(null));
}

#[both]
async fn a_device_that_is_signed_out_is_not_listed_any_more(app: TestApp) {
    let phone = account::mike(&app).await;
    let signs_in = async |device: &str| {
        let email = "mike@example.org";
        let payload = account::sign_in(&app, email, account::PASSPHRASE, device).await;
        (account::signed_in(&app, &payload), payload)
    };
    let (tablet, _) = signs_in("A tablet").await;
    let (watch, signed_in) = signs_in("A watch").await;
    app.register(phone, "mikes-phone").await;
    app.register(watch, "mikes-watch").await;
    let tablets = app.register(tablet, "mikes-tablet").await;
    assert_eq!(devices(&app, tablet).await.as_array().unwrap().len(), 3);

    let sign_out = "mutation { signOut { errors { code } } }";
    app.as_member(phone, sign_out, json!({})).await.ok();
    assert_eq!(
        live_addresses(&app, tablet).await,
        ["mikes-tablet", "mikes-watch"]
    );
    let revoke =
        "mutation($id: ID!) { revokeSession(input: { sessionId: $id }) { errors { code } } }";
    let other = json!({ "id": signed_in["credentials"]["sessionId"] });
    app.as_member(tablet, revoke, other).await.ok();
    assert_eq!(devices(&app, tablet).await, json!([tablets]));
    assert_eq!(rows(&app).await.len(), 1);
}

#[both]
async fn only_its_owner_can_unregister_a_device(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let id = app.register(mike, "mikes-phone").await["id"].clone();
    let forget = "mutation($id: ID!) { unregisterDevice(input: { deviceId: $id }) {
        deviceId errors { code path }
    } }";
    let by = async |who, id: Value| {
        let answer = app.as_member(who, forget, json!({ "id": id })).await;
        answer.at("/unregisterDevice")
    };
    let gone = json!({ "deviceId": id, "errors": [] });
    // Sam gets the same answer as for a device that is gone.
    assert_eq!(by(sam, id.clone()).await, gone);
    assert_eq!(rows(&app).await.len(), 1);
    assert_eq!(by(mike, id.clone()).await, gone);
    assert_eq!(rows(&app).await.len(), 0);
    assert_eq!(by(mike, id.clone()).await, gone);

    let nonsense = by(mike, json!("nonsense")).await;
    assert_eq!(nonsense["errors"][0]["path"], json!(["input", "deviceId"]));
}

#[both]
async fn bad_input_names_every_field(app: TestApp) {
    let mike = app.member("mike").await;
    let fields = json!({
        "address": "x".repeat(4097), "installationId": "with space", "appVersion": "",
        "locale": "english",
    });
    let answer = app.try_register(mike, fields).await;
    assert_eq!(answer["device"], json!(null));
    let errors = answer["errors"].as_array().unwrap();
    let named: Vec<_> = errors
        .iter()
        .map(|it| (&it["code"], &it["path"][1]))
        .collect();
    let expected = json!([
        ["TOO_LONG", "address"],
        ["INVALID", "installationId"],
        ["REQUIRED", "appVersion"],
        ["INVALID", "locale"],
    ]);
    assert_eq!(json!(named), expected);
    assert!(!answer.to_string().contains("xxx"));
}

#[both]
async fn concurrent_registrations_leave_an_address_to_one_member(app: TestApp) {
    let mut members = Vec::new();
    for name in ["mike", "sam", "tom", "joe"] {
        members.push(app.member(name).await);
    }
    let app = std::sync::Arc::new(app);
    let mut racing = JoinSet::new();
    for round in 0..5 {
        for member in members.clone() {
            let app = app.clone();
            racing.spawn(async move {
                let address = format!("shared-{}", round % 2);
                let fields = json!({ "address": address, "installationId": "phone" });
                app.register_as(member, fields).await
            });
        }
    }
    racing.join_all().await;
    let rows = rows(&app).await;
    let mut addresses: Vec<_> = rows.iter().map(|row| &row.address).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), rows.len());
    assert!((1..=2).contains(&rows.len()));
}

#[both]
async fn concurrent_registrations_of_one_installation_leave_one_address(app: TestApp) {
    let mike = app.member("mike").await;
    let app = std::sync::Arc::new(app);
    let mut racing = JoinSet::new();
    for n in 0..8 {
        let app = app.clone();
        racing.spawn(async move {
            let fields = json!({ "address": format!("new-{n}"), "installationId": "phone" });
            app.register_as(mike, fields).await
        });
    }
    let devices = racing.join_all().await;
    assert!(
        devices
            .iter()
            .all(|device| device["id"] == devices[0]["id"])
    );
    assert_eq!(live_addresses(&app, mike).await.len(), 1);
}

#[both]
async fn a_device_not_seen_for_long_becomes_stale_and_is_removed(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    app.advance(TimeDelta::days(60));
    assert_eq!(live_addresses(&app, mike).await, ["mikes-phone"]);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(live_addresses(&app, mike).await, [""; 0]);

    app.advance(TimeDelta::days(210) - TimeDelta::seconds(1));
    service::housekeep(&app.app).await.unwrap();
    assert_eq!(rows(&app).await.len(), 1);
    app.advance(TimeDelta::seconds(1));
    service::housekeep(&app.app).await.unwrap();
    assert_eq!(rows(&app).await.len(), 0);
}
