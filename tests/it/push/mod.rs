//! From a notification to the push provider, with every answer that the provider may give.

mod addresses;
mod firebase;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use api::push::Outcome;
use api::push::message::render;
use chrono::TimeDelta;
use entity::NotificationId;
use entity::device::DeadReason;
use entity::notification::Kind;
use entity::push_delivery::DeliveryState;
use sea_orm::Iterable as _;
use serde_json::json;
use support::{FakeTransport, FromDatabase, TestApp, TestDatabase, both};

/// An app whose pushes are answered as scripted.
struct Scene {
    app: TestApp,
    fake: FakeTransport,
}

impl FromDatabase for Scene {
    async fn from_database(database: TestDatabase) -> Self {
        let fake = FakeTransport::new();
        let app = TestApp::with_transport(database, "", Arc::new(fake.clone())).await;
        Self { app, fake }
    }
}

impl Scene {
    async fn states(&self) -> Vec<(DeliveryState, Option<String>)> {
        let deliveries = self.app.deliveries().await;
        deliveries
            .into_iter()
            .map(|it| (it.state, it.reason))
            .collect()
    }

    async fn state(&self) -> DeliveryState {
        let states = self.states().await;
        assert_eq!(states.len(), 1, "{states:?}");
        states[0].0
    }

    async fn live(&self, who: api::viewer::SignedIn) -> usize {
        let app = &self.app.app;
        let live = api::device::service::live(app, app.db.pool(), &[who.member]).await;
        live.unwrap().len()
    }

    /// Advances the time, and lets a worker do what is due.
    async fn after(&self, seconds: i64) {
        self.app.advance(TimeDelta::seconds(seconds));
        self.app.drain().await;
    }
}

const UNAVAILABLE: Outcome = Outcome::Unavailable { retry_after: None };
const GONE: Outcome = Outcome::Dead(DeadReason::Unregistered);

#[both]
async fn a_push_reaches_every_device_once(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    app.register_as(mike, json!({ "address": "tablet", "platform": "IOS" }))
        .await;
    app.tell(mike, "event").await;
    app.drain().await;
    app.drain().await;
    assert_eq!((fake.sent_to("phone"), fake.sent_to("tablet")), (1, 1));
    let deliveries = app.deliveries().await;
    assert_eq!(deliveries.len(), 2);
    for delivery in deliveries {
        assert_eq!(delivery.state, DeliveryState::Accepted);
        let id = app.notifications().await[0].id;
        assert_eq!(delivery.provider_message_id, Some(format!("fake/{id}")));
        assert_eq!((delivery.lease_holder, delivery.attempts), (None, 1));
    }
    assert_eq!(fake.sent()[0].nudge.ttl, Duration::from_hours(4));
}

#[both]
async fn an_unavailable_provider_is_retried_with_growing_waits(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    let patient = Outcome::Unavailable {
        retry_after: Some(Duration::from_mins(5)),
    };
    fake.script("phone", [UNAVAILABLE, UNAVAILABLE, patient]);
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(scene.state().await, DeliveryState::Retrying);
    let wait = async || (app.deliveries().await[0].due_at - app.now()).num_milliseconds();
    assert!((10_000..=15_000).contains(&wait().await));
    scene.after(9).await;
    assert_eq!(fake.sent().len(), 1);
    scene.after(6).await;
    assert_eq!(fake.sent().len(), 2);
    assert!((20_000..=30_000).contains(&wait().await));
    scene.after(30).await;
    assert_eq!(wait().await, 300_000);
    scene.after(299).await;
    assert_eq!(fake.sent().len(), 3);
    scene.after(1).await;
    assert_eq!(scene.state().await, DeliveryState::Accepted);
    assert_eq!(app.deliveries().await[0].attempts, 4);
    assert_eq!(scene.live(mike).await, 1);
}

#[both]
async fn a_push_that_keeps_failing_is_given_up(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", vec![UNAVAILABLE; 100]);
    app.tell(mike, "event").await;
    app.travel(app.now() + TimeDelta::minutes(61)).await;
    assert_eq!(scene.state().await, DeliveryState::Undelivered);
    let tries = fake.sent().len();
    assert!((6..=12).contains(&tries), "{tries}");

    app.register(mike, "phone").await;
    fake.script("other", [Outcome::Rejected]);
    let sam = app.member("sam").await;
    app.register(sam, "other").await;
    app.tell(sam, "event").await;
    app.drain().await;
    let states = scene.states().await;
    let rejected = (DeliveryState::Undelivered, Some("rejected".to_owned()));
    assert_eq!(states[1], rejected);
    assert_eq!((fake.sent_to("other"), scene.live(sam).await), (1, 1));
}

