//! Addresses that the provider says are gone.

use api::push::Outcome;
use chrono::TimeDelta;
use entity::device::DeadReason;
use entity::push_delivery::DeliveryState;
use support::both;

use super::{GONE, Scene};

/// One word may be the provider's own fault: it takes two, and somebody else's push that got through in between.
#[both]
async fn an_address_that_is_gone_is_not_used_again(scene: Scene) {
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
async fn an_address_that_was_said_to_be_gone_gets_what_it_was_owed(scene: Scene) {
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
    // Its trial is over: the next word is a first one.
    fake.script("phone", [GONE]);
    app.tell(mike, "three").await;
    app.drain().await;
    scene.after(900).await;
    assert_eq!((fake.sent_to("phone"), scene.live(mike).await), (5, 1));
}

#[both]
async fn who_registers_his_address_again_ends_its_trial(scene: Scene) {
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

/// A provider that for hours says of every address that it is gone costs nobody his: not over restarts, nor with one worker
/// after another, nor where there are only a few. What was owed arrives in the end.
#[both]
async fn addresses_that_die_in_masses_are_spared(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mut men = Vec::new();
    for n in 0..30 {
        let who = app.member(&format!("member{n}")).await;
        let address = format!("phone-{n}");
        app.register(who, &address).await;
        fake.script(&address, vec![GONE; 5]);
        let (from, until) = (app.now(), app.now() + TimeDelta::hours(12));
        app.tell_at(who, "event", from, until).await;
        men.push(who);
    }
    // Who gets through says nothing of a mass.
    let sam = app.member("sam").await;
    app.register(sam, "sams").await;
    let mut sent = 0;
    for _ in 0..24 {
        app.tell(sam, &format!("at {}", app.now())).await;
        // Another worker each time: none has a memory of its own.
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
    for who in men {
        assert_eq!(scene.live(who).await, 1);
    }
}

#[both]
async fn a_phone_that_nobody_elses_push_vouches_for_is_not_given_up(scene: Scene) {
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
