//! Database access for peerings.

use chrono::{DateTime, Utc};
use entity::peering::{ActiveModel, Column, Entity, Model, State};
use entity::{MemberId, PeeringId};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _, Select,
};

use super::model::{OPEN_FOR, Pair};
use crate::db::Sorted;
use crate::error::Fault;
use crate::page::Page;
use crate::tx::Tx;
use crate::visibility::relations::{active_peering, not_declined_by, waiting_peering};
use crate::visibility::{mutual, visible};

/// Identifies the cursors of the viewer's peerings.
pub const MY_PEERINGS: u8 = 70;

/// The condition that a peering is between the member and somebody whom he can see.
pub(super) fn is_with_visible_partner(member: MemberId) -> Condition {
    let beside = |own: Column, other: Column| {
        Condition::all()
            .add(Expr::col((Entity, own)).eq(member))
            .add(visible(member, Expr::col((Entity, other))))
    };
    Condition::any()
        .add(beside(Column::LowerId, Column::HigherId))
        .add(beside(Column::HigherId, Column::LowerId))
}

fn with_somebody(member: MemberId) -> Select<Entity> {
    Entity::find().filter(is_with_visible_partner(member))
}

/// The condition that a peering is active, and between the member and somebody whom he can see.
pub(super) fn is_active_for(member: MemberId) -> Condition {
    Condition::all()
        .add(active_peering())
        .add(is_with_visible_partner(member))
}

/// The condition that a peering is active, and its two members can see each other.
pub(super) fn is_active_and_mutual() -> Condition {
    Condition::all().add(active_peering()).add(both_shown())
}

fn both_shown() -> Condition {
    let column = |column: Column| Expr::col((Entity, column));
    mutual(column(Column::LowerId), column(Column::HigherId)).into_condition()
}

/// Selects the peerings that are visible to a member: active ones, and open proposals that he has not declined.
fn visible_to(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    with_somebody(member).filter(
        Condition::any()
            .add(active_peering())
            .add(waiting_peering(now).add(not_declined_by(member))),
    )
}

/// Fetches the given peerings that are visible to the viewer, in no particular order.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    now: DateTime<Utc>,
    ids: &[PeeringId],
) -> Result<Vec<Model>, Fault> {
    let query = visible_to(viewer, now).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(db).await?)
}

/// Fetches up to `limit + 1` of the viewer's peerings, the last proposed first; in reverse for a backward page.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    now: DateTime<Utc>,
    page: &Page<MY_PEERINGS>,
) -> Result<Vec<Model>, Fault> {
    let sorted = Sorted::by_instant(Column::ProposedAt, Column::Id);
    Ok(sorted.page(visible_to(viewer, now), page).all(db).await?)
}

/// Counts the peerings that are visible to a member.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(visible_to(member, now).count(db).await?)
}

/// Counts a member's partners whom he can see.
pub(super) async fn count_partners(tx: &Tx, member: MemberId) -> Result<u64, Fault> {
    Ok(with_somebody(member)
        .filter(active_peering())
        .count(tx)
        .await?)
}

/// Counts the proposals of a member that wait, as far as he knows: he is not told of a no.
pub(super) async fn count_proposals(
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let his = with_somebody(member)
        .filter(waiting_peering(now))
        .filter(Column::ProposedBy.eq(member));
    Ok(his.count(tx).await?)
}

/// Finds a peering in any state, or `None` if the member is not one of the two, or does not see the other.
pub(super) async fn of_member(
    tx: &Tx,
    member: MemberId,
    id: PeeringId,
) -> Result<Option<Model>, Fault> {
    let found = with_somebody(member).filter(Column::Id.eq(id));
    Ok(found.one(tx).await?)
}

/// Finds the peering with this id, whoever proposed it.
pub(super) async fn sent_before(tx: &Tx, id: PeeringId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(tx).await?)
}

/// Fetches every peering of two members, in any state.
pub(super) async fn of_pair(tx: &Tx, pair: Pair) -> Result<Vec<Model>, Fault> {
    let of_pair = Entity::find()
        .filter(Column::LowerId.eq(pair.lower))
        .filter(Column::HigherId.eq(pair.higher));
    Ok(of_pair.all(tx).await?)
}

