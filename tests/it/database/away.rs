//! A database that restarts.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use support::{TestApp, TestDatabase};

use super::{keys, write};

/// All idle connections die at once. A writer gets a new one; of the readers, at most one fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_the_database_at_most_one_reader_fails() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let beside = app.database().connect().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name = 'belay'";
    let busy = async || {
        let asked = (0..8).map(|_| async {
            app.app
                .db
                .pool()
                .execute_unprepared("SELECT pg_sleep(0.2)")
                .await
        });
        futures::future::join_all(asked).await
    };
    busy().await;
    assert!(app.app.db.size().open > 4);
    beside.execute_unprepared(end).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    write(&app.app, "first").await.unwrap();
    beside.execute_unprepared(end).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut failed = 0;
    for _ in 0..8 {
        failed += u32::from(keys(&app.app).await.is_err());
    }
    assert!(failed <= 1, "{failed} of 8 readers failed");
}
