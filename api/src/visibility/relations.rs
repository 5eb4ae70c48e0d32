//! Conditions on the relation of two members, for queries that decide what they may see.

use chrono::{DateTime, Utc};
use entity::circle_membership::{Column as In, Entity as Memberships};
use entity::{MemberId, circle_invitation, peering};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, Condition, JoinType};

/// The condition that the viewer and the member `other` share a circle.
pub fn share_a_circle(viewer: MemberId, other: Expr) -> Expr {
    Expr::exists(circles_of_both(Expr::val(viewer), other))
}

/// Selects a row for each circle that both members are in.
pub fn circles_of_both(one: Expr, other: Expr) -> SelectStatement {
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

/// The condition that the viewer and the member `other` are partners.
pub fn are_partners(viewer: MemberId, other: &Expr) -> Expr {
    Expr::exists(of_two(viewer, other).and_where(active_peering()).take())
}

/// The condition that a proposal between the viewer and the member `other` waits for an answer, as far as the viewer
/// knows.
pub fn proposal_waits(viewer: MemberId, other: &Expr, now: DateTime<Utc>) -> Expr {
    let waits = waiting_peering(now).add(not_declined_by(viewer));
    Expr::exists(of_two(viewer, other).cond_where(waits).take())
}

/// Selects a row for each peering of the viewer and the member `other`, also ended ones.
fn of_two(viewer: MemberId, other: &Expr) -> SelectStatement {
    let one = Expr::col((peering::Entity, peering::Column::LowerId));
    let two = Expr::col((peering::Entity, peering::Column::HigherId));
    let way = |own: &Expr, theirs: &Expr| {
        Condition::all()
            .add(own.clone().eq(viewer))
            .add(theirs.clone().eq(other.clone()))
    };
    Query::select()
        .expr(Expr::val(1))
        .from(peering::Entity)
        .cond_where(Condition::any().add(way(&one, &two)).add(way(&two, &one)))
        .take()
}

/// The condition that a peering is active. Written out and not bound: a partial index does not serve a statement with a
/// bound state.
pub fn active_peering() -> Expr {
    Expr::cust("\"peering\".\"state\" = 'active' AND \"peering\".\"ended_at\" IS NULL")
}

/// The condition that a proposal waits for an answer. It includes declined ones, because the proposer is not told of a
/// refusal. Written out and not bound.
pub fn waiting_peering(now: DateTime<Utc>) -> Condition {
    let open =
        "\"peering\".\"state\" IN ('proposed', 'declined') AND \"peering\".\"ended_at\" IS NULL";
    Condition::all()
        .add(Expr::cust(open))
        .add(peering::Column::ExpiresAt.gt(now))
}

/// The condition that a proposal was not declined by this member.
pub fn not_declined_by(member: MemberId) -> Condition {
    Condition::any()
        .add(peering::Column::State.eq(peering::State::Proposed))
        .add(peering::Column::ProposedBy.eq(member))
}

/// The condition that the member `other` has invited the viewer to a circle and waits for an answer.
pub fn invites(viewer: MemberId, other: Expr, now: DateTime<Utc>) -> Expr {
    let open = Query::select()
        .expr(Expr::val(1))
        .from(circle_invitation::Entity)
        .and_where(
            Expr::col((
                circle_invitation::Entity,
                circle_invitation::Column::MemberId,
            ))
            .eq(viewer),
        )
        .and_where(
            Expr::col((
                circle_invitation::Entity,
                circle_invitation::Column::InvitedBy,
            ))
            .eq(other),
        )
        .cond_where(waiting_invitation(now))
        .take();
    Expr::exists(open)
}

/// The condition that an invitation waits for an answer.
pub fn waiting_invitation(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(circle_invitation::Column::State.eq(circle_invitation::State::Waiting))
        .add(circle_invitation::Column::EndedAt.is_null())
        .add(circle_invitation::Column::ExpiresAt.gt(now))
}
