//! SQL that writes commitments and their days.

use chrono::{DateTime, NaiveDate, Utc};
use entity::commitment::{Column, Entity, Model};
use entity::{CommitmentId, MemberId, PeeringId, commitment_day};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use crate::commitment::model::{Ask, Kept};
use crate::error::Fault;
use crate::tx::Tx;

/// Inserts a row. Returns false if its id is taken.
pub(in crate::commitment) async fn insert(tx: &Tx, row: Model) -> Result<bool, Fault> {
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let inserted = Entity::insert(row.into_active_model())
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Updates a member's own commitment that has not ended, and raises its version.
async fn write(
    tx: &Tx,
    (owner, id): (MemberId, CommitmentId),
    columns: Vec<(Column, Expr)>,
) -> Result<(), Fault> {
    let mut update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::MemberId.eq(owner))
        .filter(Column::EndedAt.is_null());
    for (column, value) in columns {
        update = update.col_expr(column, value);
    }
    let written = update.exec(tx).await?;
    (written.rows_affected == 1)
        .then_some(())
        .ok_or(Fault::Broken("a locked commitment has not ended"))
}

fn next_ask(ask: Option<Ask>) -> [(Column, Expr); 2] {
    [
        (Column::NextAskOn, Expr::value(ask.map(|ask| ask.on))),
        (Column::NextAskAt, Expr::value(ask.map(|ask| ask.at))),
    ]
}

/// Updates the words, the partner, and the partner's next invitation.
pub(in crate::commitment) async fn update(
    tx: &Tx,
    row: (MemberId, CommitmentId),
    words: Vec<u8>,
    (peering, seen_since): (Option<PeeringId>, Option<NaiveDate>),
    ask: Option<Ask>,
) -> Result<(), Fault> {
    let mut columns = vec![
        (Column::Words, Expr::value(words)),
        (Column::PeeringId, Expr::value(peering)),
        (Column::SeenSince, Expr::value(seen_since)),
    ];
    columns.extend(next_ask(ask));
    write(tx, row, columns).await
}

/// Writes a day's state and the partner's next invitation. The commitment must be locked. The day that was carried over
/// to gets an empty state, which makes it due.
pub(in crate::commitment) async fn put_day(
    tx: &Tx,
    row: (MemberId, CommitmentId),
    (day, kept): (NaiveDate, Kept),
    ask: Option<Ask>,
) -> Result<(), Fault> {
    use commitment_day::{ActiveModel, Column as Of, Entity as Days};
    write(tx, row, next_ask(ask).into()).await?;
    let key = [Of::CommitmentId, Of::DueOn];
    let instead = OnConflict::columns(key)
        .update_columns([Of::Answer, Of::AnsweredAt, Of::CarriedTo])
        .to_owned();
    let of = |due_on, kept: Kept| ActiveModel {
        commitment_id: Set(row.1),
        due_on: Set(due_on),
        answer: Set(kept.answer),
        answered_at: Set(kept.answered_at),
        carried_to: Set(kept.carried_to),
    };
    Days::insert(of(day, kept))
        .on_conflict(instead)
        .exec_without_returning(tx)
        .await?;
    if let Some(to) = kept.carried_to {
        Days::insert(of(to, Kept::default()))
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Ends a commitment on a day of its owner.
pub(in crate::commitment) async fn end(
    tx: &Tx,
    row: (MemberId, CommitmentId),
    (on, at): (NaiveDate, DateTime<Utc>),
) -> Result<(), Fault> {
    let mut columns = vec![
        (Column::EndedOn, Expr::value(on)),
        (Column::EndedAt, Expr::value(at)),
    ];
    columns.extend(next_ask(None));
    write(tx, row, columns).await
}

/// Stops the sharing of a peering's commitments, because the two are no longer partners.
pub(in crate::commitment) async fn stop_sharing(tx: &Tx, peering: PeeringId) -> Result<(), Fault> {
    let mut update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::PeeringId, Expr::value(None::<PeeringId>))
        .filter(Column::PeeringId.eq(peering));
    for (column, value) in next_ask(None) {
        update = update.col_expr(column, value);
    }
    update.exec(tx).await?;
    Ok(())
}
