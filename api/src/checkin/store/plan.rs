//! SQL for members' plans: their weekdays, their pauses, and the terms of their days.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use entity::pause::{self, Model};
use entity::{MemberId, PauseId, cadence_change, past_day_terms};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::check_ins::date_of;
use crate::days::cadence::CadenceChange;
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::page::Page;
use crate::tx::Tx;

/// The id of the list of a member's pauses, for cursors.
pub const PAUSES: u8 = 11;

/// Stores the terms that a member's days had until now.
pub async fn end_terms(
    tx: &Tx,
    member: MemberId,
    terms: DayTerms,
    until: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = past_day_terms::ActiveModel {
        member_id: Set(member),
        until: Set(until),
        until_date: Set(until.date_naive()),
        time_zone: Set(terms.zone.name().to_owned()),
        day_start_hour: Set(i32::try_from(terms.day_start_hour).unwrap_or_default()),
    };
    // Two changes within a microsecond: the terms between them were never in force.
    past_day_terms::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Replaces a member's weekdays from a day on, including any later change that was planned.
pub async fn choose(tx: &Tx, member: MemberId, change: CadenceChange) -> Result<(), Fault> {
    cadence_change::Entity::delete_many()
        .filter(cadence_change::Column::MemberId.eq(member))
        .filter(cadence_change::Column::FromDate.gte(change.from))
        .exec(tx)
        .await?;
    let row = cadence_change::ActiveModel {
        member_id: Set(member),
        from_date: Set(change.from),
        weekdays: Set(change.cadence.mask().into()),
    };
    cadence_change::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Selects a member's pauses, without those that were taken back before they began.
fn of_member(member: MemberId) -> Select<pause::Entity> {
    pause::Entity::find()
        .filter(pause::Column::MemberId.eq(member))
        .filter(Expr::col(pause::Column::LastDate).gte(Expr::col(pause::Column::FirstDate)))
}

/// Inserts a pause. Returns false if its id is taken.
pub async fn insert_pause(tx: &Tx, pause: Model) -> Result<bool, Fault> {
    let inserted = pause::Entity::insert(pause.into_active_model())
        .on_conflict(
            OnConflict::column(pause::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Returns a member's pause by its id, even if it was taken back.
pub async fn pause(
    db: &impl ConnectionTrait,
    member: MemberId,
    id: PauseId,
) -> Result<Option<Model>, Fault> {
    let found = pause::Entity::find_by_id(id).filter(pause::Column::MemberId.eq(member));
    Ok(found.one(db).await?)
}

/// Returns a member's pauses by their ids.
pub async fn pauses_by_ids(
    db: &impl ConnectionTrait,
    member: MemberId,
    ids: &[PauseId],
) -> Result<Vec<Model>, Fault> {
    let found = of_member(member).filter(pause::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// Returns a pause of the member that has a day between these two, or `None`.
pub async fn overlapping(
    tx: &Tx,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Option<Model>, Fault> {
    let found = of_member(member)
        .filter(pause::Column::FirstDate.lte(last))
        .filter(pause::Column::LastDate.gte(first));
    Ok(found.one(tx).await?)
}

/// Returns whether a member has paused on a day.
pub async fn is_paused(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<bool, Fault> {
    let on_it = of_member(member)
        .filter(pause::Column::FirstDate.lte(day))
        .filter(pause::Column::LastDate.gte(day));
    Ok(on_it.count(db).await? > 0)
}

/// Makes a day the last day of a member's pause.
pub async fn shorten_pause(
    tx: &Tx,
    member: MemberId,
    id: PauseId,
    last: NaiveDate,
) -> Result<(), Fault> {
    pause::Entity::update_many()
        .col_expr(pause::Column::LastDate, Expr::value(last))
        .filter(pause::Column::Id.eq(id))
        .filter(pause::Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

/// Fetches up to `limit + 1` of a member's pauses, latest first. No two of them overlap.
pub async fn pauses(
    db: &impl ConnectionTrait,
    member: MemberId,
    page: &Page<PAUSES>,
) -> Result<Vec<Model>, Fault> {
    let mut query = of_member(member);
    if let Some(day) = page.after.and_then(date_of) {
        query = query.filter(pause::Column::FirstDate.lt(day));
    }
    if let Some(day) = page.before.and_then(date_of) {
        query = query.filter(pause::Column::FirstDate.gt(day));
    }
    let query = if page.backward {
        query.order_by_asc(pause::Column::FirstDate)
    } else {
        query.order_by_desc(pause::Column::FirstDate)
    };
    Ok(query.limit(page.limit + 1).all(db).await?)
}

/// Counts a member's pauses.
pub async fn count_pauses(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, Fault> {
    Ok(of_member(member).count(db).await?)
}

/// Returns which of the given members have a pause on a day.
pub async fn paused_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    let paused = pause::Entity::find()
        .select_only()
        .column(pause::Column::MemberId)
        .filter(pause::Column::MemberId.is_in(members.iter().copied()))
        .filter(pause::Column::FirstDate.lte(day))
        .filter(pause::Column::LastDate.gte(day));
    let paused = paused.into_tuple::<MemberId>().all(db).await?;
    Ok(paused.into_iter().collect())
}

/// Returns which of the given members have a pause on a day, or have not chosen its weekday.
pub async fn not_asked_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    let mut found = paused_on(db, members, day).await?;
    let latest = Query::select()
        .expr(Expr::col(("o", cadence_change::Column::FromDate)).max())
        .from_as(cadence_change::Entity, "o")
        .and_where(
            Expr::col(("o", cadence_change::Column::MemberId))
                .equals((cadence_change::Entity, cadence_change::Column::MemberId)),
        )
        .and_where(Expr::col(("o", cadence_change::Column::FromDate)).lte(day))
        .take();
    let chosen = cadence_change::Entity::find()
        .filter(cadence_change::Column::MemberId.is_in(members.iter().copied()))
        .filter(cadence_change::Column::FromDate.in_subquery(latest));
    let weekday = 1 << day.weekday().num_days_from_monday();
    let off = chosen.all(db).await?.into_iter();
    found.extend(
        off.filter(|row| row.weekdays & weekday == 0)
            .map(|row| row.member_id),
    );
    Ok(found)
}
