//! Nudges between partners.

use chrono::{DateTime, NaiveDate, Utc};
use entity::pact_nudge::{ActiveModel, Answer, Column, Entity, Model};
use entity::{MemberId, PactId, PactNudgeId, pact};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _, RelationTrait as _, Select,
};

use super::agreed;
use crate::app::App;
use crate::db::{Sorted, Tx};
use crate::error::Fault;
use crate::matching;
use crate::pact::model::{Nudge, Said};
use crate::page::Page;

/// Tells the cursors of a pact's nudges from those of other lists.
pub const PACT_NUDGES: u8 = 72;

/// A nudge to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNudge {
    /// Its id, made by the app.
    pub id: PactNudgeId,
    /// Of which pact.
    pub pact: PactId,
    /// What it says.
    pub said: Said,
}

/// The nudges of pacts that go on, of a member who has them with partners who are there for others.
fn there_for(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    let going_on = Condition::all().add(agreed()).add(
        Condition::any()
            .add(pact::Column::EndsAt.is_null())
            .add(pact::Column::EndsAt.gt(now)),
    );
    Entity::find()
        .join(
            JoinType::InnerJoin,
            entity::pact_nudge::Relation::Pact.def(),
        )
        .join(JoinType::InnerJoin, pact::Relation::Peering.def())
        .filter(going_on)
        .filter(matching::service::is_active_for(member))
}

/// What words are sealed as.
fn words_of(id: &PactNudgeId) -> [&[u8]; 2] {
    [b"pact nudge", id.0.as_bytes()]
}

/// What a nudge says.
pub(super) fn said(app: &App, row: &Model) -> Result<Said, Fault> {
    match (row.template, &row.words) {
        (Some(template), _) => Ok(Said::Template(template)),
        (None, Some(words)) => {
            let words = app.keys.at_rest().read(&words_of(&row.id), words.clone());
            Ok(Said::Words(words))
        }
        (None, None) => Err(Fault::Broken("a nudge says something")),
    }
}

fn seen_by(app: &App, viewer: MemberId, row: &Model) -> Result<Nudge, Fault> {
    let said = said(app, row)?;
    Ok(Nudge {
        id: row.id,
        pact: row.pact_id,
        from_viewer: row.from_member == viewer,
        said,
        sent_at: row.created_at,
        answer: row.answer,
        answered_at: row.answered_at,
    })
}

/// Those of these nudges that are there for the viewer, in no order.
pub(in crate::pact) async fn these_nudges(
    app: &App,
    viewer: MemberId,
    now: DateTime<Utc>,
    ids: &[PactNudgeId],
) -> Result<Vec<Nudge>, Fault> {
    let these = there_for(viewer, now).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = these.all(app.db.pool()).await?.into_iter();
    rows.map(|row| seen_by(app, viewer, &row)).collect()
}

/// A page of a pact's nudges, the latest first; from the back for a backward page. None unless it is there for him.
pub(in crate::pact) async fn list_nudges(
    app: &App,
    viewer: MemberId,
    now: DateTime<Utc>,
    pact: PactId,
    page: &Page<PACT_NUDGES>,
) -> Result<Vec<Nudge>, Fault> {
    let of_pact = there_for(viewer, now).filter(Column::PactId.eq(pact));
    let sorted = Sorted::by_instant(Column::CreatedAt, Column::Id);
    let rows = sorted.page(of_pact, page).all(app.db.pool()).await?;
    let rows = rows.into_iter();
    rows.map(|row| seen_by(app, viewer, &row)).collect()
}

/// How many nudges a pact has had, if it is there for the viewer.
pub(in crate::pact) async fn count_nudges(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    now: DateTime<Utc>,
    pact: PactId,
) -> Result<u64, Fault> {
    let of_pact = there_for(viewer, now).filter(Column::PactId.eq(pact));
    Ok(of_pact.count(db).await?)
}

