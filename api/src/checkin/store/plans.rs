//! What many members mean to do.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{MemberId, cadence_change, past_day_terms, pause};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};

use super::standing::cadence;
use crate::days::cadence::{CadenceChange, Pause, Plan};
use crate::days::calendar::DayTerms;
use crate::error::Fault;

/// What a member means to do, and the terms that his days had, each until an instant.
pub type PlanAndTerms = (Plan, Vec<(DateTime<Utc>, DayTerms)>);

/// What each of these members means to do from a day on; who means to do nothing out of the ordinary is left out.
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
    // As for a standing: what ended before cannot be the terms of a later day, anywhere.
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

/// The cadences that are in force on a day or later, in the order of their days.
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
