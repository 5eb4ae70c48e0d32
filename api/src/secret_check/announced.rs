//! The secrets that other processes can read with.
//!
//! On PostgreSQL several processes may run. A secret is changed in two steps: first every process gets the new one to
//! read with, and then they write with it. Each process announces at its start the secrets that it reads with. A start
//! is refused if it would write with a secret that the last started process cannot read with.
//!
//! Only the last announcement counts. A process that was left out of the first step withdraws the secret when it starts
//! again. After the change, processes that no longer name the former secret withdraw that one.

use chrono::{DateTime, Utc};
use entity::announced_secrets::{ActiveModel, Column, Entity};
use entity::secret_check::Purpose;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityName as _, EntityTrait as _};

use crate::db;
use crate::error::Fault;
use crate::keys::at_rest::AtRest;

/// Whether other processes can read what these keys write. An embedded database has one server, which has read the
/// change.
pub async fn is_announced(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
) -> Result<bool, Fault> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(true);
    }
    // Before the migration that creates the table nothing is announced.
    if !db::has_table(db, Entity.table_name()).await? {
        return Ok(false);
    }
    let announced = names(db, purpose).await?.unwrap_or_default();
    let current = keys.names().next();
    Ok(announced
        .split(' ')
        .map(Some)
        .any(|name| name == current.as_deref()))
}

/// Whether the last start announced the same secrets.
pub async fn is_known(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
) -> Result<bool, Fault> {
    Ok(names(db, purpose).await? == Some(listed(keys)))
}

/// Announces to later starts the secrets that this process reads with.
pub async fn announce(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = ActiveModel {
        purpose: Set(purpose),
        names: Set(listed(keys)),
        announced_at: Set(now),
    };
    let over = OnConflict::column(Column::Purpose)
        .update_columns([Column::Names, Column::AnnouncedAt])
        .to_owned();
    let insert = Entity::insert(row).on_conflict(over);
    insert.exec_without_returning(db).await?;
    Ok(())
}

async fn names(db: &impl ConnectionTrait, purpose: Purpose) -> Result<Option<String>, Fault> {
    let row = Entity::find_by_id(purpose).one(db).await?;
    Ok(row.map(|row| row.names))
}

fn listed(keys: &AtRest) -> String {
    keys.names().collect::<Vec<_>>().join(" ")
}
