//! What partners are asked about, and when.

use chrono::{DateTime, Utc};
use entity::commitment::{Column, Entity, Model, Relation};
use entity::{CommitmentId, MemberId, PeeringId, peering};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, FromQueryResult,
    IntoActiveModel as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationTrait as _,
};

use crate::db::Tx;
use crate::error::Fault;
use crate::matching;
use crate::matching::model::Pair;

/// Rows written by one statement: each takes fourteen of the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Up to `limit` commitments whose partner is to be asked, kept from others until the transaction ends; no two workers
/// get the same one.
pub(in crate::commitment) async fn take_due(
    tx: &Tx,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let due = Entity::find()
        .filter(Column::NextAskAt.lte(now))
        .order_by_asc(Column::NextAskAt)
        .limit(limit)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    Ok(due.all(tx).await?)
}

/// A member's commitments whose partners are to be asked some time, kept from others until the transaction ends.
pub(in crate::commitment) async fn asks_of(tx: &Tx, owner: MemberId) -> Result<Vec<Model>, Fault> {
    let his = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::NextAskAt.is_not_null())
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(his.all(tx).await?)
}

/// Up to `limit` commitments behind one whose partners are to be asked some time, by their ids, locked
/// `FOR NO KEY UPDATE`.
pub(in crate::commitment) async fn asks_behind(
    tx: &Tx,
    after: Option<CommitmentId>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::NextAskAt.is_not_null())
        .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after))))
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// Writes what partners are asked about next, of commitments that are held.
pub(in crate::commitment) async fn put_asks(tx: &Tx, rows: Vec<Model>) -> Result<(), Fault> {
    let instead = OnConflict::column(Column::Id)
        .update_columns([Column::NextAskOn, Column::NextAskAt])
        .to_owned();
    let mut rows = rows.into_iter();
    loop {
        let chunk = rows.by_ref().take(ROWS_AT_ONCE);
        let chunk: Vec<_> = chunk.map(Model::into_active_model).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        Entity::insert_many(chunk)
            .on_conflict(instead.clone())
            .exec_without_returning(tx)
            .await?;
    }
}

/// When the next partner is to be asked.
pub(in crate::commitment) async fn next_due(
    db: &impl ConnectionTrait,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = Entity::find()
        .select_only()
        .column(Column::NextAskAt)
        .filter(Column::NextAskAt.is_not_null())
        .order_by_asc(Column::NextAskAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// A commitment that goes on and that a partner sees, and the two.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::commitment) struct Shared {
    #[sea_orm(nested)]
    pub commitment: Model,
    lower_id: MemberId,
    higher_id: MemberId,
}

impl Shared {
    /// Who sees it.
    pub fn partner(&self) -> MemberId {
        Pair::of(self.lower_id, self.higher_id).beside(self.commitment.member_id)
    }
}

/// What goes on of what these partners, who are both there for others, let each other see.
pub(in crate::commitment) async fn shared_in(
    db: &impl ConnectionTrait,
    peerings: &[PeeringId],
) -> Result<Vec<Shared>, Fault> {
    let shared = Entity::find()
        .column(peering::Column::LowerId)
        .column(peering::Column::HigherId)
        .join(JoinType::InnerJoin, Relation::Peering.def())
        .filter(Column::PeeringId.is_in(peerings.iter().copied()))
        .filter(Column::EndedAt.is_null())
        .filter(matching::service::is_between_two());
    Ok(shared.into_model::<Shared>().all(db).await?)
}