#[both]
async fn a_push_that_expires_before_its_retry_is_not_sent(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", [UNAVAILABLE]);
    let now = app.now();
    app.tell_at(mike, "event", now, now + TimeDelta::seconds(20))
        .await;
    app.drain().await;
    assert_eq!(scene.state().await, DeliveryState::Retrying);
    scene.after(20).await;
    assert_eq!(scene.state().await, DeliveryState::Expired);
    assert_eq!(fake.sent().len(), 1);

    // A retry that would come too late is not even planned.
    fake.script("phone", [UNAVAILABLE]);
    let now = app.now();
    app.tell_at(mike, "short", now, now + TimeDelta::seconds(5))
        .await;
    app.drain().await;
    assert_eq!(scene.states().await[1].0, DeliveryState::Expired);
}

#[both]
async fn an_exceeded_quota_stops_the_whole_sender(scene: Scene) {
    let Scene { app, fake } = &scene;
    for n in 0..5 {
        let who = app.member(&format!("member{n}")).await;
        app.register(who, &format!("phone-{n}")).await;
        app.tell(who, "event").await;
    }
    let quota = Outcome::QuotaExceeded {
        retry_after: Duration::from_secs(90),
    };
    for n in 0..5 {
        fake.script(&format!("phone-{n}"), [quota.clone()]);
    }
    app.drain().await;
    assert_eq!(fake.sent().len(), 1, "one refusal is enough");
    let late = app.member("late").await;
    app.register(late, "late").await;
    app.tell(late, "event").await;
    scene.after(89).await;
    assert_eq!(fake.sent().len(), 1);
    let next = api::worker::next_due(&app.app).await.unwrap();
    assert_eq!(next, Some(app.now() + TimeDelta::seconds(1)));
    for _ in 0..5 {
        scene.after(91).await;
    }
    let accepted = scene.states().await;
    let accepted = accepted
        .iter()
        .filter(|(state, _)| *state == DeliveryState::Accepted);
    assert_eq!(accepted.count(), 6);
}

#[both]
async fn a_clock_that_is_set_back_does_not_extend_the_wait_for_a_quota(scene: Scene) {
    let Scene { app, fake } = &scene;
    let (mike, tom) = (app.member("mike").await, app.member("tom").await);
    app.register(mike, "mikes").await;
    app.register(tom, "toms").await;
    let retry_after = Duration::from_secs(90);
    fake.script("mikes", [Outcome::QuotaExceeded { retry_after }]);
    app.advance(TimeDelta::days(1));
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(fake.sent().len(), 1);
    app.app.clock.set_back(TimeDelta::days(1)).unwrap();
    app.tell(tom, "event").await;
    scene.after(89).await;
    assert_eq!(fake.sent_to("toms"), 0);
    scene.after(1).await;
    assert_eq!(fake.sent_to("toms"), 1);
}

#[both]
async fn a_refused_platform_stops_that_platform_alone(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    for n in 0..5 {
        let address = format!("iphone-{n}");
        app.register_as(mike, json!({ "address": address, "platform": "IOS" }))
            .await;
        fake.script(&address, [Outcome::PlatformRefused]);
    }
    app.register(mike, "android").await;
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(fake.sent_to("android"), 1);
    assert_eq!(fake.sent().len(), 4, "three iPhones were tried");
    scene.after(299).await;
    assert_eq!(fake.sent().len(), 4);
    assert_eq!(scene.live(mike).await, 6);
    app.travel(app.now() + TimeDelta::minutes(30)).await;
    let states = scene.states().await;
    assert!(
        states
            .iter()
            .all(|(state, _)| *state == DeliveryState::Accepted),
        "{states:?}"
    );
}

#[both]
async fn a_wrong_configuration_removes_no_address(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    let refused = Outcome::NoAccess {
        retry_after: Duration::from_secs(30),
        refused: true,
    };
    fake.script("phone", [Outcome::Misconfigured, refused]);
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(scene.state().await, DeliveryState::Retrying);
    scene.after(15).await;
    assert_eq!(fake.sent().len(), 2);
    scene.after(30).await;
    assert_eq!(scene.state().await, DeliveryState::Accepted);
    assert_eq!(scene.live(mike).await, 1);
}

#[both]
async fn one_misconfigured_address_stops_no_other_push(scene: Scene) {
    let Scene { app, fake } = &scene;
    fake.script("phone-4", [Outcome::Misconfigured]);
    for n in 0..9 {
        let who = app.member(&format!("member{n}")).await;
        app.register(who, &format!("phone-{n}")).await;
        app.tell(who, "event").await;
    }
    app.drain().await;
    assert_eq!(fake.sent().len(), 9);
    let states = scene.states().await;
    let accepted = |state: &DeliveryState| *state == DeliveryState::Accepted;
    assert_eq!(states.iter().filter(|it| accepted(&it.0)).count(), 8);
    scene.after(15).await;
    assert_eq!(fake.sent_to("phone-4"), 2);
    assert!(scene.states().await.iter().all(|it| accepted(&it.0)));
}

