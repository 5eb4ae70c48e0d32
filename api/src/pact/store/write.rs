//! Updates of pacts and their sides.

use chrono::{DateTime, NaiveDate, Utc};
use entity::pact::{ActiveModel, Column, Entity, Model, State};
use entity::pact_side::{self, Sharing};
use entity::{MemberId, PactId};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};

use super::{agreed, open, sealed_wish, unanswered};
use crate::app::App;
use crate::error::Fault;
use crate::pact::model::Side;
use crate::tx::Tx;

/// Inserts a proposal. Returns false if its id is taken.
pub(in crate::pact) async fn insert(tx: &Tx, row: Model) -> Result<bool, Fault> {
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let row = ActiveModel {
        id: Set(row.id),
        peering_id: Set(row.peering_id),
        proposed_by: Set(row.proposed_by),
        state: Set(row.state),
        ends_on: Set(row.ends_on),
        ends_at: Set(row.ends_at),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
        accepted_at: Set(row.accepted_at),
        ended_at: Set(row.ended_at),
        version: Set(row.version),
    };
    let inserted = Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Writes one partner's side of a pact.
pub(in crate::pact) async fn put_side(
    app: &App,
    tx: &Tx,
    (pact, member): (PactId, MemberId),
    side: &Side,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    use pact_side::Column as Of;
    let row = pact_side::ActiveModel {
        pact_id: Set(pact),
        member_id: Set(member),
        sharing: Set(side.terms.sharing),
        agreed_until: Set(side.until),
        nudge_style: Set(side.terms.style),
        nudge_wish: Set(None),
        nudge_wish_sealed: Set(sealed_wish(app, (pact, member), side.terms.wish.as_ref())?),
        can_be_woken: Set(side.terms.can_be_woken),
        updated_at: Set(now),
    };
    let instead = OnConflict::columns([Of::PactId, Of::MemberId])
        .update_columns([
            Of::Sharing,
            Of::AgreedUntil,
            Of::NudgeStyle,
            Of::NudgeWish,
            Of::NudgeWishSealed,
            Of::CanBeWoken,
            Of::UpdatedAt,
        ])
        .to_owned();
    pact_side::Entity::insert(row)
        .on_conflict(instead)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Sets until when one partner agreed to share.
pub(in crate::pact) async fn set_agreed_until(
    tx: &Tx,
    pact: PactId,
    member: MemberId,
    until: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    pact_side::Entity::update_many()
        .col_expr(pact_side::Column::AgreedUntil, Expr::value(until))
        .filter(pact_side::Column::PactId.eq(pact))
        .filter(pact_side::Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// Updates a pact that is not over, and raises its version. Fails with `promise` if there is no such pact.
async fn write(
    tx: &Tx,
    pact: PactId,
    columns: Vec<(Column, Expr)>,
    promise: &'static str,
) -> Result<(), Fault> {
    let mut update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(pact))
        .filter(open());
    for (column, value) in columns {
        update = update.col_expr(column, value);
    }
    let written = update.exec(tx).await?;
    (written.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken(promise))
}

/// Makes a proposal active.
pub(in crate::pact) async fn activate(
    tx: &Tx,
    pact: PactId,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let columns = vec![
        (Column::State, Expr::value(State::Active)),
        (Column::AcceptedAt, Expr::value(now)),
    ];
    write(tx, pact, columns, "a locked proposal becomes active").await
}

/// Declines a proposal. Leaves the version as it is: the proposer must not be able to tell.
pub(in crate::pact) async fn decline(tx: &Tx, pact: PactId) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Declined))
        .filter(Column::Id.eq(pact))
        .filter(unanswered())
        .exec(tx)
        .await?;
    Ok(())
}

/// Raises a pact's version after a change of one of its sides.
pub(in crate::pact) async fn bump(tx: &Tx, pact: PactId) -> Result<(), Fault> {
    write(tx, pact, Vec::new(), "a locked pact is open").await
}

/// Sets a pact's last day.
pub(in crate::pact) async fn put_end(
    tx: &Tx,
    pact: PactId,
    ends_on: Option<NaiveDate>,
    ends_at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    let columns = vec![
        (Column::EndsOn, Expr::value(ends_on)),
        (Column::EndsAt, Expr::value(ends_at)),
    ];
    write(tx, pact, columns, "a locked pact takes another last day").await
}

/// Ends a pact.
pub(in crate::pact) async fn end(tx: &Tx, pact: PactId, at: DateTime<Utc>) -> Result<(), Fault> {
    let columns = vec![
        (Column::State, Expr::value(State::Ended)),
        (Column::EndedAt, Expr::value(at)),
    ];
    write(tx, pact, columns, "a locked and open pact is ended").await
}

/// Which pacts and proposals that are due to close.
#[derive(Clone, Copy, Debug)]
pub(in crate::pact) enum Over {
    /// This one only.
    One(PactId),
    /// Up to this many of all.
    All(u64),
}

/// Closes pacts whose last day is over, and expired proposals. Returns them.
pub(in crate::pact) async fn close_over(
    tx: &Tx,
    which: Over,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let over = Condition::any()
        .add(Condition::all().add(agreed()).add(Column::EndsAt.lte(now)))
        .add(
            Condition::all()
                .add(unanswered())
                .add(Column::ExpiresAt.lte(now)),
        );
    let which = match which {
        Over::One(pact) => Condition::all().add(Column::Id.eq(pact)),
        Over::All(limit) => {
            let some = Query::select()
                .column(Column::Id)
                .from(Entity)
                .cond_where(over.clone())
                .limit(limit)
                .take();
            Condition::all().add(Column::Id.in_subquery(some))
        }
    };
    let closed = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::State, Expr::value(State::Ended))
        .filter(over)
        .filter(which)
        .exec_with_returning(tx)
        .await?;
    Ok(closed)
}

/// Returns up to `limit` sides of active pacts that still share after the agreed time.
pub(in crate::pact) async fn lapsed_sides(
    tx: &Tx,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<(PactId, MemberId)>, Fault> {
    let lapsed = pact_side::Entity::find()
        .select_only()
        .columns([pact_side::Column::PactId, pact_side::Column::MemberId])
        .filter(pact_side::Column::AgreedUntil.lte(now))
        .filter(pact_side::Column::Sharing.ne(Sharing::Nothing))
        .filter(
            pact_side::Column::PactId.in_subquery(
                Query::select()
                    .column(Column::Id)
                    .from(Entity)
                    .and_where(agreed())
                    .take(),
            ),
        )
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(lapsed)
}
