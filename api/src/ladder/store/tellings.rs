//! SQL for tellings: the rungs that were sent.

use chrono::{DateTime, Utc};
use entity::ladder_telling::{ActiveModel, Column, Entity, Model};
use entity::{MemberId, RungId, TellingId, ladder_rung};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
};

use super::Words;
use super::rungs::held_by_a_tie;
use crate::app::App;
use crate::db::Sorted;
use crate::error::Fault;
use crate::ladder::model::{Kind, Telling};
use crate::page::Page;
use crate::tx::Tx;

/// The id of the list of tellings of the viewer's own ladder, for cursors.
pub const LADDER_LOG: u8 = 75;
/// The id of the list of tellings that the viewer received, for cursors.
pub const TELLINGS: u8 = 76;

/// The most rows that one statement writes. Each takes nine of the 32,766 variables that SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Inserts the tellings of the given rungs.
pub async fn add(app: &App, tx: &Tx, tellings: &[(Telling, RungId)]) -> Result<(), Fault> {
    for chunk in tellings.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|(telling, rung)| {
            let words = Words::OfTelling(telling.id);
            Ok(ActiveModel {
                id: Set(telling.id),
                member_id: Set(telling.owner),
                rung_id: Set(Some(*rung)),
                kind: Set(telling.kind),
                told_id: Set(telling.told),
                quiet_since: Set(telling.quiet_since),
                words: Set(words.seal(app, telling.owner, telling.words.as_ref())?),
                told_at: Set(telling.told_at),
                over_at: Set(None),
            })
        });
        let rows = rows.collect::<Result<Vec<_>, Fault>>()?;
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn opened(app: &App, rows: Vec<Model>) -> Vec<Telling> {
    let open = |row: Model| Telling {
        id: row.id,
        owner: row.member_id,
        kind: row.kind,
        told: row.told_id,
        quiet_since: row.quiet_since,
        words: Words::OfTelling(row.id).open(app, row.member_id, row.words),
        told_at: row.told_at,
        over_at: row.over_at,
    };
    rows.into_iter().map(open).collect()
}

/// Ends a member's tellings, because the member is here again. Returns those with another recipient who may still be
/// notified.
pub async fn over(
    tx: &Tx,
    member: MemberId,
    at: DateTime<Utc>,
) -> Result<Vec<(TellingId, MemberId)>, Fault> {
    let open = || {
        Condition::all()
            .add(Column::MemberId.eq(member))
            .add(Column::OverAt.is_null())
    };
    let heard: Vec<(TellingId, Option<MemberId>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::ToldId])
        .filter(open())
        .filter(reaches_him())
        .into_tuple()
        .all(tx)
        .await?;
    Entity::update_many()
        .col_expr(Column::OverAt, Expr::value(at))
        .filter(open())
        .exec(tx)
        .await?;
    let for_others = heard.into_iter().filter_map(|(id, told)| Some((id, told?)));
    Ok(for_others.collect())
}

/// The condition that the recipient may read a telling: the rung still exists and notifies them, they still agree, and
/// the relationship still holds.
fn reaches_him() -> Condition {
    let same = Expr::col((ladder_rung::Entity, ladder_rung::Column::ToldId))
        .equals((Entity, Column::ToldId));
    let rung = held_by_a_tie()
        .select_only()
        .column(ladder_rung::Column::Id)
        .filter(ladder_rung::Column::AgreedAt.is_not_null())
        .filter(same)
        .filter(
            Expr::col((ladder_rung::Entity, ladder_rung::Column::Id))
                .equals((Entity, Column::RungId)),
        )
        .into_query();
    Condition::all().add(Expr::exists(rung))
}

fn for_him(told: MemberId) -> Select<Entity> {
    Entity::find()
        .filter(Column::ToldId.eq(told))
        .filter(reaches_him())
}

/// Returns the given tellings that a member may read, in no particular order: those of their own ladder, and those they
/// received.
pub async fn by_ids(app: &App, viewer: MemberId, ids: &[TellingId]) -> Result<Vec<Telling>, Fault> {
    let told = Condition::all()
        .add(Column::ToldId.eq(viewer))
        .add(reaches_him());
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Condition::any().add(Column::MemberId.eq(viewer)).add(told));
    Ok(opened(app, found.all(app.db.pool()).await?))
}

/// Returns the given tellings that their recipient may still read, including notes to the owner that are still on the
/// ladder, and whether the owner has been here since.
pub async fn over_among(
    db: &impl ConnectionTrait,
    ids: &[TellingId],
) -> Result<Vec<(TellingId, bool)>, Fault> {
    let own = Condition::all()
        .add(Column::Kind.eq(Kind::Own))
        .add(Column::RungId.is_not_null());
    let found: Vec<(TellingId, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::OverAt])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Condition::any().add(own).add(reaches_him()))
        .into_tuple()
        .all(db)
        .await?;
    let is_over = |(id, over_at): (TellingId, Option<DateTime<Utc>>)| (id, over_at.is_some());
    Ok(found.into_iter().map(is_over).collect())
}

const SORTED: Sorted<Column, Column> = Sorted::by_instant(Column::ToldAt, Column::Id);

fn logged(owner: MemberId) -> Select<Entity> {
    Entity::find().filter(Column::MemberId.eq(owner))
}

/// Fetches up to `limit + 1` tellings of a member's own ladder, latest first.
pub async fn log(
    app: &App,
    owner: MemberId,
    page: &Page<LADDER_LOG>,
) -> Result<Vec<Telling>, Fault> {
    let rows = SORTED.page(logged(owner), page).all(app.db.pool()).await?;
    Ok(opened(app, rows))
}

/// Counts the tellings of a member's own ladder.
pub async fn count_log(db: &impl ConnectionTrait, owner: MemberId) -> Result<u64, Fault> {
    Ok(logged(owner).count(db).await?)
}

/// Fetches up to `limit + 1` tellings that a member received from others' ladders, latest first.
pub async fn received(
    app: &App,
    told: MemberId,
    page: &Page<TELLINGS>,
) -> Result<Vec<Telling>, Fault> {
    let rows = SORTED.page(for_him(told), page).all(app.db.pool()).await?;
    Ok(opened(app, rows))
}

/// Counts the tellings that a member received.
pub async fn count_received(db: &impl ConnectionTrait, told: MemberId) -> Result<u64, Fault> {
    Ok(for_him(told).count(db).await?)
}
