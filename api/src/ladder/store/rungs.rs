//! SQL for ladders and rungs.

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
use crate::db::Sorted;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::ladder::model::{Rung, Tie, recipient_of};
use crate::page::Page;
use crate::tx::{Rank, Tx};
use crate::visibility::mutual;
use crate::{circle, matching};

/// The id of the list of requests that others' ladders make of the viewer, for cursors.
pub const LADDER_REQUESTS: u8 = 74;

/// Returns a member's ladder.
pub async fn of_member(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<Row>, Fault> {
    Ok(ladder::Entity::find_by_id(member).one(db).await?)
}

/// Returns a member's ladder, locked `FOR NO KEY UPDATE`: no worker sends its rungs meanwhile.
pub async fn load_locked(tx: &Tx, member: MemberId) -> Result<Option<Row>, Fault> {
    tx.lock(Rank::Ladder);
    let found = ladder::Entity::find_by_id(member).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// Inserts or updates a ladder.
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

/// Writes the day from which a ladder counts, and its next due time.
pub async fn reschedule(
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

/// Returns a rung without its words.
pub fn bare(row: &Model) -> Rung {
    Rung {
        id: row.id,
        owner: row.member_id,
        kind: row.kind,
        after_days: u32::try_from(row.after_days).unwrap_or_default(),
        told: recipient_of(row),
        tells: row.tells,
        words: None,
        created_at: row.created_at,
        answered_at: row.answered_at,
        agreed_at: row.agreed_at,
        told_at: row.told_at,
    }
}

/// Opens the words of a rung.
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

/// Returns the rungs of a member's ladder without their words, lowest first.
pub async fn bare_rungs_of(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<Rung>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .order_by_asc(Column::AfterDays);
    Ok(found.all(db).await?.iter().map(bare).collect())
}

/// Returns the rungs of the given members' ladders, lowest first, locked `FOR NO KEY UPDATE`: none is removed until the
/// transaction ends.
pub async fn lock_rungs(tx: &Tx, members: &[MemberId]) -> Result<Vec<Model>, Fault> {
    let mut found = locked_rungs(
        Condition::all().add(Column::MemberId.is_in(members.iter().copied())),
        tx,
    )
    .await?;
    found.sort_by_key(|row| row.after_days);
    Ok(found)
}

/// Locks rungs, always by ascending id, so that transactions cannot deadlock.
async fn locked_rungs(which: Condition, tx: &Tx) -> Result<Vec<Model>, Fault> {
    tx.lock(Rank::Ladder);
    let found = Entity::find()
        .filter(which)
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// Returns the rungs of the given members' ladders, lowest first.
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

/// Inserts a rung.
pub async fn add_rung(app: &App, tx: &Tx, rung: &Rung) -> Result<(), Fault> {
    Entity::insert(sealed(app, rung)?)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Updates a rung.
pub async fn update_rung(app: &App, tx: &Tx, rung: &Rung) -> Result<(), Fault> {
    Entity::update(sealed(app, rung)?).exec(tx).await?;
    Ok(())
}

/// Deletes a member's rung of a kind.
pub async fn remove_rung(tx: &Tx, member: MemberId, kind: Kind) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::MemberId.eq(member))
        .filter(Column::Kind.eq(kind))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the given rungs.
pub async fn remove_rungs(tx: &Tx, ids: &[RungId]) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Returns the rungs that depend on a peering, locked.
pub async fn with_peering(tx: &Tx, peering: PeeringId) -> Result<Vec<Rung>, Fault> {
    let found = locked_rungs(Condition::all().add(Column::PeeringId.eq(peering)), tx).await?;
    Ok(found.iter().map(bare).collect())
}

/// Returns the rungs that depend on a circle and have this member as owner or recipient, locked.
pub async fn with_circle(tx: &Tx, circle: CircleId, member: MemberId) -> Result<Vec<Rung>, Fault> {
    let his = Condition::any()
        .add(Column::MemberId.eq(member))
        .add(Column::ToldId.eq(member));
    let by_it = Condition::all().add(Column::CircleId.eq(circle)).add(his);
    Ok(locked_rungs(by_it, tx).await?.iter().map(bare).collect())
}

/// Marks a member's rungs as not sent, because the member is here.
pub async fn start_over(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks the given rungs as sent.
pub async fn mark_sent(tx: &Tx, ids: &[RungId], at: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(at))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Selects the rungs whose two members are visible to each other and whose relationship still holds: they are partners,
/// or the recipient is a facilitator of the circle that the owner is in.
pub(super) fn held_by_a_tie() -> Select<Entity> {
    let column = |column: Column| Expr::col((Entity, column));
    let runs_it = circle::service::is_facilitator_of_member(
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
                .add(matching::service::is_active_and_mutual())
                .add(runs_it),
        )
}

/// Returns the given rungs whose relationship still holds, and whether the recipient agrees.
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

/// Returns a rung that would notify a member, without its words. The recipient sees those only when it is sent.
pub async fn asked_of(
    db: &impl ConnectionTrait,
    told: MemberId,
    id: RungId,
) -> Result<Option<Rung>, Fault> {
    Ok(asks_by_ids(db, told, &[id]).await?.pop())
}

/// Returns the given rungs that would notify a member, in no particular order.
pub async fn asks_by_ids(
    db: &impl ConnectionTrait,
    told: MemberId,
    ids: &[RungId],
) -> Result<Vec<Rung>, Fault> {
    let query = asked_of_him(told).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(db).await?.iter().map(bare).collect())
}

/// Fetches up to `limit + 1` rungs that would notify a member, latest first, or from the end for a backward page.
pub async fn asks(
    db: &impl ConnectionTrait,
    told: MemberId,
    page: &Page<LADDER_REQUESTS>,
) -> Result<Vec<Rung>, Fault> {
    let sorted = Sorted::by_instant(Column::CreatedAt, Column::Id);
    let rungs = sorted.page(asked_of_him(told), page);
    Ok(rungs.all(db).await?.iter().map(bare).collect())
}

/// Counts the rungs that would notify a member.
pub async fn count_asks(db: &impl ConnectionTrait, told: MemberId) -> Result<u64, Fault> {
    Ok(asked_of_him(told).count(db).await?)
}

/// Stores whether the recipient agrees. Returns false if the rung no longer exists.
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

/// Makes ladders due that notify a member who is visible again. They had no recipient to notify meanwhile.
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
