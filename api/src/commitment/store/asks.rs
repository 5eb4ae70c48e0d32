//! What partners are asked about, and when.

use chrono::{DateTime, NaiveDate, Utc};
use entity::commitment::{Column, Entity, Model, Relation};
use entity::commitment_day::{self, Answer};
use entity::{CommitmentId, MemberId, peering};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, IntoActiveModel as _,
    JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait, RelationTrait as _,
};

use crate::db::Tx;
use crate::error::Fault;
use crate::matching;
use crate::matching::model::Pair;

/// Rows written by one statement: each takes thirteen of the 32,766 variables SQLite allows.
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

/// A commitment that goes on and that a partner sees, and what is kept of one of its days.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::commitment) struct Standing {
    pub id: CommitmentId,
    pub member_id: MemberId,
    lower_id: MemberId,
    higher_id: MemberId,
    pub due_on: Option<NaiveDate>,
    pub answer: Option<Answer>,
    pub carried_to: Option<NaiveDate>,
}

impl Standing {
    /// Who sees it.
    pub fn partner(&self) -> MemberId {
        Pair::of(self.lower_id, self.higher_id).beside(self.member_id)
    }
}

/// Those of these that go on and are shared by partners who are both there for others, each once for each of these days
/// of which something is kept; without a day when nothing is.
pub(in crate::commitment) async fn standing(
    db: &impl ConnectionTrait,
    ids: &[CommitmentId],
    days: &[NaiveDate],
) -> Result<Vec<Standing>, Fault> {
    use commitment_day::{Column as Of, Entity as Days};
    let mut select = Entity::find()
        .select_only()
        .columns([Column::Id, Column::MemberId])
        .column(peering::Column::LowerId)
        .column(peering::Column::HigherId)
        .column(Of::DueOn)
        .column(Of::Answer)
        .column(Of::CarriedTo)
        .join(JoinType::InnerJoin, Relation::Peering.def())
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::EndedAt.is_null())
        .filter(matching::service::is_between_two());
    let of_these = Expr::col((Days, Of::CommitmentId))
        .equals((Entity, Column::Id))
        .and(Expr::col((Days, Of::DueOn)).is_in(days.iter().copied()));
    QueryTrait::query(&mut select).join(JoinType::LeftJoin, Days, of_these);
    Ok(select.into_model::<Standing>().all(db).await?)
}
