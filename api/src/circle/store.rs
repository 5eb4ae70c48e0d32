//! Circles in the database.

use chrono::{DateTime, Utc};
use entity::circle::{self, Column, Entity};
use entity::circle_membership::{self, CircleRole, Column as In, Entity as Memberships};
use entity::{CircleId, MemberId};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, Func, LockType, OnConflict, Query, SelectStatement,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    RelationTrait as _, Select,
};

use super::model::{Circle, Membership, NewCircle};
use crate::account;
use crate::db::{Sorted, Tx};
use crate::error::Fault;
use crate::page::Page;
use crate::visibility::{takes_part, visible};

/// Tells the cursors of the viewer's circles from those of other lists.
pub const MY_CIRCLES: u8 = 50;
/// Tells the cursors of a circle's members from those of other lists.
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

/// The circles the viewer is in.
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

/// A circle, if the viewer is in it.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
) -> Result<Option<Circle>, Fault> {
    Ok(these(db, viewer, &[circle]).await?.pop())
}

/// Those of these circles that the viewer is in, in no order.
pub(super) async fn these(
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

/// A page of the circles the viewer is in, by when he joined them.
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

/// How many circles a member is in.
pub(super) async fn count(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, Fault> {
    let of_member = Memberships::find()
        .filter(In::MemberId.eq(member))
        .filter(takes_part(Expr::val(member)));
    Ok(of_member.count(db).await?)
}

/// A page of the men in a circle the viewer is in, by when they joined it, without those who are hidden.
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

/// Memberships by when they began.
const fn by_entry(id: In) -> Sorted<In, In> {
    Sorted::by_instant(In::JoinedAt, id).earliest_first()
}

/// Makes the row of a circle; false when there is one with its id.
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

/// Keeps who is in a circle, and who runs it, from changing until the transaction ends.
pub(super) async fn hold(tx: &Tx, circle: CircleId) -> Result<(), Fault> {
    let _: Option<CircleId> = Entity::find_by_id(circle)
        .select_only()
        .column(Column::Id)
        .lock(LockType::Share)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(())
}

/// Makes every other change of who is in this circle wait for the end of this transaction. What is read of
/// it afterwards is what it will be changed from. Returns whether there is such a circle.
pub(super) async fn lock(tx: &Tx, circle: CircleId) -> Result<bool, Fault> {
    let found: Option<CircleId> = Entity::find_by_id(circle)
        .select_only()
        .column(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// What a member does in a circle; none when he is not in it, or is hidden.
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

/// Whether somebody else runs the circle, who is there for others.
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

/// The circles that a member runs, whether he is hidden or not, locked in one order against every other change of who
/// is in them.
pub(super) async fn lock_run_by(tx: &Tx, member: MemberId) -> Result<Vec<CircleId>, Fault> {
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

/// Who has been in a circle for longest of those whose account lets them run it, without one member.
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

/// Circles that nobody runs who takes part.
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

/// Which of these members run which of these circles.
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

/// Puts a man into a circle, or changes what he does in it.
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
        .ok_or(Fault::Broken("a man is put into a circle once"))
}

/// Takes a man out of a circle.
pub(super) async fn delete(tx: &Tx, circle: CircleId, member: MemberId) -> Result<(), Fault> {
    let gone = Memberships::delete_by_id((circle, member)).exec(tx).await?;
    (gone.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken("a man who is in a circle is taken out once"))
}

/// The condition that the viewer and the member that `other` names are in one circle.
pub(super) fn shared_by(viewer: MemberId, other: Expr) -> Expr {
    Expr::exists(both(Expr::val(viewer), other))
}

/// The viewer and the member that a column names are both in this circle, and had joined it at an instant.
pub(super) fn in_it_with_since(viewer: MemberId, circle: CircleId, other: Expr, at: Expr) -> Expr {
    let own = Expr::col(("own", In::CircleId));
    Expr::exists(
        both(Expr::val(viewer), other)
            .and_where(own.eq(circle))
            .and_where(Expr::col(("own", In::JoinedAt)).lte(at.clone()))
            .and_where(Expr::col(("theirs", In::JoinedAt)).lte(at))
            .take(),
    )
}

/// A row for each circle that both are in.
fn both(one: Expr, other: Expr) -> SelectStatement {
    let theirs = Expr::col(("theirs", In::CircleId));
    Query::select()
        .expr(Expr::val(1))
        .from_as(Memberships, "own")
        .join_as(
            JoinType::InnerJoin,
            Memberships,
            "theirs",
            theirs.equals(("own", In::CircleId)),
        )
        .and_where(Expr::col(("own", In::MemberId)).eq(one))
        .and_where(Expr::col(("theirs", In::MemberId)).eq(other))
        .take()
}

/// The man that a column names runs the circle that another names, and the member that a third names is in it.
pub(super) fn is_run_for(circle: Expr, facilitator: Expr, member: Expr) -> Expr {
    let run = both(member, facilitator)
        .and_where(Expr::col(("own", In::CircleId)).eq(circle))
        .and_where(Expr::col(("theirs", In::Role)).eq(CircleRole::Facilitator))
        .take();
    Expr::exists(run)
}

/// Whether two members are in one circle.
pub(super) async fn shares_circle(
    db: &impl ConnectionTrait,
    a: MemberId,
    b: MemberId,
) -> Result<bool, Fault> {
    let shares = Query::select()
        .expr_as(shared_by(a, Expr::val(b)), "shares")
        .take();
    let row = db.query_one(&shares).await?;
    let row = row.ok_or(Fault::Broken("a question without a table has an answer"))?;
    Ok(row.try_get("", "shares")?)
}
