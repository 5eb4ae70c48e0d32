//! Peerings in the database.

use chrono::{DateTime, Utc};
use entity::peering::{ActiveModel, Column, Entity, Model, State};
use entity::{MemberId, PeeringId};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, IntoCondition as _, OnConflict, Query, SelectStatement,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _, Select,
};

use super::model::{OPEN_FOR, Pair};
use crate::db::{Sorted, Tx};
use crate::error::Fault;
use crate::page::Page;
use crate::visibility::{mutual, visible};

/// Tells the cursors of the viewer's peerings from those of other lists.
pub const MY_PEERINGS: u8 = 70;

/// The condition that a peering is one of a member's with somebody he sees.
pub(super) fn is_with_somebody(member: MemberId) -> Condition {
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
    Entity::find().filter(is_with_somebody(member))
}

/// The condition that a peering is active, and one of a member's with a man who is there for others.
pub(super) fn is_active_for(member: MemberId) -> Condition {
    Condition::all().add(active()).add(is_with_somebody(member))
}

/// The condition that a peering is active, and both of the two are there for others.
pub(super) fn is_between_two() -> Condition {
    Condition::all().add(active()).add(both_shown())
}

fn both_shown() -> Condition {
    let column = |column: Column| Expr::col((Entity, column));
    mutual(column(Column::LowerId), column(Column::HigherId)).into_condition()
}

/// What is active. Written out and not bound: a partial index serves no statement that leaves it open.
fn active() -> Expr {
    Expr::cust("\"peering\".\"state\" = 'active' AND \"peering\".\"ended_at\" IS NULL")
}

/// What waits for an answer, as far as somebody knows who was not told of a no. Written out and not bound.
fn waiting(now: DateTime<Utc>) -> Condition {
    let open =
        "\"peering\".\"state\" IN ('proposed', 'declined') AND \"peering\".\"ended_at\" IS NULL";
    Condition::all()
        .add(Expr::cust(open))
        .add(Column::ExpiresAt.gt(now))
}

/// The peerings that are there for a member.
fn there_for(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    with_somebody(member).filter(
        Condition::any()
            .add(active())
            .add(waiting(now).add(not_his_no(member))),
    )
}

/// The condition that a proposal is not one that the member said no to.
fn not_his_no(member: MemberId) -> Condition {
    Condition::any()
        .add(Column::State.eq(State::Proposed))
        .add(Column::ProposedBy.eq(member))
}

/// Those of these peerings that are there for the viewer, in no order.
pub(super) async fn these(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    now: DateTime<Utc>,
    ids: &[PeeringId],
) -> Result<Vec<Model>, Fault> {
    let these = there_for(viewer, now).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(these.all(db).await?)
}

/// A page of the viewer's peerings, the last proposed first; from the back for a backward page.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    now: DateTime<Utc>,
    page: &Page<MY_PEERINGS>,
) -> Result<Vec<Model>, Fault> {
    let sorted = Sorted::by_instant(Column::ProposedAt, Column::Id);
    Ok(sorted.page(there_for(viewer, now), page).all(db).await?)
}

/// How many peerings are there for a member.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(there_for(member, now).count(db).await?)
}

/// How many partners a member has, who are there for him.
pub(super) async fn count_partners(tx: &Tx, member: MemberId) -> Result<u64, Fault> {
    Ok(with_somebody(member).filter(active()).count(tx).await?)
}

/// How many of a member's own proposals wait, as far as he knows.
pub(super) async fn count_proposals(
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let his = with_somebody(member)
        .filter(waiting(now))
        .filter(Column::ProposedBy.eq(member));
    Ok(his.count(tx).await?)
}

/// A peering, if the member is one of the two and the other is there for others, however far it has come.
pub(super) async fn of_member(
    tx: &Tx,
    member: MemberId,
    id: PeeringId,
) -> Result<Option<Model>, Fault> {
    let found = with_somebody(member).filter(Column::Id.eq(id));
    Ok(found.one(tx).await?)
}

