//! Several workers: shared work, crashes and expired leases.

use api::outbox::withdraw;
use api::transact;
use api::tx::Done;
use api::worker::Worker;
use chrono::TimeDelta;
use entity::LeaseHolder;
use entity::job::{self, JobState};
use entity::push_delivery::DeliveryState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};
use support::{Engine, Scripted, both};
use tokio_util::sync::CancellationToken;

use super::{GONE, Scene, UNAVAILABLE};

#[both]
async fn a_push_is_sent_again_after_a_crash(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script_with("phone", [Scripted::OnRelease(UNAVAILABLE)]);
    app.tell(mike, "event").await;
    let worker = Worker::new(app.app.clone());
    let dying = tokio::spawn(async move { worker.drain().await });
    fake.arrival().await;
    dying.abort();
    dying.await.unwrap_err();

    scene.after(59).await;
    assert_eq!(fake.sent().len(), 1, "it is under its lease");
    let next = api::worker::next_due(&app.app).await.unwrap();
    assert_eq!(next, Some(app.now() + TimeDelta::seconds(1)));
    scene.after(1).await;
    assert_eq!(fake.sent().len(), 2);
    assert_eq!(scene.state().await, DeliveryState::Accepted);
    assert_eq!(app.deliveries().await[0].attempts, 2);
    let ids = fake.sent().into_iter().map(|sent| sent.nudge.notification);
    let ids: std::collections::HashSet<_> = ids.collect();
    assert_eq!(ids.len(), 1, "the second replaces the first");
}

#[both]
async fn a_worker_that_was_thought_dead_changes_nothing(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script_with("phone", [Scripted::OnRelease(UNAVAILABLE)]);
    app.tell(mike, "event").await;
    let worker = Worker::new(app.app.clone());
    let slow = tokio::spawn(async move { worker.drain().await });
    fake.arrival().await;
    scene.after(60).await;
    let accepted = app.deliveries().await;
    assert_eq!(accepted[0].state, DeliveryState::Accepted);
    fake.release();
    slow.await.unwrap().unwrap();
    assert_eq!(app.deliveries().await, accepted);
}

#[both]
async fn a_clock_that_is_set_gives_no_row_to_two_workers(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    fake.script_with("phone", [Scripted::OnRelease(UNAVAILABLE)]);
    app.tell(mike, "event").await;
    let worker = Worker::new(app.app.clone());
    let slow = tokio::spawn(async move { worker.drain().await });
    fake.arrival().await;
    app.app.clock.set_back(TimeDelta::minutes(2)).unwrap();
    app.drain().await;
    assert_eq!(fake.sent().len(), 1, "it is under its lease");
    app.advance(TimeDelta::minutes(3));
    app.drain().await;
    assert_eq!(fake.sent().len(), 2, "the lease has run out by this clock");
    let accepted = app.deliveries().await;
    assert_eq!(accepted[0].state, DeliveryState::Accepted);
    app.app.clock.set_back(TimeDelta::minutes(1)).unwrap();
    fake.release();
    slow.await.unwrap().unwrap();
    assert_eq!(app.deliveries().await, accepted);
}

#[both]
async fn a_job_that_kills_its_process_is_not_tried_for_ever(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    let db = app.app.db.pool();
    let most = app.app.config.worker.max_attempts;
    for (key, claimed, sent) in [("last try", most - 1, 1), ("no more", most, 1)] {
        app.tell(mike, key).await;
        // The row as it is left by workers that died while they ran it.
        job::Entity::update_many()
            .col_expr(job::Column::Attempts, Expr::value(claimed))
            .col_expr(
                job::Column::LeaseHolder,
                Expr::value(app.app.ids.next::<LeaseHolder>()),
            )
            .col_expr(job::Column::LeaseUntil, Expr::value(app.now()))
            .filter(job::Column::Kind.eq("plan_notification"))
            .exec(db)
            .await
            .unwrap();
        app.drain().await;
        assert_eq!(fake.sent().len(), sent, "{key}");
    }
    let left = job::Entity::find().one(db).await.unwrap().unwrap();
    assert_eq!((left.state, left.lease_holder), (JobState::Failed, None));
    app.advance(TimeDelta::hours(2));
    app.drain().await;
    assert_eq!(fake.sent().len(), 1, "it is left to the operator");
}

