//! A host that goes silent: nothing is refused, nothing is answered.

use std::time::Duration;

use api::db::Db;
use entity::rate_limit;
use futures::future::join_all;
use sea_orm::{DbErr, EntityTrait as _};
use support::{Program, SilentProxy, TestDatabase, TestServer, eventually};
use tokio::time::{sleep, timeout};

/// More than anything here may take. The point is that it ends at all.
const PATIENCE: Duration = Duration::from_mins(1);

async fn connect(proxy: &SilentProxy, settings: &str) -> Db {
    let config = support::config(&proxy.url(), settings).database;
    Db::connect(&config).await.unwrap()
}

async fn read(db: &Db) -> Result<(), DbErr> {
    let rows = rate_limit::Entity::find().all(db.pool()).await;
    rows.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_a_silent_host_fail_and_it_is_found_again() {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let db = connect(&proxy, "").await;
    read(&db).await.unwrap();

    proxy.silence();
    let asked = join_all((0..12).map(|_| read(&db)));
    let answers = timeout(PATIENCE, asked).await.expect("a bound");
    assert!(answers.iter().all(Result::is_err));

    proxy.speak();
    eventually("the database is found again", async || {
        read(&db).await.is_ok()
    })
    .await;
    proxy.silence();
    let closing = async {
        sleep(Duration::from_millis(100)).await;
        db.close().await;
    };
    let ended = timeout(PATIENCE, async { tokio::join!(read(&db), closing) }).await;
    assert!(ended.is_ok(), "closing waits for a host that is gone");
}

/// The old connections stay silent, and their statements may take ten minutes: only new connections help.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_has_moved_is_found_while_old_requests_wait() {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let settings =
        "[database]\nmax_connections = 4\nstatement_timeout_seconds = 600\nsilence_seconds = 2";
    let db = connect(&proxy, settings).await;
    eventually("there are four connections", async || {
        join_all((0..4).map(|_| read(&db))).await;
        db.pool().size().open == 4
    })
    .await;

    proxy.silence();
    let stuck: Vec<_> = (0..4)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { read(&db).await })
        })
        .collect();
    eventually("all four have asked", async || proxy.swallowed() == 4).await;
    // From now on the name leads to a host that answers.
    proxy.speak();
    eventually("the database is found", async || read(&db).await.is_ok()).await;
    assert!(stuck.iter().all(|task| !task.is_finished()));
    stuck.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_known_to_be_away_requests_do_not_wait() {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let db = connect(&proxy, "[database]\nstatement_timeout_seconds = 1").await;
    proxy.silence();
    // First the idle connection fails, and then the attempt to open a new one.
    while proxy.accepted() < 2 {
        read(&db).await.unwrap_err();
    }
    // After a while one request tries to connect again, and waits for the silent host.
    let before = proxy.accepted();
    let trying = loop {
        let db = db.clone();
        let asked = tokio::spawn(async move { read(&db).await });
        eventually("the request tries or fails", async || {
            asked.is_finished() || proxy.accepted() > before
        })
        .await;
        if proxy.accepted() > before {
            break asked;
        }
    };
    // The others try nothing, and fail while that one still waits.
    for _ in 0..100 {
        read(&db).await.unwrap_err();
    }
    assert!(!trying.is_finished(), "they waited for its attempt");
    assert_eq!(proxy.accepted(), before + 1);
    trying.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_shuts_down_although_its_database_is_silent() {
    let database = TestDatabase::postgres().await;
    let proxy = SilentProxy::of(&database).await;
    let program = Program::new("serve").env("BELAY_DATABASE__URL", &proxy.url());
    let mut server = TestServer::run(program.toml("[http]\nshutdown_seconds = 1")).await;
    proxy.silence();
    server.get("/readyz").await;
    server.terminate();
    server.ended().await;
}
