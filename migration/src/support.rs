//! Helpers for migrations: one type for instants, one way to name an index, and foreign keys that delete a member's
//! rows with the member.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates a table.
pub fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// A column with an instant in UTC.
pub fn instant(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone(name)
}

/// A nullable column with an instant in UTC.
pub fn instant_null(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone_null(name)
}

/// A unique text column.
pub fn text_uniq(name: &'static str) -> ColumnDef {
    text(name).unique_key().take()
}

/// A primary key of several columns.
pub fn key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create();
    for column in columns {
        key.col(*column);
    }
    key
}

/// A foreign key to the owner of a row: the row is deleted with it.
pub fn belongs_to(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
    owner_column: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(owner, owner_column)
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// A foreign key that is set to null when the other row is deleted.
pub fn refers_to(
    table: &'static str,
    column: &'static str,
    other: &'static str,
    other_column: &'static str,
) -> ForeignKeyCreateStatement {
    belongs_to(table, column, other, other_column)
        .on_delete(ForeignKeyAction::SetNull)
        .take()
}

/// A foreign key that prevents the deletion of the other row.
pub fn names(
    table: &'static str,
    column: &'static str,
    other: &'static str,
    other_column: &'static str,
) -> ForeignKeyCreateStatement {
    belongs_to(table, column, other, other_column)
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

/// An index over `columns`, in order.
pub fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// A unique index over `columns`, in order.
pub fn unique_index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

/// Undoes a migration that only created tables. Drops them in the given order, so the last created must come first.
pub async fn drop_tables(
    manager: &SchemaManager<'_>,
    tables: &[&'static str],
) -> Result<(), DbErr> {
    for table in tables {
        manager
            .drop_table(Table::drop().table(*table).take())
            .await?;
    }
    Ok(())
}

/// Adds a column. A column that is not nullable needs a default, for the existing rows.
pub async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &mut ColumnDef,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).add_column(column).take();
    manager.alter_table(alter).await
}

/// Drops a column.
pub async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).drop_column(column).take();
    manager.alter_table(alter).await
}
