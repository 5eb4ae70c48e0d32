//! Faults of the database: PostgreSQL crashes, restarts, freezes, goes silent, is locked or takes no writes.

use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use support::{SilentProxy, TestDatabase, TestServer};

use crate::Fault;
use crate::cluster::Cluster;
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    (
        "PostgreSQL crashes and starts again",
        || Box::pin(crashes()),
    ),
    ("PostgreSQL restarts", || Box::pin(restarts())),
    ("PostgreSQL frozen for 10 s", || Box::pin(freezes())),
    ("the database's host silent for 12 s", || Box::pin(silent())),
    ("the database silent for 12 s to the worker alone", || {
        Box::pin(silent_to_the_worker())
    }),
    ("a table locked for 8 s", || Box::pin(locked())),
    ("PostgreSQL read-only for 6 s", || Box::pin(read_only())),
];

async fn on_a_cluster(fault: impl AsyncFnOnce(&Cluster)) -> Outcome {
    let cluster = Cluster::start().await;
    let mut stage = Stage::set(cluster.database().await).await;
    stage.serve().await;
    stage.through(async |_| fault(&cluster).await).await
}

async fn crashes() -> Outcome {
    on_a_cluster(async |cluster| {
        for _ in 0..3 {
            cluster.kill();
            cluster.is_gone().await;
            cluster.run().await;
            lasts(2).await;
        }
    })
    .await
}

async fn restarts() -> Outcome {
    on_a_cluster(async |cluster| {
        for _ in 0..2 {
            cluster.stop();
            lasts(1).await;
            cluster.run().await;
            lasts(2).await;
        }
    })
    .await
}

async fn freezes() -> Outcome {
    on_a_cluster(async |cluster| {
        cluster.signal_all("STOP");
        lasts(10).await;
        cluster.signal_all("CONT");
    })
    .await
}

/// Packets sent during the silence are lost, as when an address has moved to another host.
async fn silent() -> Outcome {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let mut stage = Stage::set(database).await;
    let program = stage
        .program("serve")
        .env("BELAY_DATABASE__URL", &proxy.url());
    stage.start(program).await;
    stage
        .through(async |_| {
            proxy.silence();
            lasts(12).await;
            proxy.speak();
        })
        .await
}

/// Members notice nothing; pushes and letters leave later.
async fn silent_to_the_worker() -> Outcome {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let mut stage = Stage::set(database).await;
    let api = stage.program("serve --no-worker");
    stage.start(api).await;
    let worker = stage
        .program("worker")
        .env("BELAY_DATABASE__URL", &proxy.url());
    let worker = TestServer::work(worker).await;
    let outcome = stage
        .through(async |_| {
            proxy.silence();
            lasts(12).await;
            proxy.speak();
        })
        .await;
    drop(worker);
    outcome
}

async fn locked() -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.serve().await;
    stage
        .through(async |stage| {
            let beside = stage.app.database().connect().await;
            let holder = beside.begin().await.expect("a transaction");
            let lock = holder.execute_unprepared("LOCK TABLE rsvp").await;
            lock.expect("a lock");
            lasts(8).await;
            holder.rollback().await.expect("an end");
        })
        .await
}

async fn read_only() -> Outcome {
    on_a_cluster(async |cluster| {
        cluster.configure("default_transaction_read_only = on\n");
        cluster.reload();
        lasts(6).await;
        cluster.configure("default_transaction_read_only = off\n");
        cluster.reload();
    })
    .await
}
