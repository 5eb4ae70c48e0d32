//! The jobs' table.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{ActiveModel, Column, Entity, JobState, Model};
use entity::{JobId, LeaseHolder};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::Job;
use crate::app::App;
use crate::error::Fault;

/// Adds a job to what `tx` will commit; it runs at `run_at` or soon after. Wake the worker after the
/// commit when it is due at once.
pub async fn enqueue(
    app: &App,
    tx: &impl ConnectionTrait,
    job: &Job,
    run_at: DateTime<Utc>,
) -> Result<(), Fault> {
    insert(app, tx, job, run_at, None).await
}

/// As [`enqueue`], but merges into a job with the same key that has not been started.
pub async fn enqueue_once(
    app: &App,
    tx: &impl ConnectionTrait,
    job: &Job,
    run_at: DateTime<Utc>,
    dedup_key: String,
) -> Result<(), Fault> {
    insert(app, tx, job, run_at, Some(dedup_key)).await
}

async fn insert(
    app: &App,
    tx: &impl ConnectionTrait,
    job: &Job,
    run_at: DateTime<Utc>,
    dedup_key: Option<String>,
) -> Result<(), Fault> {
    let row = ActiveModel {
        id: Set(app.ids.next()),
        kind: Set(job.name().to_owned()),
        payload: Set(serde_json::to_string(job)?),
        dedup_key: Set(dedup_key),
        state: Set(JobState::Ready),
        run_at: Set(run_at),
        attempts: Set(0),
        lease_holder: Set(None),
        lease_until: Set(None),
        last_error: Set(None),
        created_at: Set(app.clock.now()),
    };
    Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// When the next job is due; none when there is none.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = Entity::find()
        .select_only()
        .column(Column::RunAt)
        .filter(Column::State.eq(JobState::Ready))
        .order_by_asc(Column::RunAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// Takes up to `limit` due jobs under a lease; no two callers get the same one.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::State.eq(JobState::Ready))
        .and_where(Column::RunAt.lte(now))
        .and_where(Column::LeaseUntil.is_null().or(Column::LeaseUntil.lt(now)))
        .order_by(Column::RunAt, sea_orm::Order::Asc)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let mut claimed = Entity::update_many()
        .col_expr(Column::LeaseHolder, Expr::value(holder))
        .col_expr(Column::LeaseUntil, Expr::value(now + lease))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(db)
        .await?;
    claimed.sort_by_key(|job| (job.run_at, job.id));
    Ok(claimed)
}

/// Removes a job that is done; false when the lease had passed to another.
pub(super) async fn finish(db: &impl ConnectionTrait, job: &Model) -> Result<bool, Fault> {
    let done = Entity::delete_many()
        .filter(still_ours(job))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts a job back for later, or keeps it as failed when there is no later.
pub(super) async fn fail(
    db: &impl ConnectionTrait,
    job: &Model,
    retry_at: Option<DateTime<Utc>>,
    class: &str,
) -> Result<(), Fault> {
    let state = if retry_at.is_some() {
        JobState::Ready
    } else {
        JobState::Failed
    };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::RunAt, Expr::value(retry_at.unwrap_or(job.run_at)))
        .col_expr(Column::LeaseHolder, Expr::value(None::<LeaseHolder>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::LastError, Expr::value(class))
        .filter(still_ours(job))
        .exec(db)
        .await?;
    Ok(())
}

fn still_ours(job: &Model) -> sea_orm::Condition {
    let id: JobId = job.id;
    sea_orm::Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::LeaseHolder.eq(job.lease_holder))
        .add(Column::Attempts.eq(job.attempts))
}
