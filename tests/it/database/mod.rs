//! What Belay does when its database fails: full, silent, locked, elsewhere, or taking no writes.

mod away;
mod full_disk;
mod locks;
mod silence;
mod transactions;
mod writable;

use api::app::App;
use api::error::Fault;
use api::transact;
use api::tx::Done;
use entity::rate_limit;
use sea_orm::{ActiveValue::Set, EntityTrait as _};

/// Writes one row in a write transaction.
async fn write(app: &App, key: &str) -> Result<(), Fault> {
    transact!(app, |tx| {
        rate_limit::Entity::insert(row(key))
            .exec_without_returning(tx)
            .await?;
        Ok(Done::Keep(()))
    })
}

fn row(key: &str) -> rate_limit::ActiveModel {
    rate_limit::ActiveModel {
        key: Set(key.to_owned()),
        full_at_us: Set(1),
    }
}

/// The keys of the rows, read as requests read: by one statement outside any transaction.
async fn keys(app: &App) -> Result<Vec<String>, Fault> {
    let rows = rate_limit::Entity::find().all(app.db.pool()).await?;
    let mut keys: Vec<_> = rows.into_iter().map(|row| row.key).collect();
    keys.sort();
    Ok(keys)
}
