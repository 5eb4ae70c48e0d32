//! Members who signed in or up from a network, as keyed hashes.

use chrono::{DateTime, Utc};
use entity::network_member::{ActiveModel, Column, Entity};
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};

use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::Tx;

/// The count up to which members matter: more make no difference.
const COUNTED: u64 = 50;

/// Returns how many members signed in or up from a network since an instant, at most `COUNTED`.
pub async fn members(
    db: &impl ConnectionTrait,
    network: &str,
    since: DateTime<Utc>,
) -> Result<u64, Fault> {
    let members: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Who)
        .filter(Column::Network.eq(network))
        .filter(Column::SeenAt.gt(since))
        .limit(COUNTED)
        .into_tuple()
        .all(db)
        .await?;
    Ok(members.len() as u64)
}

/// Records that a member signed in or up from a network.
pub async fn got_in(tx: &Tx, network: &str, who: &str, now: DateTime<Utc>) -> Result<(), Fault> {
    let row = ActiveModel {
        network: Set(network.to_owned()),
        who: Set(who.to_owned()),
        seen_at: Set(now),
    };
    let again = OnConflict::columns([Column::Network, Column::Who])
        .update_column(Column::SeenAt)
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the entries last seen before an instant.
pub async fn remove_before(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, Fault> {
    let old = Column::SeenAt.lt(before).into_condition();
    Ok(delete_slice::<Entity>(db, old).await?)
}
