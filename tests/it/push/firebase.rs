//! Pushes to a fake of Firebase, over a socket.

use api::node_id::NodeId as _;
use chrono::TimeDelta;
use entity::push_delivery::DeliveryState;
use serde_json::json;
use support::fake_fcm::{Answer, FakeFcm, RetryAfter};
use support::{TestApp, TestDatabase, both};

/// An app that sends to a fake of Firebase, over a socket.
async fn with_firebase(database: TestDatabase, fcm: &FakeFcm) -> (TestApp, tempfile::TempDir) {
    let (toml, folder) = fcm.toml();
    (TestApp::configured(database, &toml).await, folder)
}

#[both]
async fn messages_conform_to_the_schema_of_firebase(database: TestDatabase) {
    let fcm = FakeFcm::start().await;
    let (app, _key) = with_firebase(database, &fcm).await;
    app.app.push.transport.check().await.unwrap();
    let mike = app.member("mike").await;
    for (address, platform) in [("android", "ANDROID"), ("ios", "IOS"), ("web", "WEB")] {
        let fields = json!({
            "address": address, "platform": platform, "addressKind": "FCM_TOKEN",
        });
        app.register_as(mike, fields).await;
    }
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(fcm.violations(), Vec::<String>::new());
    let id = app.notifications().await[0].id;
    let (global, id) = (id.global(), id.to_string());
    let message = |address: &str| fcm.requests_to(address)[0].body["message"].clone();
    for address in ["android", "ios", "web"] {
        let message = message(address);
        assert_eq!(message["token"], address);
        let data = json!({ "notification_id": global, "kind": "meetings" });
        assert_eq!(message["data"], data);
        assert_eq!(message["notification"]["title"], "Belay");
    }
    let android = &message("android")["android"];
    assert_eq!(android["collapse_key"], json!(id));
    assert_eq!(android["ttl"], "14400s");
    assert_eq!(android["priority"], "HIGH");
    let shown = &android["notification"];
    assert_eq!(shown["tag"], json!(id));
    assert_eq!(shown["visibility"], "PRIVATE");
    assert_eq!(shown["channel_id"], "meetings");
    assert_eq!(shown["body_loc_key"], "nudge_meeting_cancelled");
    let apns = &message("ios")["apns"];
    assert_eq!(apns["headers"]["apns-collapse-id"], json!(id));
    assert_eq!(apns["headers"]["apns-priority"], "10");
    assert_eq!(apns["headers"]["apns-expiration"], "1773158400");
    assert_eq!(apns["payload"]["aps"]["mutable-content"], 1);
    assert_eq!(message("web")["webpush"]["headers"]["TTL"], "14400");
    let deliveries = app.deliveries().await;
    assert!(
        deliveries
            .iter()
            .all(|it| it.state == DeliveryState::Accepted)
    );
    assert!(deliveries.iter().all(|it| it.provider_message_id.is_some()));
    fcm.stop().await;
}

#[both]
async fn an_address_that_firebase_reports_gone_is_not_used_again(database: TestDatabase) {
    let fcm = FakeFcm::start().await;
    let (app, _key) = with_firebase(database, &fcm).await;
    let mike = app.member("mike").await;
    for (address, answer) in [
        ("gone", Answer::Unregistered),
        ("never", Answer::InvalidTarget),
        ("others", Answer::SenderIdMismatch),
        (
            "elsewhere",
            Answer::InvalidArgument {
                field: "message.android.ttl",
            },
        ),
    ] {
        app.register(mike, address).await;
        let words = if address == "elsewhere" { 1 } else { 2 };
        fcm.script(address, vec![answer; words]);
    }
    // Longer than any message may be: it is not sent to the provider at all.
    app.register(mike, &"x".repeat(4096)).await;
    app.tell(mike, "one").await;
    app.drain().await;
    app.advance(TimeDelta::minutes(15));
    app.tell(mike, "two").await;
    app.drain().await;
    app.tell(mike, "three").await;
    app.drain().await;
    for address in ["gone", "never", "others"] {
        assert_eq!(fcm.requests_to(address).len(), 2, "{address}");
    }
    assert_eq!(fcm.requests_to("elsewhere").len(), 3);
    assert_eq!(fcm.requests().len(), 9);
    let dead = app.deliveries().await;
    let dead = dead.iter().filter(|it| it.state == DeliveryState::Dead);
    assert_eq!(dead.count(), 4);
    fcm.stop().await;
}

#[both]
async fn retries_wait_as_long_as_firebase_asks(database: TestDatabase) {
    let fcm = FakeFcm::start().await;
    let (app, _key) = with_firebase(database, &fcm).await;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    let due_in = async || {
        let delivery = app.deliveries().await.remove(0);
        assert_eq!(delivery.state, DeliveryState::Retrying);
        (delivery.due_at - app.now()).num_seconds()
    };
    let minutes = Some(RetryAfter::Seconds(120));
    fcm.script(
        "phone",
        [
            Answer::Unavailable(minutes),
            Answer::QuotaExceeded(None),
            Answer::BadGateway,
            Answer::ThirdPartyAuthError,
            Answer::BareNotFound,
        ],
    );
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(due_in().await, 120);
    app.advance(TimeDelta::seconds(120));
    app.drain().await;
    assert_eq!(due_in().await, 60);
    app.advance(TimeDelta::seconds(60));
    app.drain().await;
    let wait = due_in().await;
    assert!((40..=60).contains(&wait), "{wait}");
    app.advance(TimeDelta::seconds(60));
    app.drain().await;
    // These two concern one platform or one address; others go on.
    let wait = due_in().await;
    assert!((80..=120).contains(&wait), "{wait}");
    app.advance(TimeDelta::seconds(120));
    app.drain().await;
    assert!(due_in().await >= 60);
    app.advance(TimeDelta::minutes(6));
    app.drain().await;
    assert_eq!(app.deliveries().await[0].state, DeliveryState::Accepted);
    let live = api::device::service::live(&app.app, app.app.db.pool(), &[mike.member]).await;
    assert_eq!(live.unwrap().len(), 1);
    fcm.stop().await;
}
