//! Addresses that the provider reports gone.

use api::push::Outcome;
use chrono::TimeDelta;
use entity::device::DeadReason;
use entity::push_delivery::DeliveryState;
use support::both;

use super::{GONE, Scene};

/// One report may be the provider's error. It takes two, with a successful push to another address in between.
#[both]
async fn an_address_that_is_reported_gone_twice_is_not_used_again(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    for (address, reason) in [
        ("gone", DeadReason::Unregistered),
        ("never", DeadReason::InvalidAddress),
        ("others", DeadReason::SenderMismatch),
    ] {
        app.register(mike, address).await;
        fake.script(address, vec![Outcome::Dead(reason); 2]);
    }
    app.register(mike, "good").await;
    app.tell(mike, "one").await;
    app.drain().await;
    assert_eq!(fake.sent().len(), 4);
    app.tell(mike, "two").await;
    scene.after(599).await;
    assert_eq!(fake.sent().len(), 5, "the trial lasts ten minutes");
    assert_eq!(scene.live(mike).await, 4);
    scene.after(301).await;
    scene.after(10).await;
    assert_eq!(fake.sent().len(), 8, "one of two pushes tries each");
    assert_eq!(fake.sent_to("good"), 2);
    assert_eq!(scene.live(mike).await, 1);
    let count = async |end: DeliveryState| {
        let states = scene.states().await;
        states.iter().filter(|(state, _)| *state == end).count()
    };
    assert_eq!(count(DeliveryState::Dead).await, 3);
    assert_eq!(count(DeliveryState::Skipped).await, 3);
    app.tell(mike, "three").await;
    scene.after(900).await;
    assert_eq!((fake.sent().len(), fake.sent_to("good")), (9, 3));
}

#[both]
async fn an_address_that_is_wrongly_reported_gone_gets_its_pushes(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", [GONE]);
    app.tell(mike, "one").await;
    app.drain().await;
    app.tell(mike, "two").await;
    scene.after(900).await;
    scene.after(10).await;
    assert_eq!(fake.sent_to("phone"), 3);
    let states = scene.states().await;
    let accepted = |state: &DeliveryState| *state == DeliveryState::Accepted;
    assert!(states.iter().all(|it| accepted(&it.0)), "{states:?}");
    // Its trial is over: the next report counts as the first.
    fake.script("phone", [GONE]);
    app.tell(mike, "three").await;
    app.drain().await;
    scene.after(900).await;
    assert_eq!((fake.sent_to("phone"), scene.live(mike).await), (5, 1));
}

#[both]
async fn registering_an_address_again_ends_its_trial(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", [GONE]);
    app.tell(mike, "one").await;
    app.drain().await;
    app.register(mike, "phone").await;
    app.tell(mike, "two").await;
    app.drain().await;
    assert_eq!(fake.sent_to("phone"), 2);
}

/// A provider that for hours reports every address gone removes none, even if workers restart meanwhile. The pushes
/// arrive in the end.
#[both]
async fn mass_reports_of_gone_addresses_remove_none(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mut members = Vec::new();
    for n in 0..30 {
        let who = app.member(&format!("member{n}")).await;
        let address = format!("phone-{n}");
        app.register(who, &address).await;
        fake.script(&address, vec![GONE; 5]);
        let (from, until) = (app.now(), app.now() + TimeDelta::hours(12));
        app.tell_at(who, "event", from, until).await;
        members.push(who);
    }
    // Sam's pushes succeed, but that does not make so many other reports credible.
    let sam = app.member("sam").await;
    app.register(sam, "sams").await;
    let mut sent = 0;
    for _ in 0..24 {
        app.tell(sam, &format!("at {}", app.now())).await;
        // A new worker each time: no worker keeps anything in memory.
        app.drain().await;
        let states = scene.states().await;
        let dead = states
            .iter()
            .any(|(state, _)| *state == DeliveryState::Dead);
        assert!(!dead, "{states:?}");
        app.advance(TimeDelta::minutes(15));
        sent = fake.sent().len();
    }
    assert_eq!(sent, 24 + 30 * 6);
    let states = scene.states().await;
    let accepted = |state: &DeliveryState| *state == DeliveryState::Accepted;
    assert!(states.iter().all(|it| accepted(&it.0)), "{states:?}");
    for who in members {
        assert_eq!(scene.live(who).await, 1);
    }
}

#[both]
async fn an_address_is_kept_while_no_other_push_succeeds(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script("phone", vec![GONE; 4]);
    let (from, until) = (app.now(), app.now() + TimeDelta::hours(12));
    app.tell_at(mike, "event", from, until).await;
    for _ in 0..10 {
        scene.after(30 * 60).await;
    }
    assert_eq!((fake.sent_to("phone"), scene.live(mike).await), (5, 1));
}
