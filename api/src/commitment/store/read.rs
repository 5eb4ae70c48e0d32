//! SQL that reads commitments.

use entity::commitment::{Column, Entity, Model, Relation};
use entity::{CommitmentId, MemberId, PeeringId, member, peering};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait, RelationTrait as _, Select,
};

use super::open;
use crate::days::calendar::DayTerms;
use crate::db::Sorted;
use crate::error::Fault;
use crate::matching;
use crate::matching::model::Pair;
use crate::page::Page;
use crate::tx::{Rank, Tx};

/// The id of the lists of commitments, for cursors.
pub const COMMITMENTS: u8 = 80;

/// A commitment row as a viewer reads it.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub(in crate::commitment) struct Row {
    #[sea_orm(nested)]
    pub commitment: Model,
    lower_id: Option<MemberId>,
    higher_id: Option<MemberId>,
    time_zone: String,
    day_start_hour: i32,
}

impl Row {
    /// Returns the other member: the partner who sees the viewer's own commitment, or the owner of a partner's.
    pub fn partner_of(&self, viewer: MemberId) -> Option<MemberId> {
        let pair = self.lower_id.zip(self.higher_id);
        pair.map(|(lower, higher)| Pair::of(lower, higher).partner_of(viewer))
    }

    /// Returns the terms of the owner's days.
    pub fn terms(&self) -> Result<DayTerms, Fault> {
        DayTerms::stored(&self.time_zone, self.day_start_hour)
    }
}

/// A choice of commitments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The viewer's own commitments.
    Own,
    /// The commitments that the other member of a peering shares with the viewer.
    Partners(PeeringId),
}

/// Selects the commitments that a viewer can see: their own, and those that visible partners share with them.
fn there_for(viewer: MemberId) -> Select<Entity> {
    let mut select = Entity::find()
        .join(JoinType::InnerJoin, Relation::Member.def())
        .column(member::Column::TimeZone)
        .column(member::Column::DayStartHour)
        .column(peering::Column::LowerId)
        .column(peering::Column::HigherId);
    let seen_by_partner = Condition::all()
        .add(Expr::col((peering::Entity, peering::Column::Id)).equals((Entity, Column::PeeringId)))
        .add(matching::service::is_active_for(viewer));
    QueryTrait::query(&mut select).join(JoinType::LeftJoin, peering::Entity, seen_by_partner);
    let his = Condition::any()
        .add(Column::MemberId.eq(viewer))
        .add(peering::Column::Id.is_not_null());
    select.filter(his)
}

fn of(viewer: MemberId, whose: Whose) -> Select<Entity> {
    match whose {
        Whose::Own => there_for(viewer).filter(Column::MemberId.eq(viewer)),
        Whose::Partners(peering) => there_for(viewer)
            .filter(Column::PeeringId.eq(peering))
            .filter(Column::MemberId.ne(viewer)),
    }
}

/// Returns the given commitments that the viewer can see, in no particular order.
pub(in crate::commitment) async fn by_ids(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    ids: &[CommitmentId],
) -> Result<Vec<Row>, Fault> {
    let query = there_for(viewer).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(query.into_model::<Row>().all(db).await?)
}

/// Fetches up to `limit + 1` commitments, newest first, or from the end for a backward page.
pub(in crate::commitment) async fn list(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    whose: Whose,
    page: &Page<COMMITMENTS>,
) -> Result<Vec<Row>, Fault> {
    let all = of(viewer, whose);
    let select = Sorted::by_instant(Column::CreatedAt, Column::Id).page(all, page);
    Ok(select.into_model::<Row>().all(db).await?)
}

/// Counts the commitments that [`list`] pages through.
pub(in crate::commitment) async fn count(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    whose: Whose,
) -> Result<u64, Fault> {
    Ok(of(viewer, whose).count(db).await?)
}

/// Counts a member's open commitments.
pub(in crate::commitment) async fn count_open(tx: &Tx, owner: MemberId) -> Result<u64, Fault> {
    let his = Entity::find().filter(Column::MemberId.eq(owner));
    Ok(his.filter(open()).count(tx).await?)
}

fn by_owner(owner: MemberId, id: CommitmentId) -> Select<Entity> {
    Entity::find_by_id(id).filter(Column::MemberId.eq(owner))
}

/// Returns a member's own commitment.
pub(in crate::commitment) async fn of_owner(
    tx: &Tx,
    owner: MemberId,
    id: CommitmentId,
) -> Result<Option<Model>, Fault> {
    Ok(by_owner(owner, id).one(tx).await?)
}

/// Like [`of_owner`], locked `FOR NO KEY UPDATE`.
pub(in crate::commitment) async fn load_locked(
    tx: &Tx,
    owner: MemberId,
    id: CommitmentId,
) -> Result<Option<Model>, Fault> {
    tx.lock(Rank::Commitment);
    let found = by_owner(owner, id).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// Returns the commitment with this id, of any owner.
pub(in crate::commitment) async fn sent_before(
    tx: &Tx,
    id: CommitmentId,
) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(tx).await?)
}

/// Returns the commitments that the two members of a peering share with each other.
pub(in crate::commitment) async fn of_peering(
    tx: &Tx,
    peering: PeeringId,
) -> Result<Vec<Model>, Fault> {
    let shared = Entity::find().filter(Column::PeeringId.eq(peering));
    Ok(shared.all(tx).await?)
}

/// Returns what a member shares with partners and what partners share with the member, with each pair, even if one of
/// them is hidden.
pub(in crate::commitment) async fn around(
    tx: &Tx,
    member: MemberId,
) -> Result<Vec<(CommitmentId, MemberId, Pair)>, Fault> {
    let of_member = Condition::any()
        .add(peering::Column::LowerId.eq(member))
        .add(peering::Column::HigherId.eq(member));
    let found: Vec<(CommitmentId, MemberId, MemberId, MemberId)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::MemberId])
        .column(peering::Column::LowerId)
        .column(peering::Column::HigherId)
        .join(JoinType::InnerJoin, Relation::Peering.def())
        .filter(of_member)
        .into_tuple()
        .all(tx)
        .await?;
    let with_pair = found
        .into_iter()
        .map(|(id, owner, lower, higher)| (id, owner, Pair::of(lower, higher)));
    Ok(with_pair.collect())
}
