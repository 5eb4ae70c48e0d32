//! Changes of e-mail addresses that wait to take effect.

use chrono::{DateTime, Utc};
use entity::email_change::{Column, Entity, Model};
use entity::{EmailChangeId, MemberId};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _, Select,
};

use super::super::email::forms;
use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::{Rank, Tx};

/// Adds a change in place of its owner's earlier one.
pub async fn replace(tx: &Tx, change: &Model) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::MemberId.eq(change.member_id))
        .exec(tx)
        .await?;
    let row = change.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn waiting() -> Select<Entity> {
    Entity::find()
        .filter(Column::DroppedAt.is_null())
        .filter(Column::DoneAt.is_null())
}

/// Returns a member's change that waits, if there is one.
pub async fn waiting_of(
    db: &impl ConnectionTrait,
    owner: MemberId,
) -> Result<Option<Model>, Fault> {
    let found = waiting().filter(Column::MemberId.eq(owner));
    Ok(found.one(db).await?)
}

/// Returns a change in any state.
pub async fn find(db: &impl ConnectionTrait, id: EmailChangeId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Returns a change if it waits; for the worker.
pub async fn find_waiting(
    db: &impl ConnectionTrait,
    id: EmailChangeId,
) -> Result<Option<Model>, Fault> {
    Ok(waiting().filter(Column::Id.eq(id)).one(db).await?)
}

/// Locks a change `FOR NO KEY UPDATE` and returns it, if it waits and is due.
pub async fn load_due_locked(
    tx: &Tx,
    id: EmailChangeId,
    now: DateTime<Utc>,
) -> Result<Option<Model>, Fault> {
    tx.lock(Rank::Account);
    let due = waiting()
        .filter(Column::Id.eq(id))
        .filter(Column::DueAt.lte(now))
        .lock(LockType::NoKeyUpdate);
    Ok(due.one(tx).await?)
}

/// Returns the changes away from an address, by its key in any form, in any state. An address that changed hands has
/// several.
pub async fn away_from(db: &impl ConnectionTrait, email_key: &str) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::OldEmailKey.is_in(forms(email_key)));
    Ok(found.all(db).await?)
}

/// Drops a member's change that waits. Returns whether there was one.
pub async fn drop_of(tx: &Tx, owner: MemberId, now: DateTime<Utc>) -> Result<bool, Fault> {
    let dropped = Entity::update_many()
        .col_expr(Column::DroppedAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .filter(Column::DroppedAt.is_null())
        .filter(Column::DoneAt.is_null())
        .exec(tx)
        .await?;
    Ok(dropped.rows_affected == 1)
}

/// Marks a change as done.
pub async fn done(tx: &Tx, id: EmailChangeId, now: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::DoneAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the changes that were dropped or done before an instant.
pub async fn remove_over(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, Fault> {
    let over = sea_orm::Condition::any()
        .add(Column::DroppedAt.lt(before))
        .add(Column::DoneAt.lt(before));
    Ok(delete_slice::<Entity>(db, over).await?)
}
