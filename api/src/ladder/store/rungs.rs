//! Ladders and their rungs.

use chrono::{DateTime, NaiveDate, Utc};
use entity::ladder::{self, Model as Row};
use entity::ladder_rung::{ActiveModel, Column, Entity, Kind, Model, Relation};
use entity::{CircleId, MemberId, PeeringId, RungId};
use sea_orm::sea_query::{Expr, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, JoinType, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _, Select,
};

use super::Words;
use crate::app::App;
use crate::db::{Sorted, Tx};
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::ladder::model::{Rung, Tie, told_by};
use crate::page::Page;
use crate::visibility::mutual;
use crate::{circle, matching};

/// Tells the cursors of what others ask of the viewer from those of other lists.
pub const LADDER_REQUESTS: u8 = 74;

/// A member's ladder.
pub async fn of_member(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<Row>, Fault> {
    Ok(ladder::Entity::find_by_id(member).one(db).await?)
}

/// A member's ladder, kept from others until the transaction ends: nobody tells of it meanwhile.
pub async fn hold(tx: &Tx, member: MemberId) -> Result<Option<Row>, Fault> {
    let found = ladder::Entity::find_by_id(member).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// Writes a ladder, whether there was one or not.
pub async fn put(tx: &Tx, row: Row) -> Result<(), Fault> {
    let instead = OnConflict::column(ladder::Column::MemberId)
        .update_columns([
            ladder::Column::LocalTime,
            ladder::Column::CountsFrom,
            ladder::Column::NextDueAt,
            ladder::Column::Version,
            ladder::Column::UpdatedAt,
        ])
        .to_owned();
    ladder::Entity::insert(row.into_active_model())
        .on_conflict(instead)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Puts the foot of a ladder, and what comes next, elsewhere.
pub async fn put_on(
    tx: &Tx,
    member: MemberId,
    counts_from: NaiveDate,
    next_due_at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    ladder::Entity::update_many()
        .col_expr(ladder::Column::CountsFrom, Expr::value(counts_from))
        .col_expr(ladder::Column::NextDueAt, Expr::value(next_due_at))
        .filter(ladder::Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// A rung without its words.
pub fn bare(row: &Model) -> Rung {
    Rung {
        id: row.id,
        owner: row.member_id,
        kind: row.kind,
        after_days: u32::try_from(row.after_days).unwrap_or_default(),
        told: told_by(row),
        tells: row.tells,
        words: None,
        created_at: row.created_at,
        answered_at: row.answered_at,
        agreed_at: row.agreed_at,
        told_at: row.told_at,
    }
}

/// The words of a rung.
pub fn words(app: &App, row: Model) -> Option<Opened> {
    Words::OfRung(row.id).open(app, row.member_id, row.words)
}

fn opened_all(app: &App, rows: Vec<Model>) -> Vec<Rung> {
    let open = |row: Model| {
        let rung = bare(&row);
        let words = words(app, row);
        Rung { words, ..rung }
    };
    rows.into_iter().map(open).collect()
}

fn sealed(app: &App, rung: &Rung) -> Result<ActiveModel, Fault> {
    let tie = rung.told.map(|(_, tie)| tie);
    let partner = |tie| match tie {
        Tie::Partner(id) => Some(id),
        Tie::Facilitator(_) => None,
    };
    let circle = |tie| match tie {
        Tie::Facilitator(id) => Some(id),
        Tie::Partner(_) => None,
    };
    let words = Words::OfRung(rung.id).seal(app, rung.owner, rung.words.as_ref())?;
    Ok(ActiveModel {
        id: Set(rung.id),
        member_id: Set(rung.owner),
        kind: Set(rung.kind),
        after_days: Set(i32::try_from(rung.after_days).unwrap_or(i32::MAX)),
        told_id: Set(rung.told.map(|(member, _)| member)),
        peering_id: Set(tie.and_then(partner)),
        circle_id: Set(tie.and_then(circle)),
        tells: Set(rung.tells),
        words: Set(words),
        created_at: Set(rung.created_at),
        answered_at: Set(rung.answered_at),
        agreed_at: Set(rung.agreed_at),
        told_at: Set(rung.told_at),
    })
}

/// The rungs of a member's ladder, from the lowest, for what is not told in words.
pub async fn bare_rungs_of(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<Rung>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .order_by_asc(Column::AfterDays);
    Ok(found.all(db).await?.iter().map(bare).collect())
}

/// The rungs of these members' ladders, from the lowest of each, none of which is taken down until the transaction ends.
pub async fn hold_rungs(tx: &Tx, members: &[MemberId]) -> Result<Vec<Model>, Fault> {
    let mut found = held(
        Condition::all().add(Column::MemberId.is_in(members.iter().copied())),
        tx,
    )
    .await?;
    found.sort_by_key(|row| row.after_days);
    Ok(found)
}

/// Rungs, in the one order in which they are waited for.
async fn held(which: Condition, tx: &Tx) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(which)
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// The rungs of these members' ladders, from the lowest of each.
pub async fn rungs_of(
    app: &App,
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<Vec<Rung>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .order_by_asc(Column::AfterDays);
    Ok(opened_all(app, found.all(db).await?))
}

/// Adds a rung.
pub async fn add_rung(app: &App, tx: &Tx, rung: &Rung) -> Result<(), Fault> {
    Entity::insert(sealed(app, rung)?)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Writes what a rung is from now on.
pub async fn update_rung(app: &App, tx: &Tx, rung: &Rung) -> Result<(), Fault> {
    Entity::update(sealed(app, rung)?).exec(tx).await?;
    Ok(())
}

/// Takes a rung of a member down.
pub async fn remove_rung(tx: &Tx, member: MemberId, kind: Kind) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::MemberId.eq(member))
        .filter(Column::Kind.eq(kind))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes these rungs down.
pub async fn remove_rungs(tx: &Tx, ids: &[RungId]) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The rungs that a peering holds.
pub async fn with_peering(tx: &Tx, peering: PeeringId) -> Result<Vec<Rung>, Fault> {
    let found = held(Condition::all().add(Column::PeeringId.eq(peering)), tx).await?;
    Ok(found.iter().map(bare).collect())
}

/// The rungs that a circle holds and that a member has something to do with.
pub async fn with_circle(tx: &Tx, circle: CircleId, member: MemberId) -> Result<Vec<Rung>, Fault> {
    let his = Condition::any()
        .add(Column::MemberId.eq(member))
        .add(Column::ToldId.eq(member));
    let by_it = Condition::all().add(Column::CircleId.eq(circle)).add(his);
    Ok(held(by_it, tx).await?.iter().map(bare).collect())
}

/// A member is here: none of his rungs was told since.
pub async fn start_over(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// These rungs are told.
pub async fn mark_told(tx: &Tx, ids: &[RungId], at: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(at))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The rungs whose two men are there for others, and still what makes the one be told of the other: partners, or a man
/// of a circle and one who runs it.
pub(super) fn held_by_a_tie() -> Select<Entity> {
    let column = |column: Column| Expr::col((Entity, column));
    let runs_it = circle::service::is_run_for(
        column(Column::CircleId),
        column(Column::ToldId),
        column(Column::MemberId),
    );
    let runs_it = Condition::all()
        .add(runs_it)
        .add(mutual(column(Column::MemberId), column(Column::ToldId)));
    Entity::find()
        .join(JoinType::LeftJoin, Relation::Peering.def())
        .filter(
            Condition::any()
                .add(matching::service::is_between_two())
                .add(runs_it),
        )
}

/// Of these rungs: which are still held by what ties the two men, and whether who is told agrees to be.
pub async fn agreed(
    db: &impl ConnectionTrait,
    ids: &[RungId],
) -> Result<Vec<(RungId, bool)>, Fault> {
    let found: Vec<(RungId, Option<DateTime<Utc>>)> = held_by_a_tie()
        .select_only()
        .column(Column::Id)
        .column(Column::AgreedAt)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found
        .into_iter()
        .map(|(id, agreed_at)| (id, agreed_at.is_some()))
        .collect())
}

fn asked_of_him(told: MemberId) -> Select<Entity> {
    held_by_a_tie().filter(Column::ToldId.eq(told))
}

/// A rung on which a member is to be told, without its words, which are for when it is.
pub async fn asked_of(
    db: &impl ConnectionTrait,
    told: MemberId,
    id: RungId,
) -> Result<Option<Rung>, Fault> {
    Ok(these_asks(db, told, &[id]).await?.pop())
}

/// Those of these rungs on which a member is to be told, in no order.
pub async fn these_asks(
    db: &impl ConnectionTrait,
    told: MemberId,
    ids: &[RungId],
) -> Result<Vec<Rung>, Fault> {
    let these = asked_of_him(told).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(these.all(db).await?.iter().map(bare).collect())
}

/// A page of the rungs on which a member is to be told, the latest first; from the back for a backward page.
pub async fn asks(
    db: &impl ConnectionTrait,
    told: MemberId,
    page: &Page<LADDER_REQUESTS>,
) -> Result<Vec<Rung>, Fault> {
    let sorted = Sorted::by_instant(Column::CreatedAt, Column::Id);
    let rungs = sorted.page(asked_of_him(told), page);
    Ok(rungs.all(db).await?.iter().map(bare).collect())
}

/// On how many rungs a member is to be told.
pub async fn count_asks(db: &impl ConnectionTrait, told: MemberId) -> Result<u64, Fault> {
    Ok(asked_of_him(told).count(db).await?)
}

/// Writes down whether who is told agrees to be; false when the rung is not there any more.
pub async fn answer(
    tx: &Tx,
    id: RungId,
    at: DateTime<Utc>,
    agreed_at: Option<DateTime<Utc>>,
) -> Result<bool, Fault> {
    let written = Entity::update_many()
        .col_expr(Column::AnsweredAt, Expr::value(at))
        .col_expr(Column::AgreedAt, Expr::value(agreed_at))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(written.rows_affected == 1)
}

/// A man is there for others again: the ladders that were to tell him, and found nobody to tell meanwhile, are looked at
/// anew.
pub async fn wake_those_that_tell(
    tx: &Tx,
    told: MemberId,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let to_him = Query::select()
        .column(Column::MemberId)
        .from(Entity)
        .and_where(Column::ToldId.eq(told))
        .and_where(Column::AgreedAt.is_not_null())
        .and_where(Column::ToldAt.is_null())
        .take();
    ladder::Entity::update_many()
        .col_expr(ladder::Column::NextDueAt, Expr::value(now))
        .filter(ladder::Column::NextDueAt.is_null())
        .filter(ladder::Column::MemberId.in_subquery(to_him))
        .exec(tx)
        .await?;
    Ok(())
}
