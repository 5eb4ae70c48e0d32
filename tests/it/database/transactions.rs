//! A connection is reused only if its transaction has ended cleanly.

use std::time::Duration;

use api::db::Db;
use api::transact;
use api::tx::Done;
use entity::rate_limit;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Statement};
use support::{TestApp, TestDatabase, both};
use tokio::time::{sleep, timeout};

use super::{keys, row, write};

#[both]
async fn a_request_cancelled_halfway_leaves_nothing_behind(app: TestApp) {
    let app = &app.app;
    for _ in 0..10 {
        let halfway = async {
            transact!(app, |tx| {
                rate_limit::Entity::insert(row("given up"))
                    .exec_without_returning(tx)
                    .await?;
                sleep(Duration::from_mins(10)).await;
                Ok(Done::Keep(()))
            })
        };
        let given_up = timeout(Duration::from_millis(100), halfway).await;
        assert!(given_up.is_err());
    }
    write(app, "kept").await.unwrap();
    assert_eq!(keys(app).await.unwrap(), ["kept"]);
}

/// PostgreSQL would answer the commit with success, and roll back.
#[both]
async fn a_transaction_in_which_a_statement_failed_is_not_committed(app: TestApp) {
    let app = &app.app;
    let swallowed = transact!(app, |tx| {
        rate_limit::Entity::insert(row("before"))
            .exec_without_returning(tx)
            .await?;
        let failed = tx.execute_unprepared("SELECT nothing FROM nowhere").await;
        assert!(failed.is_err());
        Ok(Done::Keep(()))
    });
    assert!(swallowed.is_err());
    write(app, "after").await.unwrap();
    assert_eq!(keys(app).await.unwrap(), ["after"]);
}

#[tokio::test]
async fn the_embedded_database_syncs_each_commit_to_disk_by_default() {
    let database = TestDatabase::sqlite().await;
    for (settings, synchronous) in [("", 2), ("[database]\nsqlite_synchronous = 'normal'", 1)] {
        let config = support::config(&database.url(), settings).database;
        let db = Db::connect(&config).await.unwrap();
        let asked = Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA synchronous");
        let row = db.pool().query_one_raw(asked).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i32>(0).unwrap(), synchronous);
    }
}