/// How many nudges went between two men, either way, on a day of the one who is to be nudged.
pub(in crate::pact) async fn count_today(
    tx: &Tx,
    one: MemberId,
    other: MemberId,
    day: NaiveDate,
) -> Result<u64, Fault> {
    let way = |from: MemberId, to: MemberId| {
        Condition::all()
            .add(Column::FromMember.eq(from))
            .add(Column::ToMember.eq(to))
    };
    let between = Entity::find()
        .filter(Condition::any().add(way(one, other)).add(way(other, one)))
        .filter(Column::LocalDate.eq(day));
    Ok(between.count(tx).await?)
}

/// What was sent under this id before, by whomever.
pub(in crate::pact) async fn nudge_sent_before(
    app: &App,
    tx: &Tx,
    sender: MemberId,
    id: PactNudgeId,
) -> Result<Option<Option<NewNudge>>, Fault> {
    let Some(row) = Entity::find_by_id(id).one(tx).await? else {
        return Ok(None);
    };
    if row.from_member != sender {
        return Ok(Some(None));
    }
    let nudge = seen_by(app, sender, &row)?;
    Ok(Some(Some(NewNudge {
        id: nudge.id,
        pact: nudge.pact,
        said: nudge.said,
    })))
}

/// Writes a nudge; false when there is one with its id.
pub(in crate::pact) async fn insert_nudge(
    app: &App,
    tx: &Tx,
    new: &NewNudge,
    (from, to): (MemberId, MemberId),
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let (template, words) = match &new.said {
        Said::Template(template) => (Some(*template), None),
        Said::Words(words) => {
            let sealed = app
                .keys
                .at_rest()
                .seal_again(&app.entropy, &words_of(&new.id), words)?;
            (None, Some(sealed))
        }
    };
    let row = ActiveModel {
        id: Set(new.id),
        pact_id: Set(new.pact),
        from_member: Set(from),
        to_member: Set(to),
        template: Set(template),
        words: Set(words),
        local_date: Set(day),
        created_at: Set(now),
        answered_at: Set(None),
        answer: Set(None),
    };
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// A nudge that is there for a member, and who sent it to whom.
pub(in crate::pact) async fn nudge_of(
    app: &App,
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
    id: PactNudgeId,
) -> Result<Option<(Nudge, MemberId, MemberId)>, Fault> {
    let found = there_for(member, now).filter(Column::Id.eq(id));
    let Some(row) = found.one(tx).await? else {
        return Ok(None);
    };
    let (from, to) = (row.from_member, row.to_member);
    Ok(Some((seen_by(app, member, &row)?, from, to)))
}

/// Writes the answer to a nudge that has none; false when it has.
pub(in crate::pact) async fn answer_nudge(
    tx: &Tx,
    id: PactNudgeId,
    answer: Answer,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let answered = Entity::update_many()
        .col_expr(Column::Answer, Expr::value(answer))
        .col_expr(Column::AnsweredAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::Answer.is_null())
        .exec(tx)
        .await?;
    Ok(answered.rows_affected == 1)
}

/// The nudges of a pact.
pub(in crate::pact) async fn nudges_of_pact(
    tx: &Tx,
    pact: PactId,
) -> Result<Vec<PactNudgeId>, Fault> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::PactId.eq(pact))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids)
}

/// Whether these have been answered, whose pacts go on between partners who are both there for others.
pub(in crate::pact) async fn nudge_states(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    ids: &[PactNudgeId],
) -> Result<Vec<(PactNudgeId, bool)>, Fault> {
    let found: Vec<(PactNudgeId, Option<Answer>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Answer])
        .join(
            JoinType::InnerJoin,
            entity::pact_nudge::Relation::Pact.def(),
        )
        .join(JoinType::InnerJoin, pact::Relation::Peering.def())
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(agreed())
        .filter(
            Condition::any()
                .add(pact::Column::EndsAt.is_null())
                .add(pact::Column::EndsAt.gt(now)),
        )
        .filter(matching::service::is_between_two())
        .into_tuple()
        .all(db)
        .await?;
    Ok(found
        .into_iter()
        .map(|(id, answer)| (id, answer.is_some()))
        .collect())
}
