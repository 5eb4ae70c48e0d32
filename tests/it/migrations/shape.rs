//! The schema of a database, read from its catalogue.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// One line per fact, so that the difference between two shapes is readable.
pub type Shape = BTreeSet<String>;

/// A column that refers to a row of another table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    pub table: String,
    pub column: String,
    pub to: String,
    /// The action on this row when the other row is deleted.
    pub on_delete: String,
}

pub async fn shape(db: &DatabaseConnection) -> Shape {
    let mut shape: Shape = columns(db)
        .await
        .iter()
        .map(|(table, column, null)| column_fact(table, column, *null))
        .collect();
    for ForeignKey {
        table,
        column,
        to,
        on_delete,
    } in foreign_keys(db).await
    {
        shape.insert(format!("foreign key {table}.{column} to {to}, {on_delete}"));
    }
    for [index] in ask(db, SQLITE_INDEXES, POSTGRES_INDEXES).await {
        shape.insert(format!("index {index}"));
    }
    shape
}

pub fn column_fact(table: &str, column: &str, null: bool) -> String {
    let kind = if null { "optional" } else { "required" };
    format!("column {table}.{column}, {kind}")
}

pub fn assert_same(what: &str, left: &Shape, right: &Shape) {
    let one_sided: Vec<_> = left.symmetric_difference(right).collect();
    assert!(
        one_sided.is_empty(),
        "{what}: only one side has {one_sided:#?}"
    );
}

/// Returns table, column, and whether the column may be null.
pub async fn columns(db: &DatabaseConnection) -> BTreeSet<(String, String, bool)> {
    let rows = ask(db, SQLITE_COLUMNS, POSTGRES_COLUMNS).await.into_iter();
    rows.map(|[table, column, null]| (table, column, null == "yes"))
        .collect()
}

pub async fn foreign_keys(db: &DatabaseConnection) -> BTreeSet<ForeignKey> {
    let rows = ask(db, SQLITE_FOREIGN_KEYS, POSTGRES_FOREIGN_KEYS).await;
    rows.into_iter()
        .map(|[table, column, to, on_delete]| ForeignKey {
            table,
            column,
            to,
            on_delete,
        })
        .collect()
}

async fn ask<const N: usize>(
    db: &DatabaseConnection,
    sqlite: &str,
    postgres: &str,
) -> Vec<[String; N]> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Sqlite {
        sqlite
    } else {
        postgres
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await;
    rows.unwrap()
        .iter()
        .map(|row| std::array::from_fn(|column| row.try_get_by_index(column).unwrap()))
        .collect()
}

const SQLITE_COLUMNS: &str = r#"
    SELECT t.name, c.name, CASE c."notnull" WHEN 0 THEN 'yes' ELSE 'no' END
    FROM sqlite_master t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'seaql_migrations'"#;

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text, column_name::text, lower(is_nullable::text)
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'";

const SQLITE_FOREIGN_KEYS: &str = r#"
    SELECT t.name, k."from", k."table" || '.' || k."to", lower(k.on_delete)
    FROM sqlite_master t, pragma_foreign_key_list(t.name) k
    WHERE t.type = 'table'"#;

const POSTGRES_FOREIGN_KEYS: &str = "
    SELECT here.relname::text, ours.attname::text, there.relname || '.' || theirs.attname,
        CASE k.confdeltype
            WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'r' THEN 'restrict' ELSE k.confdeltype::text
        END
    FROM pg_constraint k
    JOIN pg_class here ON here.oid = k.conrelid
    JOIN pg_class there ON there.oid = k.confrelid
    JOIN pg_attribute ours ON ours.attrelid = here.oid AND ours.attnum = ANY (k.conkey)
    JOIN pg_attribute theirs ON theirs.attrelid = there.oid AND theirs.attnum = ANY (k.confkey)
    WHERE k.contype = 'f'";

const SQLITE_INDEXES: &str = r#"
    SELECT t.name || ' (' || (
            SELECT group_concat(c.name, ', ')
            FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c
        ) || ')'
        || CASE i."unique" WHEN 1 THEN ', unique' ELSE '' END
        || CASE i.partial WHEN 1 THEN ', partial' ELSE '' END
    FROM sqlite_master t, pragma_index_list(t.name) i
    WHERE t.type = 'table' AND t.name <> 'seaql_migrations'"#;

const POSTGRES_INDEXES: &str = "
    SELECT t.relname || ' (' || (
            SELECT string_agg(c.attname, ', ' ORDER BY k.position)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, position)
            JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.number
        ) || ')'
        || CASE WHEN i.indisunique THEN ', unique' ELSE '' END
        || CASE WHEN i.indpred IS NOT NULL THEN ', partial' ELSE '' END
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'seaql_migrations'";
