//! Database access for invitations into circles.

use chrono::{DateTime, Utc};
use entity::circle_invitation::{Column, Entity, Model, State};
use entity::circle_membership::{CircleRole, Column as In, Entity as Memberships};
use entity::{CircleId, CircleInvitationId, MemberId, circle};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, IntoCondition as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::model::Invitation;
use crate::db::{Sorted, delete_slice};
use crate::error::Fault;
use crate::page::Page;
use crate::tx::Tx;
use crate::visibility::relations::waiting_invitation;
use crate::visibility::{takes_part, visible};

/// Identifies the cursors of the viewer's invitations.
pub const MY_INVITATIONS: u8 = 52;

#[derive(sea_orm::FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    invitation: Model,
    name: String,
    purpose: String,
    member_count: i64,
}

impl Row {
    fn shown(self) -> Option<Invitation> {
        Some(Invitation {
            id: self.invitation.id,
            name: self.name,
            purpose: self.purpose,
            member_count: self.member_count,
            invited_by: self.invitation.invited_by?,
            role: self.invitation.role,
            at: self.invitation.at,
            expires_at: self.invitation.expires_at,
        })
    }
}

/// The condition that an invitation waits, as far as its inviter knows: he learns neither of a no nor of a silent one.
fn waits_for_inviter() -> Condition {
    let states = [State::Waiting, State::Silent, State::Declined];
    Condition::all()
        .add(Column::State.is_in(states))
        .add(Column::EndedAt.is_null())
}

/// The invitations that are visible to a member: he can see the inviter, and the inviter still runs the circle.
fn visible_to(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    let inviter = || Expr::col((Entity, Column::InvitedBy));
    let runs_it = Query::select()
        .expr(Expr::val(1))
        .from_as(Memberships, "runs")
        .and_where(Expr::col(("runs", In::CircleId)).equals((Entity, Column::CircleId)))
        .and_where(Expr::col(("runs", In::MemberId)).equals((Entity, Column::InvitedBy)))
        .and_where(Expr::col(("runs", In::Role)).eq(CircleRole::Facilitator))
        .take();
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(waiting_invitation(now))
        .filter(takes_part(Expr::val(member)))
        .filter(visible(member, inviter()))
        .filter(Expr::exists(runs_it))
}

fn with_circles(member: MemberId, found: Select<Entity>) -> Select<Entity> {
    let in_it = Query::select()
        .expr(Func::count(Expr::col(("others", In::MemberId))))
        .from_as(Memberships, "others")
        .and_where(Expr::col(("others", In::CircleId)).equals((Entity, Column::CircleId)))
        .and_where(visible(member, Expr::col(("others", In::MemberId))))
        .take();
    found
        .inner_join(circle::Entity)
        .column_as(circle::Column::Name, "name")
        .column_as(circle::Column::Purpose, "purpose")
        .expr_as(in_it, "member_count")
}

/// Fetches up to `limit + 1` invitations that wait for a member, the latest first.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    page: &Page<MY_INVITATIONS>,
) -> Result<Vec<Invitation>, Fault> {
    let sorted = Sorted::by_instant(Column::At, Column::Id);
    let found = sorted.page(with_circles(member, visible_to(member, now)), page);
    let rows = found.into_model::<Row>().all(db).await?;
    Ok(rows.into_iter().filter_map(Row::shown).collect())
}

/// Fetches the given invitations that wait for a member, in no particular order.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    ids: &[CircleInvitationId],
) -> Result<Vec<Invitation>, Fault> {
    let found = visible_to(member, now).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = with_circles(member, found)
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(Row::shown).collect())
}

/// Counts the invitations that wait for a member.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(visible_to(member, now).count(db).await?)
}

/// Finds an invitation of a member, in any state.
pub(super) async fn find(
    tx: &Tx,
    member: MemberId,
    id: CircleInvitationId,
) -> Result<Option<Model>, Fault> {
    let found = Entity::find_by_id(id).filter(Column::MemberId.eq(member));
    Ok(found.one(tx).await?)
}

/// Fetches every invitation of a member into a circle, in any state.
pub(super) async fn of_member(
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::CircleId.eq(circle));
    Ok(found.all(tx).await?)
}

