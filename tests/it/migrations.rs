//! The migrations, and the tables they create.

mod entities;
mod rows;
mod shape;

use std::collections::BTreeSet;

use entity::{MeetingId, change, change_feed, meeting, member, session};
use migration::{Migrator, MigratorTrait};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait as _, EntityTrait, Iterable as _, PaginatorTrait as _, QueryFilter as _,
};
use support::{FromDatabase, TestDatabase, both};

use self::rows::{put_meeting, put_member, put_shared_rows};
use self::shape::{assert_same, foreign_keys, shape};

/// A database before the first migration.
struct Empty(TestDatabase);

impl FromDatabase for Empty {
    async fn from_database(database: TestDatabase) -> Self {
        Self(database.empty().await)
    }
}

#[both]
async fn each_migration_can_be_undone_and_applied_again(Empty(database): Empty) {
    let db = database.connect().await;
    for migration in Migrator::migrations() {
        let name = migration.name();
        let before = shape(&db).await;
        Migrator::up(&db, Some(1)).await.unwrap();
        let after = shape(&db).await;
        Migrator::down(&db, Some(1)).await.unwrap();
        assert_same(&format!("{name} undone"), &shape(&db).await, &before);
        Migrator::up(&db, Some(1)).await.unwrap();
        assert_same(&format!("{name} done again"), &shape(&db).await, &after);
    }
    let pending = Migrator::get_pending_migrations(&db).await.unwrap();
    assert_eq!(pending.len(), 0);
}

#[both]
async fn all_migrations_can_be_undone_and_applied_again(database: TestDatabase) {
    let db = database.connect().await;
    let (made, seeded) = (shape(&db).await, entities::rows(&db).await);
    put_member(&db, 2, put_shared_rows(&db).await).await;

    Migrator::down(&db, None).await.unwrap();
    assert_same("all undone", &shape(&db).await, &BTreeSet::new());

    Migrator::up(&db, None).await.unwrap();
    assert_same("all done again", &shape(&db).await, &made);
    assert_eq!(entities::rows(&db).await, seeded);
}

#[both]
async fn migrating_twice_changes_nothing(database: TestDatabase) {
    let db = database.connect().await;
    put_member(&db, 2, put_shared_rows(&db).await).await;
    let (made, kept) = (shape(&db).await, entities::rows(&db).await);

    Migrator::up(&db, None).await.unwrap();

    assert_same("done twice", &shape(&db).await, &made);
    assert_eq!(entities::rows(&db).await, kept);
}

#[both]
async fn tables_and_entities_agree(database: TestDatabase) {
    let db = database.connect().await;
    let columns = shape::columns(&db).await.into_iter();
    let columns = columns.map(|(table, column, null)| shape::column_fact(&table, &column, null));
    assert_same(
        "tables and entities",
        &columns.collect(),
        &entities::columns(),
    );
}

/// `put_member` and `put_shared_rows` read each row back. This test checks that they cover every table.
#[both]
async fn every_table_is_covered_by_a_row(database: TestDatabase) {
    let db = database.connect().await;
    put_member(&db, 2, put_shared_rows(&db).await).await;
    for (table, rows) in entities::rows(&db).await {
        assert!(!rows.is_empty(), "no row was written to {table}");
    }
}

#[both]
async fn rows_of_a_member_are_deleted_with_the_member(database: TestDatabase) {
    let db = database.connect().await;
    let keys = foreign_keys(&db).await;
    for (table, column, _) in shape::columns(&db).await {
        if column == "member_id" {
            let key = keys
                .iter()
                .find(|key| key.table == table && key.column == column)
                .unwrap_or_else(|| panic!("{table}.{column} is no foreign key"));
            assert_eq!(
                (&*key.to, &*key.on_delete),
                ("member.id", "cascade"),
                "{table}"
            );
        }
    }
    for key in keys {
        assert!(
            ["cascade", "restrict", "set null"].contains(&&*key.on_delete),
            "{key:?}"
        );
    }
}