/// Fetches a member's peerings that are not over, even if the other member is hidden.
pub(super) async fn open_of(tx: &Tx, member: MemberId) -> Result<Vec<Model>, Fault> {
    let of_member = Condition::any()
        .add(Column::LowerId.eq(member))
        .add(Column::HigherId.eq(member));
    let open = Entity::find()
        .filter(of_member)
        .filter(Column::EndedAt.is_null());
    Ok(open.all(tx).await?)
}

/// Returns every member with whom a member has, or once had, a peering.
pub(super) async fn everybody_with(tx: &Tx, member: MemberId) -> Result<Vec<MemberId>, Fault> {
    let of_member = Condition::any()
        .add(Column::LowerId.eq(member))
        .add(Column::HigherId.eq(member));
    let pairs: Vec<(MemberId, MemberId)> = Entity::find()
        .select_only()
        .columns([Column::LowerId, Column::HigherId])
        .filter(of_member)
        .into_tuple()
        .all(tx)
        .await?;
    let others = pairs
        .into_iter()
        .map(|(lower, higher)| Pair::of(lower, higher).partner_of(member));
    let mut others: Vec<MemberId> = others.collect();
    others.sort_unstable();
    others.dedup();
    Ok(others)
}

/// Inserts a proposal. Returns false if its id is taken.
pub(super) async fn insert(
    tx: &Tx,
    (id, state): (PeeringId, State),
    pair: Pair,
    proposed_by: MemberId,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let row = ActiveModel {
        id: Set(id),
        lower_id: Set(pair.lower),
        higher_id: Set(pair.higher),
        proposed_by: Set(proposed_by),
        state: Set(state),
        proposed_at: Set(now),
        expires_at: Set(now + OPEN_FOR),
        answered_at: Set(None),
        ended_at: Set(None),
    };
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Writes the answer to a proposal that waits. The caller has locked both members.
pub(super) async fn answer(
    tx: &Tx,
    id: PeeringId,
    state: State,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let answered = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::AnsweredAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(waiting_peering(now))
        .exec(tx)
        .await?;
    (answered.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken(
            "a proposal that is locked and waits is answered",
        ))
}

/// Ends a peering that is not over. The caller has locked both members.
pub(super) async fn end(
    tx: &Tx,
    id: PeeringId,
    state: State,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let ended = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    (ended.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken("a locked and open peering is ended"))
}

/// Which expired proposals to close.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expired {
    /// Those between these two members.
    Of(Pair),
    /// Up to this many of all members.
    All(u64),
}

/// Closes expired proposals. Returns them.
pub(super) async fn close_lapsed(
    tx: &Tx,
    which: Expired,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let waited = Condition::all()
        .add(Expr::cust(
            "\"peering\".\"state\" IN ('proposed', 'declined') AND \"peering\".\"ended_at\" IS NULL",
        ))
        .add(Column::ExpiresAt.lte(now));
    let which = match which {
        Expired::Of(pair) => Condition::all()
            .add(Column::LowerId.eq(pair.lower))
            .add(Column::HigherId.eq(pair.higher)),
        Expired::All(limit) => {
            let oldest = Query::select()
                .column(Column::Id)
                .from(Entity)
                .cond_where(waited.clone())
                .order_by(Column::ExpiresAt, Order::Asc)
                .limit(limit)
                .take();
            Condition::all().add(Column::Id.in_subquery(oldest))
        }
    };
    let closed = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::col(Column::ExpiresAt))
        .filter(waited)
        .filter(which)
        .exec_with_returning(tx)
        .await?;
    Ok(closed)
}

/// Fetches the given peerings, in any state and for any viewer.
pub(super) async fn rows_by_ids(tx: &Tx, ids: &[PeeringId]) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(tx).await?)
}

/// Fetches the given peerings that are active, and whose two members can see each other.
pub(super) async fn between_two(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(is_active_and_mutual());
    Ok(found.all(db).await?)
}

/// Returns the states of the given peerings that are not over, and whose two members can see each other.
pub(super) async fn states(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<Vec<(PeeringId, State)>, Fault> {
    let states = Entity::find()
        .select_only()
        .columns([Column::Id, Column::State])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::EndedAt.is_null())
        .filter(both_shown())
        .into_tuple()
        .all(db)
        .await?;
    Ok(states)
}