/// Returns the given invitations that wait for an answer.
pub(super) async fn open_among(
    db: &impl ConnectionTrait,
    ids: &[CircleInvitationId],
    now: DateTime<Utc>,
) -> Result<Vec<CircleInvitationId>, Fault> {
    let open = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(waiting_invitation(now))
        .into_tuple()
        .all(db)
        .await?;
    Ok(open)
}

/// Counts the invitations into a circle that wait, as far as its facilitators know.
pub(super) async fn count_open(
    tx: &Tx,
    circle: CircleId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let open = Entity::find()
        .filter(Column::CircleId.eq(circle))
        .filter(waits_for_inviter())
        .filter(Column::ExpiresAt.gt(now));
    Ok(open.count(tx).await?)
}

/// When a member sent the `n`th of his latest invitations since an instant, or `None` if there are fewer.
pub(super) async fn nth_latest_by(
    tx: &Tx,
    by: MemberId,
    since: DateTime<Utc>,
    n: u64,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let at = Entity::find()
        .select_only()
        .column(Column::At)
        .filter(Column::InvitedBy.eq(by))
        .filter(Column::At.gt(since))
        .order_by_desc(Column::At)
        .offset(n - 1)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(at)
}

/// Inserts an invitation.
pub(super) async fn insert(tx: &Tx, row: Model) -> Result<(), Fault> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Changes the role that an invitation offers.
pub(super) async fn set_role(
    tx: &Tx,
    id: CircleInvitationId,
    role: CircleRole,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Role, Expr::value(role))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Reopens an invitation that was taken back.
pub(super) async fn reopen(
    tx: &Tx,
    id: CircleInvitationId,
    by: MemberId,
    role: CircleRole,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::InvitedBy, Expr::value(by))
        .col_expr(Column::Role, Expr::value(role))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes the answer to an invitation that waits. Returns false if it does not wait. A declined invitation stays open
/// until it expires, so that the inviter cannot tell it from one without an answer.
pub(super) async fn answer(
    tx: &Tx,
    id: CircleInvitationId,
    state: State,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let ended = (state == State::Accepted).then_some(now);
    let answered = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::AnsweredAt, Expr::value(now))
        .col_expr(Column::EndedAt, Expr::value(ended))
        .filter(Column::Id.eq(id))
        .filter(waiting_invitation(now))
        .exec(tx)
        .await?;
    Ok(answered.rows_affected == 1)
}

/// Which invitations are ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    /// Those that invite a member into a circle.
    Pair(CircleId, MemberId),
    /// Those that a facilitator sent for a circle.
    Inviter(CircleId, MemberId),
    /// Those that a member sent, and those that he received.
    Anybody(MemberId),
}

/// Ends invitations that wait, as far as their inviters know. Returns them.
pub(super) async fn end(tx: &Tx, of: Of, now: DateTime<Utc>) -> Result<Vec<Model>, Fault> {
    let whose = match of {
        Of::Pair(circle, member) => Condition::all()
            .add(Column::CircleId.eq(circle))
            .add(Column::MemberId.eq(member)),
        Of::Inviter(circle, by) => Condition::all()
            .add(Column::CircleId.eq(circle))
            .add(Column::InvitedBy.eq(by)),
        Of::Anybody(member) => Condition::any()
            .add(Column::MemberId.eq(member))
            .add(Column::InvitedBy.eq(member)),
    };
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(whose)
        .filter(waits_for_inviter())
        .exec_with_returning(tx)
        .await?;
    Ok(ended)
}

/// Closes up to `limit` expired invitations. Returns them.
pub(super) async fn close_lapsed(
    tx: &Tx,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let lapsed = Condition::all()
        .add(Column::EndedAt.is_null())
        .add(Column::ExpiresAt.lte(now));
    let oldest = Query::select()
        .column(Column::Id)
        .from(Entity)
        .cond_where(lapsed)
        .limit(limit)
        .take();
    let closed = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::col(Column::ExpiresAt))
        .filter(Column::Id.in_subquery(oldest))
        .exec_with_returning(tx)
        .await?;
    Ok(closed)
}

/// Deletes one slice of the invitations that ended before an instant. Returns how many.
pub(super) async fn remove_old(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    let over = Column::EndedAt.lt(before).into_condition();
    Ok(delete_slice::<Entity>(db, over).await?)
}