/// What was sent under this id before, by whomever.
pub(super) async fn sent_before(tx: &Tx, id: PeeringId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(tx).await?)
}

/// Every peering there was of two members.
pub(super) async fn of_pair(tx: &Tx, pair: Pair) -> Result<Vec<Model>, Fault> {
    let of_pair = Entity::find()
        .filter(Column::LowerId.eq(pair.lower))
        .filter(Column::HigherId.eq(pair.higher));
    Ok(of_pair.all(tx).await?)
}

/// A member's peerings that are not over, whoever the other is.
pub(super) async fn open_of(tx: &Tx, member: MemberId) -> Result<Vec<Model>, Fault> {
    let of_member = Condition::any()
        .add(Column::LowerId.eq(member))
        .add(Column::HigherId.eq(member));
    let open = Entity::find()
        .filter(of_member)
        .filter(Column::EndedAt.is_null());
    Ok(open.all(tx).await?)
}

/// Whoever a member has, or once had, a peering with.
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
        .map(|(lower, higher)| Pair::of(lower, higher).beside(member));
    let mut others: Vec<MemberId> = others.collect();
    others.sort_unstable();
    others.dedup();
    Ok(others)
}

/// Makes the row of a proposal; false when there is one with its id.
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

/// Writes the answer to a proposal that waits.
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
        .filter(waiting(now))
        .exec(tx)
        .await?;
    (answered.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken(
            "a proposal that is held and waits is answered",
        ))
}

/// Brings a peering that is not over to its end.
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
        .ok_or(Fault::Broken("a peering that is held and open is ended"))
}

/// Which proposals are to be closed because their time is over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lapsed {
    /// Those of these two.
    Of(Pair),
    /// All, at most so many.
    All(u64),
}

/// Closes proposals whose time is over, and returns them.
pub(super) async fn close_lapsed(
    tx: &Tx,
    which: Lapsed,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let waited = Condition::all()
        .add(Expr::cust(
            "\"peering\".\"state\" IN ('proposed', 'declined') AND \"peering\".\"ended_at\" IS NULL",
        ))
        .add(Column::ExpiresAt.lte(now));
    let which = match which {
        Lapsed::Of(pair) => Condition::all()
            .add(Column::LowerId.eq(pair.lower))
            .add(Column::HigherId.eq(pair.higher)),
        Lapsed::All(limit) => {
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

/// These peerings, for what hangs on them.
pub(super) async fn by_ids(tx: &Tx, ids: &[PeeringId]) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(tx).await?)
}

/// Those of these peerings that are active, and whose two are both there for others.
pub(super) async fn between_two(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(is_between_two());
    Ok(found.all(db).await?)
}

/// How far these have come whose two members both are there for others.
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

/// The condition that the viewer and the member that `other` names are partners.
pub(super) fn partners(viewer: MemberId, other: &Expr) -> Expr {
    Expr::exists(of_two(viewer, other).and_where(active()).take())
}

/// The condition that a proposal waits between the viewer and the member that `other` names, as far as the viewer knows.
pub(super) fn proposal_waits(viewer: MemberId, other: &Expr, now: DateTime<Utc>) -> Expr {
    let waits = waiting(now).add(not_his_no(viewer));
    Expr::exists(of_two(viewer, other).cond_where(waits).take())
}

/// A row for each peering there was of the viewer and the member that `other` names.
fn of_two(viewer: MemberId, other: &Expr) -> SelectStatement {
    let one = Expr::col((Entity, Column::LowerId));
    let two = Expr::col((Entity, Column::HigherId));
    let way = |own: &Expr, theirs: &Expr| {
        Condition::all()
            .add(own.clone().eq(viewer))
            .add(theirs.clone().eq(other.clone()))
    };
    Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .cond_where(Condition::any().add(way(&one, &two)).add(way(&two, &one)))
        .take()
}
