//! The databases the tests stand on are as promised.

use entity::rate_limit;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use support::{Engine, TestDatabase, both};

both!(a_database_is_migrated_and_the_tests_own);

async fn a_database_is_migrated_and_the_tests_own(database: TestDatabase) {
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

both! {
    async fn an_empty_database_has_no_tables(database: TestDatabase) {
        let empty = database.empty().await.connect().await;
        let asked = rate_limit::Entity::find().all(&empty).await;
        assert!(asked.is_err(), "{asked:?}");
    }
}

#[tokio::test]
async fn a_sqlite_file_keeps_a_write_ahead_log() {
    let database = TestDatabase::sqlite().await;
    let mode = database
        .connect()
        .await
        .query_one_raw(sea_orm::Statement::from_string(
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
