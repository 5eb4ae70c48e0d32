//! The databases of the tests keep their promises.

use api::db::Db;
use entity::rate_limit;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, Statement};
use support::{Engine, TestDatabase, both};

#[both]
async fn a_test_has_a_migrated_database_of_its_own(database: TestDatabase) {
    let other = match database.engine() {
        Engine::Sqlite => TestDatabase::sqlite().await,
        Engine::Postgres => TestDatabase::postgres().await,
    };
    let (ours, others) = (database.connect().await, other.connect().await);
    rate_limit::Entity::insert(rate_limit::ActiveModel {
        key: Set("ours".to_owned()),
        full_at_us: Set(1),
    })
    .exec(&ours)
    .await
    .unwrap();

    let rows = rate_limit::Entity::find();
    assert_eq!(rows.clone().all(&ours).await.unwrap().len(), 1);
    assert_eq!(rows.all(&others).await.unwrap().len(), 0);
}

#[both]
async fn an_empty_database_has_no_tables(database: TestDatabase) {
    let empty = database.empty().await.connect().await;
    let asked = rate_limit::Entity::find().all(&empty).await;
    assert!(asked.is_err(), "{asked:?}");
}

#[tokio::test]
async fn a_sqlite_file_keeps_a_write_ahead_log() {
    let database = TestDatabase::sqlite().await;
    let mode = database
        .connect()
        .await
        .query_one_raw(Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            "PRAGMA journal_mode",
        ))
        .await
        .unwrap()
        .unwrap()
        .try_get_by_index::<String>(0)
        .unwrap();
    assert_eq!(mode, "wal");
}

async fn level(db: &impl ConnectionTrait) -> String {
    let show = "SHOW transaction_isolation";
    let asked = Statement::from_string(db.get_database_backend(), show);
    let row = db.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// A transaction that waited for a row must read what was committed meanwhile. A stricter level would prevent that.
#[tokio::test]
async fn the_service_uses_read_committed_even_if_the_databases_default_is_stricter() {
    let database = TestDatabase::postgres().await;
    let stricter = "DO $$ BEGIN EXECUTE format( \
        'ALTER DATABASE %I SET default_transaction_isolation TO %L', current_database(), 'repeatable read'); END $$";
    let beside = database.connect().await;
    beside.execute_unprepared(stricter).await.unwrap();
    // The default of new connections.
    assert_eq!(level(&database.connect().await).await, "repeatable read");
    let config = support::config(&database.url(), "").database;
    let ours = Db::connect(&config).await.unwrap();
    assert_eq!(level(ours.pool()).await, "read committed");
}
