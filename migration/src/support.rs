//! The few words every migration speaks: one type for instants, one way to name an index, and
//! foreign keys that follow a member out of the door.

use sea_orm_migration::{prelude::*, schema::*};

/// A new table.
pub fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// An instant, UTC.
pub fn instant(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone(name)
}

/// An instant that may not have come.
pub fn instant_null(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone_null(name)
}

/// A text no two rows share.
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

/// The row goes when what it belongs to goes.
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

/// The row stays when what it refers to goes, and forgets it.
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

/// What it names cannot go while the row is there.
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

/// An index that allows each combination once.
pub fn unique_index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

/// Undoes a migration that only made tables: the last made go first.
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

/// Adds a column. One that may not be null has a default, for the rows that are there.
pub async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &mut ColumnDef,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).add_column(column).take();
    manager.alter_table(alter).await
}

/// Takes a column away.
pub async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).drop_column(column).take();
    manager.alter_table(alter).await
}
