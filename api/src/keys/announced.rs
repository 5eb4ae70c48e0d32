//! With which secrets other processes can read.
//!
//! On PostgreSQL several processes may run. A secret is changed in two steps: every process is given the new one to read
//! with, and only then do they write with it. Each process announces what it reads with when it starts; a start that
//! would write with a secret that the last one could not read with is refused.
//!
//! The last start decides, rather than all of them: a process that was left out of the first step and starts again takes
//! the announcement back, and so do those that no longer name a former secret after the change.

use chrono::{DateTime, Utc};
use entity::announced_secrets::{ActiveModel, Column, Entity};
use entity::secret_check::Purpose;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityName as _, EntityTrait as _};

use super::at_rest::AtRest;
use crate::db;
use crate::error::Fault;

/// Whether what these keys write can be read by others. An embedded database has one server, which has read the change.
pub async fn is_announced(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
) -> Result<bool, Fault> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(true);
    }
    // Before the step that makes the table nobody announces anything.
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

/// Whether the start before this one announced the same.
pub async fn is_known(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
) -> Result<bool, Fault> {
    Ok(names(db, purpose).await? == Some(listed(keys)))
}

/// Tells later starts what this process reads with.
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