#[both]
async fn a_wrong_configuration_stops_the_whole_sender(scene: Scene) {
    let Scene { app, fake } = &scene;
    for n in 0..9 {
        let who = app.member(&format!("member{n}")).await;
        let address = format!("phone-{n}");
        app.register(who, &address).await;
        fake.script(&address, [Outcome::Misconfigured]);
        app.tell(who, "event").await;
    }
    app.drain().await;
    assert_eq!(fake.sent().len(), 3, "three in a row");
    scene.after(59).await;
    assert_eq!(fake.sent().len(), 3);
}

#[both]
async fn a_push_that_is_no_longer_wanted_is_not_sent(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", [UNAVAILABLE]);
    let remind = "mutation { setCheckInReminder(input: { localTime: \"12:01\", enabled: true }) {
        errors { code } } }";
    app.as_member(mike, remind, json!({})).await.ok();
    scene.after(60).await;
    assert_eq!(scene.state().await, DeliveryState::Retrying);
    app.checked_in(mike, "2026-03-10").await;
    scene.after(60).await;
    assert_eq!(fake.sent().len(), 1);
    let done = (DeliveryState::Skipped, Some("already_done".to_owned()));
    assert_eq!(scene.states().await, [done]);
}

#[both]
async fn a_push_follows_a_new_address_but_not_to_another_member(scene: Scene) {
    let Scene { app, fake } = &scene;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let with = |address: &str| json!({ "address": address, "installationId": "phone" });
    app.register_as(mike, with("old")).await;
    fake.script("old", [UNAVAILABLE]);
    app.tell(mike, "event").await;
    app.drain().await;
    // A new address of the same installation gets what the old one was to get.
    app.register_as(mike, with("new")).await;
    fake.script("new", [UNAVAILABLE]);
    scene.after(20).await;
    assert_eq!(fake.sent_to("new"), 1);
    // The phone belongs to Sam now.
    app.register_as(sam, with("new")).await;
    scene.after(60).await;
    assert_eq!(fake.sent().len(), 2);
    assert!(app.deliveries().await.is_empty());
}

#[both]
async fn without_a_transport_nothing_is_pushed_and_the_inbox_fills(database: TestDatabase) {
    let app = TestApp::configured(database, "[push]\ntransport = \"off\"\n").await;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    app.tell(mike, "event").await;
    app.drain().await;
    assert!(app.outbox().is_empty());
    assert_eq!(app.deliveries().await[0].state, DeliveryState::Skipped);
    let count = "{ me { unreadNotificationCount } }";
    let counted = app.as_member(mike, count, json!({})).await;
    assert_eq!(counted.at("/me/unreadNotificationCount"), 1);
}

/// A reader of a push must not learn that somebody went quiet.
#[test]
fn a_push_about_a_quiet_member_looks_like_an_ordinary_push() {
    let now = chrono::DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    let id = NotificationId(uuid::Uuid::nil());
    let push = |kind| render(id, kind, now, now + TimeDelta::hours(1));
    for (telling, ordinary) in [
        (Kind::LadderNote, Kind::CheckInReminder),
        (Kind::WentQuiet, Kind::AskHowItWent),
        (Kind::MeetingChanged, Kind::MeetingCancelled),
    ] {
        assert_eq!(push(telling), push(ordinary));
    }
}

#[test]
fn no_push_reveals_its_subject_or_shames_anybody() {
    const NEVER: [&str; 22] = [
        "broken", "failed", "fail", "lost", "lose", "only you", "streak", "missed", "miss",
        "guilt", "shame", "must", "should", "anxi", "depress", "addict", "mental", "health",
        "therap", "meeting", "circle", "check in",
    ];
    let now = chrono::DateTime::from_timestamp(1_773_144_000, 0).unwrap();
    let later = now + TimeDelta::hours(1);
    for kind in Kind::iter() {
        let push = render(NotificationId(uuid::Uuid::nil()), kind, now, later);
        for text in [push.title.text, push.body.text] {
            let lower = text.to_lowercase();
            for word in NEVER {
                assert!(!lower.contains(word), "{text}: {word}");
            }
            assert!(!text.is_empty() && text.len() <= 80);
        }
        assert!(push.title.key.starts_with("nudge_") && push.body.key.starts_with("nudge_"));
    }
}
