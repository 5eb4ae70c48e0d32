//! Database access for circles and their members.

use chrono::{DateTime, Utc};
use entity::circle::{self, Column, Entity};
use entity::circle_membership::{self, CircleRole, Column as In, Entity as Memberships};
use entity::{CircleId, MemberId};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    RelationTrait as _, Select,
};

use super::model::{Circle, Membership, NewCircle};
use crate::account;
use crate::db::Sorted;
use crate::error::Fault;
use crate::page::Page;
use crate::tx::{Rank, Tx};
use crate::visibility::relations::{circles_of_both, share_a_circle};
use crate::visibility::{takes_part, visible};

/// Identifies the cursors of the viewer's circles.
pub const MY_CIRCLES: u8 = 50;
/// Identifies the cursors of a circle's members.
pub const CIRCLE_MEMBERS: u8 = 51;

#[derive(sea_orm::FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    circle: circle::Model,
    member_count: i64,
    role: CircleRole,
    joined_at: DateTime<Utc>,
}

impl From<Row> for Circle {
    fn from(row: Row) -> Self {
        Self {
            id: row.circle.id,
            name: row.circle.name,
            purpose: row.circle.purpose,
            member_count: row.member_count,
            role: row.role,
            joined_at: row.joined_at,
        }
    }
}

/// Selects the circles the viewer is in, with his role and the number of members he can see.
fn of(viewer: MemberId) -> Select<Entity> {
    let alias = "others";
    let in_it = Query::select()
        .expr(Func::count(Expr::col((alias, In::MemberId))))
        .from_as(Memberships, alias)
        .and_where(Expr::col((alias, In::CircleId)).equals((Entity, Column::Id)))
        .and_where(visible(viewer, Expr::col((alias, In::MemberId))))
        .take();
    Entity::find()
        .join_rev(
            JoinType::InnerJoin,
            circle_membership::Relation::Circle.def(),
        )
        .filter(In::MemberId.eq(viewer))
        .filter(takes_part(Expr::val(viewer)))
        .column(In::Role)
        .column(In::JoinedAt)
        .expr_as(in_it, "member_count")
}

/// Finds a circle, or `None` if the viewer is not in it.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
) -> Result<Option<Circle>, Fault> {
    Ok(by_ids(db, viewer, &[circle]).await?.pop())
}

/// Fetches the given circles that the viewer is in, in no particular order.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circles: &[CircleId],
) -> Result<Vec<Circle>, Fault> {
    let rows = of(viewer)
        .filter(Column::Id.is_in(circles.iter().copied()))
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Circle::from).collect())
}

/// Fetches up to `limit + 1` circles of the viewer, in the order he joined them.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    page: &Page<MY_CIRCLES>,
) -> Result<Vec<Circle>, Fault> {
    let rows = by_entry(In::CircleId)
        .page(of(viewer), page)
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Circle::from).collect())
}

/// Counts the circles a member is in.
pub(super) async fn count(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, Fault> {
    let of_member = Memberships::find()
        .filter(In::MemberId.eq(member))
        .filter(takes_part(Expr::val(member)));
    Ok(of_member.count(db).await?)
}

/// Fetches up to `limit + 1` members of a circle the viewer is in, in the order they joined, without those who are
/// hidden. Empty if the viewer is not in the circle.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    page: &Page<CIRCLE_MEMBERS>,
) -> Result<Vec<Membership>, Fault> {
    let everybody = Memberships::find()
        .filter(In::CircleId.eq(circle))
        .filter(Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from_as(Memberships, "own")
                .and_where(Expr::col(("own", In::CircleId)).eq(circle))
                .and_where(Expr::col(("own", In::MemberId)).eq(viewer))
                .take(),
        ))
        .filter(takes_part(Expr::val(viewer)))
        .filter(visible(viewer, Expr::col((Memberships, In::MemberId))));
    let rows = by_entry(In::MemberId).page(everybody, page).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| Membership {
            member: row.member_id,
            role: row.role,
            joined_at: row.joined_at,
        })
        .collect())
}

