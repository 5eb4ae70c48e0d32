//! SQL for the invitations to ask how it went.

use entity::commitment::{Column, Entity, Model, Relation};
use entity::{CommitmentId, MemberId, PeeringId, peering};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, JoinType,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, RelationTrait as _,
};

use crate::db::due::{self, Due};
use crate::error::Fault;
use crate::matching;
use crate::matching::model::Pair;
use crate::tx::{Rank, Tx};

/// Returns a member's commitments with a future invitation, locked `FOR NO KEY UPDATE`.
pub(in crate::commitment) async fn asks_of(tx: &Tx, owner: MemberId) -> Result<Vec<Model>, Fault> {
    tx.lock(Rank::Commitment);
    let his = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::NextAskAt.is_not_null())
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(his.all(tx).await?)
}

impl Due for Entity {
    const ID: Column = Column::Id;
    const AT: Column = Column::NextAskAt;
    const WRITTEN: &'static [Column] = &[Column::NextAskOn, Column::NextAskAt];
}

/// Returns up to `limit` commitments after `after` that have a future invitation, by ascending id, locked `FOR NO KEY
/// UPDATE`.
pub(in crate::commitment) async fn asks_behind(
    tx: &Tx,
    after: Option<CommitmentId>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    tx.lock(Rank::Commitment);
    let found = due::behind::<Entity>(after, limit).lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// An open commitment that a partner sees, with the two members.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::commitment) struct Shared {
    #[sea_orm(nested)]
    pub commitment: Model,
    lower_id: MemberId,
    higher_id: MemberId,
}

impl Shared {
    /// Returns the partner who sees it.
    pub fn partner(&self) -> MemberId {
        Pair::of(self.lower_id, self.higher_id).partner_of(self.commitment.member_id)
    }
}

/// Returns the commitments of the given peerings that have not ended and whose two members are visible.
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
        .filter(matching::service::is_active_and_mutual());
    Ok(shared.into_model::<Shared>().all(db).await?)
}
