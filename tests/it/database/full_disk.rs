//! A disk that fills up, and has space again.

use api::app::App;
use api::db::{Done, transact};
use api::error::Fault;
use entity::rate_limit;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use support::{Engine, TestApp, TestDatabase};

use super::{row, write};

/// Writes more than there is space for. A bound on the size of the file stands for a full disk: SQLite rolls back by itself
/// in the same way.
async fn overfill(app: &App) -> Result<(), Fault> {
    transact!(app, |tx| {
        tx.execute_unprepared("PRAGMA max_page_count = 1").await?;
        rate_limit::Entity::insert(row(&"x".repeat(1_000_000)))
            .exec_without_returning(tx)
            .await?;
        Ok(Done::Keep(()))
    })
}

/// As what a rule forbids: it is written, and undone.
async fn undone(app: &App) -> Result<(), Fault> {
    transact!(app, |tx| {
        rate_limit::Entity::insert(row("undone"))
            .exec_without_returning(tx)
            .await?;
        Ok(Done::Undo(()))
    })
}

#[tokio::test]
async fn after_a_full_disk_everything_acknowledged_is_in_the_file() {
    let database = TestDatabase::of(Engine::Sqlite).await;
    let app = TestApp::in_the_present_configured(database, "").await;
    for _ in 0..4 {
        let refused = overfill(&app.app).await.unwrap_err();
        assert!(refused.is_outage(), "{}", refused.class());
    }

    // There is space again. The work goes on, also with what ends in a rollback.
    for _ in 0..6 {
        undone(&app.app).await.unwrap();
    }
    let keys: Vec<String> = (0..8).map(|number| format!("key {number}")).collect();
    for key in &keys {
        write(&app.app, key).await.unwrap();
    }
    // What was not committed is not there for anybody else, as after a crash.
    let beside = app.database().connect().await;
    let rows = rate_limit::Entity::find().all(&beside).await.unwrap();
    let kept: Vec<_> = rows.into_iter().map(|row| row.key).collect();
    let lost: Vec<_> = keys.iter().filter(|key| !kept.contains(key)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