/// Sorts memberships by when they began.
const fn by_entry(id: In) -> Sorted<In, In> {
    Sorted::by_instant(In::JoinedAt, id).earliest_first()
}

/// Inserts a circle. Returns false if its id is taken.
pub(super) async fn insert(tx: &Tx, new: &NewCircle, now: DateTime<Utc>) -> Result<bool, Fault> {
    let row = circle::ActiveModel {
        id: Set(new.id),
        name: Set(new.name.clone()),
        purpose: Set(new.purpose.clone()),
        version: Set(1),
        created_at: Set(now),
    };
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Locks a circle `FOR SHARE`: its members and their roles cannot change until the transaction ends.
pub(super) async fn lock_shared(tx: &Tx, circle: CircleId) -> Result<(), Fault> {
    tx.lock(Rank::Circle);
    let _: Option<CircleId> = Entity::find_by_id(circle)
        .select_only()
        .column(Column::Id)
        .lock(LockType::Share)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(())
}

/// Locks a circle `FOR UPDATE`, against every other change of its members. Read them after this call: only then do they
/// stay as read. Returns whether the circle exists.
pub(super) async fn lock_for_update(tx: &Tx, circle: CircleId) -> Result<bool, Fault> {
    tx.lock(Rank::Circle);
    let found: Option<CircleId> = Entity::find_by_id(circle)
        .select_only()
        .column(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// Returns a member's role in a circle, or `None` if he is not in it, or is hidden.
pub(super) async fn role(
    db: &impl ConnectionTrait,
    circle: CircleId,
    member: MemberId,
) -> Result<Option<CircleRole>, Fault> {
    let role = Memberships::find_by_id((circle, member))
        .select_only()
        .column(In::Role)
        .filter(takes_part(Expr::val(member)))
        .into_tuple()
        .one(db)
        .await?;
    Ok(role)
}

/// Whether the circle has another facilitator who is not hidden.
pub(super) async fn has_other_facilitator(
    tx: &Tx,
    circle: CircleId,
    than: MemberId,
) -> Result<bool, Fault> {
    let other: Option<MemberId> = Memberships::find()
        .select_only()
        .column(In::MemberId)
        .filter(In::CircleId.eq(circle))
        .filter(In::Role.eq(CircleRole::Facilitator))
        .filter(In::MemberId.ne(than))
        .filter(takes_part(Expr::col((Memberships, In::MemberId))))
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(other.is_some())
}

/// Locks the circles that a member runs `FOR UPDATE`, in the order of their ids so that no two transactions deadlock.
/// Returns their ids. A hidden member's circles are included.
pub(super) async fn lock_run_by(tx: &Tx, member: MemberId) -> Result<Vec<CircleId>, Fault> {
    tx.lock(Rank::Circle);
    let run = Memberships::find()
        .select_only()
        .column(In::CircleId)
        .filter(In::MemberId.eq(member))
        .filter(In::Role.eq(CircleRole::Facilitator))
        .into_query();
    let circles = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.in_subquery(run))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    Ok(circles)
}

/// Returns the member who has been in a circle longest among those whose account lets them run it, except `without`.
pub(super) async fn successor(
    tx: &Tx,
    circle: CircleId,
    without: MemberId,
) -> Result<Option<MemberId>, Fault> {
    let found = Memberships::find()
        .select_only()
        .column(In::MemberId)
        .filter(In::CircleId.eq(circle))
        .filter(In::MemberId.ne(without))
        .filter(account::service::may_facilitate(Expr::col((
            Memberships,
            In::MemberId,
        ))))
        .filter(takes_part(Expr::col((Memberships, In::MemberId))))
        .order_by_asc(In::JoinedAt)
        .order_by_asc(In::MemberId)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(found)
}

/// Returns the circles without a facilitator, or whose facilitators are all hidden.
pub(super) async fn without_facilitator(db: &impl ConnectionTrait) -> Result<Vec<CircleId>, Fault> {
    let run = Query::select()
        .expr(Expr::val(1))
        .from(Memberships)
        .and_where(Expr::col((Memberships, In::CircleId)).equals((Entity, Column::Id)))
        .and_where(Expr::col((Memberships, In::Role)).eq(CircleRole::Facilitator))
        .and_where(takes_part(Expr::col((Memberships, In::MemberId))))
        .take();
    let circles = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Expr::exists(run).not())
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(circles)
}

/// Returns the facilitators among the given members, with the given circles they run. The pairs are not matched: may
/// also return other combinations of the given members and circles.
pub(super) async fn who_runs(
    db: &impl ConnectionTrait,
    of: &[(MemberId, CircleId)],
) -> Result<Vec<(MemberId, CircleId)>, Fault> {
    let members = of.iter().map(|(member, _)| *member);
    let circles = of.iter().map(|(_, circle)| *circle);
    let run: Vec<(MemberId, CircleId)> = Memberships::find()
        .select_only()
        .columns([In::MemberId, In::CircleId])
        .filter(In::MemberId.is_in(members))
        .filter(In::CircleId.is_in(circles))
        .filter(In::Role.eq(CircleRole::Facilitator))
        .into_tuple()
        .all(db)
        .await?;
    Ok(run)
}

/// Adds a member to a circle, or changes his role in it.
pub(super) async fn put(
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
    role: CircleRole,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = circle_membership::ActiveModel {
        circle_id: Set(circle),
        member_id: Set(member),
        role: Set(role),
        joined_at: Set(now),
    };
    let changed = OnConflict::columns([In::CircleId, In::MemberId])
        .update_column(In::Role)
        .to_owned();
    let written = Memberships::insert(row)
        .on_conflict(changed)
        .exec_without_returning(tx)
        .await?;
    (written == 1)
        .then_some(())
        .ok_or(Fault::Broken("a membership is written to one row"))
}

/// Removes a member from a circle.
pub(super) async fn delete(tx: &Tx, circle: CircleId, member: MemberId) -> Result<(), Fault> {
    let gone = Memberships::delete_by_id((circle, member)).exec(tx).await?;
    (gone.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken("a membership that exists is one deleted row"))
}

/// The condition that the viewer and the member in the column `other` are both in this circle, and had joined it by
/// the instant `at`.
pub(super) fn both_in_circle_since(
    viewer: MemberId,
    circle: CircleId,
    other: Expr,
    at: Expr,
) -> Expr {
    let own = Expr::col(("own", In::CircleId));
    Expr::exists(
        circles_of_both(Expr::val(viewer), other)
            .and_where(own.eq(circle))
            .and_where(Expr::col(("own", In::JoinedAt)).lte(at.clone()))
            .and_where(Expr::col(("theirs", In::JoinedAt)).lte(at))
            .take(),
    )
}

/// The condition that `facilitator` runs `circle`, and `member` is in it. Each argument names a column.
pub(super) fn is_facilitator_of_member(circle: Expr, facilitator: Expr, member: Expr) -> Expr {
    let run = circles_of_both(member, facilitator)
        .and_where(Expr::col(("own", In::CircleId)).eq(circle))
        .and_where(Expr::col(("theirs", In::Role)).eq(CircleRole::Facilitator))
        .take();
    Expr::exists(run)
}

/// Whether two members share a circle.
pub(super) async fn shares_circle(
    db: &impl ConnectionTrait,
    a: MemberId,
    b: MemberId,
) -> Result<bool, Fault> {
    let shares = Query::select()
        .expr_as(share_a_circle(a, Expr::val(b)), "shares")
        .take();
    let row = db.query_one(&shares).await?;
    let row = row.ok_or(Fault::Broken("a SELECT without FROM returns a row"))?;
    Ok(row.try_get("", "shares")?)
}