#[both]
async fn a_failed_update_of_a_device_repeats_no_other_push(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    app.register(mike, "old-phone").await;
    fake.script("old-phone", [GONE, GONE]);
    let (refuse, allow) = match app.database().engine() {
        Engine::Sqlite => (
            "CREATE TRIGGER refuse BEFORE UPDATE OF doubted_at ON device
             BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER refuse",
        ),
        Engine::Postgres => (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE OF doubted_at ON device
             FOR EACH ROW EXECUTE FUNCTION refuse()",
            "DROP TRIGGER refuse ON device",
        ),
    };
    let beside = app.database().connect().await;
    beside.execute_unprepared(refuse).await.unwrap();
    app.tell(mike, "event").await;
    app.drain().await;
    beside.execute_unprepared(allow).await.unwrap();
    scene.after(60).await;
    assert_eq!((fake.sent_to("phone"), fake.sent_to("old-phone")), (1, 2));
}

#[both]
async fn a_delivery_is_made_once_by_many_workers(scene: Scene) {
    let Scene { app, fake } = &scene;
    for n in 0..50 {
        let who = app.member(&format!("member{n}")).await;
        app.register(who, &format!("phone-{n}")).await;
        app.tell(who, "event").await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let worker = Worker::new(app.app.clone());
        workers.spawn(async move { worker.drain().await.unwrap() });
    }
    workers.join_all().await;
    app.drain().await;
    assert_eq!(fake.sent().len(), 50);
    assert!((0..50).all(|n| fake.sent_to(&format!("phone-{n}")) == 1));
}

#[both]
async fn a_running_worker_wakes_for_new_work_and_stops_on_request(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    let stop = CancellationToken::new();
    let worker = Worker::new(app.app.clone());
    let running = tokio::spawn(worker.run(stop.clone()));
    for key in ["one", "two"] {
        app.tell(mike, key).await;
        app.app.wake.wake();
        fake.arrival().await;
    }
    stop.cancel();
    running.await.unwrap();
    // It finished what it had started.
    let states = scene.states().await;
    assert!(
        states
            .iter()
            .all(|(state, _)| *state == DeliveryState::Accepted)
    );
}

#[both]
async fn there_is_one_round_of_housekeeping_an_hour(scene: Scene) {
    let Scene { app, .. } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    for _ in 0..2 {
        // A worker that is stopped already only schedules.
        let stop = CancellationToken::new();
        stop.cancel();
        Worker::new(app.app.clone()).run(stop).await;
    }
    let next_due = async || api::worker::next_due(&app.app).await.unwrap().unwrap();
    assert_eq!(next_due().await, app.now());
    app.drain().await;
    let jobs = job::Entity::find().all(app.app.db.pool()).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(next_due().await, app.now() + TimeDelta::hours(1));

    app.advance(TimeDelta::days(271));
    app.drain().await;
    let devices = entity::device::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert!(devices.is_empty());
}

#[both]
async fn a_withdrawn_notification_that_is_announced_again_is_sent(scene: Scene) {
    let Scene { app, fake } = &scene;
    let mike = app.member("mike").await;
    app.register(mike, "phone").await;
    for n in 0..20 {
        let key = format!("event-{n}");
        app.tell(mike, &key).await;
        let given = &app.app;
        let withdrawn = transact!(given, |tx| {
            withdraw(tx, mike.member, &key).await?;
            Ok(Done::Keep(()))
        });
        withdrawn.unwrap();
        tokio::join!(app.tell(mike, &key), app.drain());
        app.drain().await;
        assert_eq!(fake.sent().len(), n + 1);
    }
}
