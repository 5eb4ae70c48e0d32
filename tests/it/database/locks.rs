//! Locks: a locked table, a process that froze while holding row locks, and writers in a queue.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api::app::App;
use api::error::Fault;
use api::transact;
use api::tx::Done;
use entity::rate_limit;
use futures::future::join_all;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _,
    TransactionTrait as _,
};
use support::{Program, TestApp, TestDatabase};
use tokio::time::{sleep, timeout};

use super::{keys, write};

const PATIENCE: Duration = Duration::from_mins(1);

/// Adds to a row, and stays in the transaction for a while before its last statement.
async fn add(app: &App, key: &str, amount: i64, pause: impl Fn() -> Duration) -> Result<(), Fault> {
    let amount = || {
        let value = rate_limit::Column::FullAtUs;
        rate_limit::Entity::update_many()
            .col_expr(value, Expr::col(value).add(amount))
            .filter(rate_limit::Column::Key.eq(key))
    };
    transact!(app, |tx| {
        amount().exec(tx).await?;
        sleep(pause()).await;
        rate_limit::Entity::find().all(tx).await?;
        Ok(Done::Keep(()))
    })
}

async fn amount(app: &App, key: &str) -> i64 {
    let row = rate_limit::Entity::find_by_id(key).one(app.db.pool()).await;
    row.unwrap().unwrap().full_at_us
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_does_not_stop_readers_and_writers_succeed_later() {
    let settings =
        "[database]\nmax_connections = 4\nacquire_timeout_seconds = 30\nlock_timeout_seconds = 1";
    let database = TestDatabase::postgres().await;
    let app = TestApp::configured(database, settings).await;
    let beside = app.database().connect().await;
    let holder = beside.begin().await.unwrap();
    let lock = "LOCK TABLE rate_limit IN SHARE MODE";
    holder.execute_unprepared(lock).await.unwrap();

    let writers = join_all((0..8).map(|n| {
        let app = app.app.clone();
        tokio::spawn(async move { write(&app, &format!("key {n}")).await })
    }));
    sleep(Duration::from_millis(500)).await;
    for _ in 0..20 {
        let read = timeout(Duration::from_secs(5), keys(&app.app)).await;
        assert!(read.expect("reading does not wait").unwrap().is_empty());
    }
    sleep(Duration::from_millis(1500)).await;
    holder.rollback().await.unwrap();
    for written in writers.await {
        written.unwrap().unwrap();
    }
    assert_eq!(keys(&app.app).await.unwrap().len(), 8);
}

/// The frozen process loses its transaction, and retries when it wakes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_locks_of_a_frozen_process_are_released_after_a_while() {
    let settings = "[database]\nidle_in_transaction_seconds = 1";
    let database = TestDatabase::postgres().await;
    let app = TestApp::configured(database, settings).await;
    write(&app.app, "row").await.unwrap();
    let other = app.replica().await;

    let tries = AtomicU32::new(0);
    let freezes_once = || match tries.fetch_add(1, Ordering::Relaxed) {
        0 => Duration::from_secs(4),
        _ => Duration::ZERO,
    };
    let frozen = add(&app.app, "row", 10, freezes_once);
    let meanwhile = async {
        sleep(Duration::from_millis(300)).await;
        add(&other, "row", 100, || Duration::ZERO).await.unwrap();
        amount(&other, "row").await
    };
    let (woken, meanwhile) = tokio::join!(frozen, meanwhile);
    assert_eq!(meanwhile, 101, "the other did not have to wait for it");
    woken.unwrap();
    assert_eq!(amount(&app.app, "row").await, 111);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_waits_for_a_table_in_use_without_blocking_others() {
    let database = TestDatabase::postgres().await.empty().await;
    let beside = database.connect().await;
    // The next step adds columns to the table of members.
    let steps = Migrator::migrations();
    let before = steps
        .iter()
        .position(|step| step.name().ends_with("choose_who_sees_a_profile"));
    let before = u32::try_from(before.unwrap()).unwrap();
    Migrator::up(&beside, Some(before)).await.unwrap();
    let holder = beside.begin().await.unwrap();
    let reads = "SELECT count(*) FROM member";
    holder.execute_unprepared(reads).await.unwrap();

    let migrating = tokio::spawn({
        let program = Program::new("migrate").database(&database);
        program
            .env("BELAY_DATABASE__LOCK_TIMEOUT_SECONDS", "1")
            .run()
    });
    sleep(Duration::from_secs(3)).await;
    let read = beside.execute_unprepared(reads);
    timeout(PATIENCE, read)
        .await
        .expect("reading goes on")
        .unwrap();
    holder.rollback().await.unwrap();
    let ended = migrating.await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn writers_of_one_process_are_served_in_order() {
    let app = TestApp::configured(TestDatabase::sqlite().await, "").await;
    let order = std::sync::Mutex::new(Vec::new());
    let written = join_all((0..30).map(|n| {
        let (app, order) = (&app.app, &order);
        async move {
            transact!(app, |tx| {
                order.lock().unwrap().push(n);
                tx.execute_unprepared("UPDATE rate_limit SET full_at_us = 1")
                    .await?;
                sleep(Duration::from_millis(5)).await;
                Ok(Done::Keep(()))
            })
        }
    }));
    for written in written.await {
        written.unwrap();
    }
    let came = order.into_inner().unwrap();
    assert_eq!(came, (0..30).collect::<Vec<_>>());
}
