//! Faults of processes: servers, workers and NATS are killed, stopped and frozen.

use support::{NatsServer, TestDatabase, TestServer};

use crate::Fault;
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    ("server killed, SQLite", || {
        Box::pin(async { killed(TestDatabase::sqlite().await).await })
    }),
    ("server killed, PostgreSQL", || {
        Box::pin(async { killed(TestDatabase::postgres().await).await })
    }),
    ("server stopped, SQLite", || {
        Box::pin(async { stopped(TestDatabase::sqlite().await).await })
    }),
    ("server stopped, PostgreSQL", || {
        Box::pin(async { stopped(TestDatabase::postgres().await).await })
    }),
    ("one of two servers frozen for 12 s", || {
        Box::pin(one_is_frozen())
    }),
    ("worker killed, another goes on", || {
        Box::pin(worker("KILL", "KILL"))
    }),
    ("worker stopped, another goes on", || {
        Box::pin(worker("TERM", "TERM"))
    }),
    ("worker frozen beyond its leases, another goes on", || {
        Box::pin(worker("STOP", "CONT"))
    }),
    ("a server with another secret beside", || {
        Box::pin(another_secret())
    }),
    ("two servers of different limits", || {
        Box::pin(different_limits())
    }),
    ("NATS killed for 6 s", || Box::pin(nats_killed())),
    ("NATS stopped for 6 s", || Box::pin(nats_stopped())),
    ("NATS frozen for 8 s", || Box::pin(nats_frozen())),
];

async fn killed(database: TestDatabase) -> Outcome {
    let mut stage = Stage::set(database).await;
    stage.serve().await;
    stage
        .through(async |stage| {
            for _ in 0..4 {
                stage.servers[0].kill().await;
                stage.start_again(0).await;
                lasts(1).await;
            }
        })
        .await
}

async fn stopped(database: TestDatabase) -> Outcome {
    let mut stage = Stage::set(database).await;
    stage.serve().await;
    stage
        .through(async |stage| {
            for _ in 0..3 {
                stage.servers[0].terminate();
                assert!(stage.servers[0].ended().await.success());
                stage.start_again(0).await;
                lasts(1).await;
            }
        })
        .await
}

/// PostgreSQL releases the frozen server's locks after five seconds. Without limits on transactions it never would.
async fn one_is_frozen() -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.serve().await;
    stage.serve().await;
    stage
        .through(async |stage| {
            stage.servers[1].signal("STOP");
            lasts(12).await;
            stage.servers[1].signal("CONT");
        })
        .await
        .silent_for_at_most(6)
}

async fn worker(signal: &str, in_the_end: &str) -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    let api = stage.program("serve --no-worker");
    stage.start(api).await;
    let first = TestServer::worker(stage.app.database(), &stage.settings).await;
    let second = TestServer::worker(stage.app.database(), &stage.settings).await;
    let outcome = stage
        .through(async |_| {
            lasts(1).await;
            first.signal(signal);
            lasts(8).await;
            if signal != in_the_end {
                first.signal(in_the_end);
            }
        })
        .await;
    drop(second);
    outcome
}

/// The second server must not start, and members notice nothing.
async fn another_secret() -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.serve().await;
    stage
        .through(async |stage| {
            let other = "another-secret-that-is-long-enough-4kQ9zR7tYpLw2Xv8Nb5Mc1Jd6Hf3Gs";
            let other = stage.program("serve").env("BELAY_AUTH__SECRET", other);
            let ended = other.env("BELAY_HTTP__BIND", "127.0.0.1:0").run().await;
            assert_ne!(ended.code, Some(0), "{}", ended.said);
            assert!(ended.said.contains("secret"), "{}", ended.said);
        })
        .await
}

/// One server is killed now and then, so that each takes over work that the other began.
async fn different_limits() -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.serve().await;
    let narrow = [
        ("BELAY_DATABASE__MAX_CONNECTIONS", "3"),
        ("BELAY_HTTP__OPERATION_TIMEOUT_SECONDS", "12"),
        ("BELAY_WORKER__LEASE_SECONDS", "2"),
        ("BELAY_WORKER__DELIVERY_BATCH", "3"),
        ("BELAY_WORKER__JOB_BATCH", "2"),
    ];
    let program = stage.program("serve");
    let program = narrow
        .into_iter()
        .fold(program, |program, (key, value)| program.env(key, value));
    stage.start(program).await;
    stage
        .through(async |stage| {
            for _ in 0..3 {
                stage.servers[0].kill().await;
                lasts(2).await;
                stage.start_again(0).await;
                lasts(1).await;
            }
        })
        .await
}

async fn with_nats(fault: impl AsyncFnOnce(&mut NatsServer)) -> Outcome {
    let mut nats = NatsServer::start();
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.settings += &nats.toml();
    stage.serve().await;
    stage.serve().await;
    stage.through(async |_| fault(&mut nats).await).await
}

async fn nats_killed() -> Outcome {
    with_nats(async |nats| {
        nats.stop();
        lasts(6).await;
        nats.start_again();
    })
    .await
}

async fn nats_stopped() -> Outcome {
    with_nats(async |nats| {
        nats.signal("TERM");
        lasts(6).await;
        nats.stop();
        nats.start_again();
    })
    .await
}

async fn nats_frozen() -> Outcome {
    with_nats(async |nats| {
        nats.signal("STOP");
        lasts(8).await;
        nats.signal("CONT");
    })
    .await
}
