//! SQL for commitments.

mod asks;
mod read;
mod write;

pub(super) use asks::{Shared, asks_behind, asks_of, shared_in};
pub use read::{COMMITMENTS, Whose};
pub(super) use read::{
    Row, around, by_ids, count, count_open, list, load_locked, of_owner, of_peering, sent_before,
};
pub(super) use write::{end, insert, put_day, stop_sharing, update};

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::CommitmentId;
use entity::commitment::Model;
use entity::commitment_day::{self, Answer};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};

use super::model::{Kept, Plan, When};
use crate::app::App;
use crate::days::cadence::Cadence;
use crate::error::Fault;
use crate::keys::at_rest::Opened;

/// How many days of a weekly commitment are loaded: more than are shown and more than accept an answer.
const READ_BACK: chrono::Days = chrono::Days::new(100);

/// Returns the context that the encryption of a row's words is bound to.
fn words_of(row: &Model) -> [&[u8]; 3] {
    [
        b"commitment",
        row.member_id.0.as_bytes(),
        row.id.0.as_bytes(),
    ]
}

/// Seals the words of a row.
pub(super) fn sealed(app: &App, row: &Model, words: &Opened) -> Result<Vec<u8>, Fault> {
    let keys = app.keys.at_rest();
    keys.seal_again(&app.entropy, &words_of(row), words)
}

/// Opens the words of a row.
pub(super) fn opened(app: &App, row: &Model) -> Opened {
    let keys = app.keys.at_rest();
    keys.read(&words_of(row), row.words.clone())
}

/// Returns the stored schedule of a row.
pub(super) fn when(row: &Model) -> Result<When, Fault> {
    let broken = Fault::Broken("a commitment has a day, or weekdays");
    match (row.due_on, row.weekdays) {
        (Some(once), None) => Ok(When::Once(once)),
        (None, Some(mask)) => {
            let mask = u8::try_from(mask).ok();
            let weekdays = mask.and_then(Cadence::from_mask);
            weekdays.map(When::Weekly).ok_or(broken)
        }
        _ => Err(broken),
    }
}

/// Returns the plan of each given row, in the same order and in one statement. For weekly commitments it loads only
/// days that can be shown or answered: those shortly before today, or before the end.
pub(super) async fn plans<'a>(
    now: DateTime<Utc>,
    db: &impl ConnectionTrait,
    rows: impl Iterator<Item = &'a Model> + Clone,
) -> Result<Vec<Plan>, Fault> {
    use commitment_day::Column as Of;
    let (mut once, mut weekly, mut needed) = (Vec::new(), Vec::new(), Condition::any());
    for row in rows.clone() {
        match (row.weekdays, row.ended_on) {
            (None, _) => once.push(row.id),
            (Some(_), None) => weekly.push(row.id),
            (Some(_), Some(ended_on)) => {
                let of_it = Condition::all()
                    .add(Of::CommitmentId.eq(row.id))
                    .add(Of::DueOn.gte(ended_on - READ_BACK));
                needed = needed.add(of_it);
            }
        }
    }
    if !weekly.is_empty() {
        let since = now.date_naive() - READ_BACK;
        let of_weekly = Condition::all()
            .add(Of::CommitmentId.is_in(weekly))
            .add(Of::DueOn.gte(since));
        needed = needed.add(of_weekly);
    }
    if !once.is_empty() {
        needed = needed.add(Of::CommitmentId.is_in(once));
    }
    let mut kept: BTreeMap<CommitmentId, BTreeMap<NaiveDate, Kept>> = BTreeMap::new();
    if !needed.is_empty() {
        let days = commitment_day::Entity::find().filter(needed);
        for day in days.all(db).await? {
            let of = kept.entry(day.commitment_id).or_default();
            of.insert(
                day.due_on,
                Kept {
                    answer: day.answer,
                    answered_at: day.answered_at,
                    carried_to: day.carried_to,
                },
            );
        }
    }
    let plan = |row: &Model| {
        Ok(Plan {
            when: when(row)?,
            from: row.starts_on,
            until: row.ended_on,
            kept: kept.remove(&row.id).unwrap_or_default(),
        })
    };
    rows.map(plan).collect()
}

/// The condition that a commitment is open: it has not ended, and it is not a one-time commitment that is done.
fn open() -> Condition {
    use commitment_day::Column as Of;
    use entity::commitment::{Column, Entity};
    let done = commitment_day::Entity::find()
        .select_only()
        .expr(Expr::val(1))
        .filter(Expr::col((commitment_day::Entity, Of::CommitmentId)).equals((Entity, Column::Id)))
        .filter(Of::Answer.eq(Answer::Done));
    let done = Expr::exists(sea_orm::QueryTrait::into_query(done));
    Condition::all().add(Column::EndedAt.is_null()).add(
        Condition::any()
            .add(Column::Weekdays.is_not_null())
            .add(done.not()),
    )
}