#[both]
async fn deleting_a_member_deletes_all_their_rows_and_no_others(database: TestDatabase) {
    let db = database.connect().await;
    let shared = put_shared_rows(&db).await;
    put_member(&db, 2, shared).await;
    let before = entities::rows(&db).await;
    let member = put_member(&db, 3, shared).await;
    let with_member = entities::rows(&db).await;
    for table in tables_of_members(&foreign_keys(&db).await) {
        let table = table.as_str();
        assert!(
            with_member[table].len() > before[table].len(),
            "the member had no row in {table}: the test does not cover it"
        );
    }

    member::Entity::delete_by_id(member)
        .exec(&db)
        .await
        .unwrap();

    assert_eq!(entities::rows(&db).await, before);
}

/// Returns the tables whose rows are deleted with a member, directly or through other tables.
fn tables_of_members(keys: &BTreeSet<shape::ForeignKey>) -> BTreeSet<String> {
    let mut tables = BTreeSet::from(["member".to_owned()]);
    loop {
        let more: Vec<_> = keys
            .iter()
            .filter(|key| key.on_delete == "cascade" && !tables.contains(&key.table))
            .filter(|key| {
                key.to
                    .split('.')
                    .next()
                    .is_some_and(|to| tables.contains(to))
            })
            .map(|key| key.table.clone())
            .collect();
        if more.is_empty() {
            return tables;
        }
        tables.extend(more);
    }
}

#[both]
async fn existing_rows_are_in_the_change_feeds_after_the_migration(database: TestDatabase) {
    let db = database.connect().await;
    let shared = put_shared_rows(&db).await;
    for number in [2, 3] {
        put_member(&db, number, shared).await;
    }
    let steps = Migrator::migrations();
    let feeds = steps
        .iter()
        .position(|step| step.name().ends_with("create_changes"));
    let back = u32::try_from(steps.len() - feeds.unwrap()).unwrap();

    Migrator::down(&db, Some(back)).await.unwrap();
    Migrator::up(&db, None).await.unwrap();

    // The tables of these kinds do not exist yet at this migration.
    let later = [
        change::Kind::Peering,
        change::Kind::Pact,
        change::Kind::PactNudge,
        change::Kind::Commitment,
    ];
    let all = change::Kind::iter().filter(|kind| !later.contains(kind));
    let all: BTreeSet<_> = all.collect();
    for feed in change_feed::Entity::find().all(&db).await.unwrap() {
        let of_member = change::Column::MemberId.eq(feed.member_id);
        let rows = change::Entity::find().filter(of_member).all(&db).await;
        let rows = rows.unwrap();
        let kinds: BTreeSet<_> = rows.iter().map(|row| row.kind).collect();
        assert_eq!((&kinds, rows.len()), (&all, all.len()));
        let numbers: BTreeSet<_> = rows.iter().map(|row| row.seq).collect();
        assert_eq!(numbers, (1..=feed.last_seq).collect());
        assert!(rows.iter().all(|row| !row.deleted));
        assert_eq!(feed.pruned_through, 0);
    }
    let feeds = change_feed::Entity::find().count(&db).await;
    assert_eq!(feeds.unwrap(), 2);
}

#[both]
async fn a_meeting_outlives_its_host(database: TestDatabase) {
    let db = database.connect().await;
    let host = put_member(&db, 2, put_shared_rows(&db).await).await;
    let id = MeetingId(Uuid::from_u128(2));
    put_meeting(&db, id, Some(host)).await;

    member::Entity::delete_by_id(host).exec(&db).await.unwrap();

    let meeting = meeting::Entity::find_by_id(id).one(&db).await.unwrap();
    assert_eq!(meeting.unwrap().host_id, None);
}

#[both]
async fn a_device_outlives_its_session(database: TestDatabase) {
    let db = database.connect().await;
    put_member(&db, 2, put_shared_rows(&db).await).await;

    session::Entity::delete_many().exec(&db).await.unwrap();

    let devices = entity::device::Entity::find().all(&db).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].session_id, None);
}

#[tokio::test]
async fn both_databases_have_the_same_shape() {
    let (sqlite, postgres) = (TestDatabase::sqlite().await, TestDatabase::postgres().await);
    let sqlite = shape(&sqlite.connect().await).await;
    let postgres = shape(&postgres.connect().await).await;
    assert!(!sqlite.is_empty());
    assert_same("SQLite and PostgreSQL", &sqlite, &postgres);
}
