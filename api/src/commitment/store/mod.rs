//! Commitments in the database.

mod asks;
mod read;
mod write;

pub(super) use asks::{Shared, asks_behind, asks_of, next_due, put_asks, shared_in, take_due};
pub use read::{COMMITMENTS, Whose};
pub(super) use read::{
    Row, around, count, count_open, hold, list, of_owner, of_peering, sent_before, these,
};
pub(super) use write::{end, insert, let_go, put_day, update};

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

/// Days of what is due every week that are read back: more than are shown, and than may be set right.
const READ_BACK: chrono::Days = chrono::Days::new(100);

/// What words are sealed as.
fn words_of(row: &Model) -> [&[u8]; 3] {
    [
        b"commitment",
        row.member_id.0.as_bytes(),
        row.id.0.as_bytes(),
    ]
}

/// Seals a man's words as those of a row.
pub(super) fn sealed(app: &App, row: &Model, words: &Opened) -> Result<Vec<u8>, Fault> {
    let keys = app.keys.at_rest();
    keys.seal_again(&app.entropy, &words_of(row), words)
}

/// Opens them.
pub(super) fn opened(app: &App, row: &Model) -> Opened {
    let keys = app.keys.at_rest();
    keys.read(&words_of(row), row.words.clone())
}

/// When it is to be done, as it is kept.
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

/// The plan of each of these, in their order and in one statement. Of what is due every week no more is read than can be
/// shown or set right: the days before today, or before he ended it.
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
        let of_these = Condition::all()
            .add(Of::CommitmentId.is_in(weekly))
            .add(Of::DueOn.gte(since));
        needed = needed.add(of_these);
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

/// That it is not over: he has not ended it, and what is to be done once is not done.
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
