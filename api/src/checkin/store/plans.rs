//! SQL for the plans of many members at once.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{MemberId, cadence_change, past_day_terms, pause};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};

use super::days::cadence;
use crate::days::cadence::{CadenceChange, Pause, Plan};
use crate::days::calendar::DayTerms;
use crate::error::Fault;

/// A member's plan, and the past terms of their days with the instant at which each ended.
pub type PlanAndTerms = (Plan, Vec<(DateTime<Utc>, DayTerms)>);

/// Returns the plan of each given member from `since` on. Members with the default plan are left out.
pub async fn plans(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: NaiveDate,
) -> Result<HashMap<MemberId, PlanAndTerms>, Fault> {
    let mut plans: HashMap<MemberId, PlanAndTerms> = HashMap::new();
    for row in cadences(db, members, since).await? {
        let mask = cadence(row.weekdays)?;
        plans
            .entry(row.member_id)
            .or_default()
            .0
            .cadences
            .push(CadenceChange {
                from: row.from_date,
                cadence: mask,
            });
    }
    let paused = pause::Entity::find()
        .filter(pause::Column::MemberId.is_in(members.iter().copied()))
        .filter(pause::Column::LastDate.gte(since));
    for row in paused.all(db).await? {
        plans
            .entry(row.member_id)
            .or_default()
            .0
            .pauses
            .push(Pause {
                first: row.first_date,
                last: row.last_date,
            });
    }
    // As in `days.rs`: terms that ended before cannot be those of a later day in any time zone.
    let past = past_day_terms::Entity::find()
        .filter(past_day_terms::Column::MemberId.is_in(members.iter().copied()))
        .filter(past_day_terms::Column::UntilDate.gte(since.pred_opt().unwrap_or(since)));
    for row in past.all(db).await? {
        let terms = DayTerms::stored(&row.time_zone, row.day_start_hour)?;
        plans
            .entry(row.member_id)
            .or_default()
            .1
            .push((row.until, terms));
    }
    Ok(plans)
}

/// Returns the cadence changes that are in force on `since` or later, by ascending day.
async fn cadences(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: NaiveDate,
) -> Result<Vec<cadence_change::Model>, Fault> {
    let in_force = Query::select()
        .expr(Expr::col(("o", cadence_change::Column::FromDate)).max())
        .from_as(cadence_change::Entity, "o")
        .and_where(
            Expr::col(("o", cadence_change::Column::MemberId))
                .equals((cadence_change::Entity, cadence_change::Column::MemberId)),
        )
        .and_where(Expr::col(("o", cadence_change::Column::FromDate)).lte(since))
        .take();
    let from_then_on = Condition::any()
        .add(cadence_change::Column::FromDate.gt(since))
        .add(cadence_change::Column::FromDate.in_subquery(in_force));
    let found = cadence_change::Entity::find()
        .filter(cadence_change::Column::MemberId.is_in(members.iter().copied()))
        .filter(from_then_on)
        .order_by_asc(cadence_change::Column::FromDate);
    Ok(found.all(db).await?)
}
