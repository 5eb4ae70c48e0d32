//! The jobs' table.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{ActiveModel, Column, Entity, JobState, Lane, Model};
use entity::{JobId, LeaseHolder, MemberId};
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait as _, LikeExpr, LockBehavior, LockType, OnConflict, Query,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::Job;
use crate::app::App;
use crate::db::delete_slice;
use crate::error::Fault;

/// Adds a job to what `tx` will commit; it runs at `run_at` or soon after. Wake the worker after the
/// commit when it is due at once.
pub async fn enqueue(
    app: &App,
    tx: &impl ConnectionTrait,
    job: &Job,
    run_at: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = row(app, job, run_at, None)?;
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// As [`enqueue`], but merges into a job with the same key that has not been started, which then runs at the
/// earlier of the two times.
pub async fn enqueue_once(
    app: &App,
    tx: &impl ConnectionTrait,
    job: &Job,
    run_at: DateTime<Utc>,
    dedup_key: String,
) -> Result<(), Fault> {
    let one = Once {
        job: job.clone(),
        run_at,
        dedup_key,
    };
    enqueue_all_once(app, tx, std::slice::from_ref(&one)).await
}

/// A job for [`enqueue_all_once`].
#[derive(Clone, Debug)]
pub struct Once {
    /// What to do.
    pub job: Job,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Jobs that have not been started and have the same key are one.
    pub dedup_key: String,
}

/// Rows written by one statement: each takes twelve of the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// As [`enqueue_once`], for many in few statements; their keys differ.
pub async fn enqueue_all_once(
    app: &App,
    tx: &impl ConnectionTrait,
    jobs: &[Once],
) -> Result<(), Fault> {
    let other = Expr::col((Entity, Column::RunAt));
    let asked = Expr::col(("excluded", Column::RunAt));
    let earlier = CaseStatement::new()
        .case(asked.clone().lt(other.clone()), asked)
        .finally(other);
    // An update, because it locks the row: whoever claims the job meanwhile waits for this transaction, and
    // then sees what it wrote.
    let merged = OnConflict::column(Column::DedupKey)
        .target_and_where(Expr::cust("\"attempts\" = 0"))
        .value(Column::RunAt, earlier)
        .to_owned();
    for chunk in jobs.chunks(ROWS_AT_ONCE) {
        let rows = chunk
            .iter()
            .map(|once| row(app, &once.job, once.run_at, Some(once.dedup_key.clone())));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Entity::insert_many(rows)
            .on_conflict(merged.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

fn row(
    app: &App,
    job: &Job,
    run_at: DateTime<Utc>,
    dedup_key: Option<String>,
) -> Result<ActiveModel, Fault> {
    Ok(ActiveModel {
        id: Set(app.ids.next()),
        kind: Set(job.name().to_owned()),
        lane: Set(job.lane()),
        payload: Set(serde_json::to_string(job)?),
        dedup_key: Set(dedup_key),
        state: Set(JobState::Ready),
        run_at: Set(run_at),
        attempts: Set(0),
        lease_holder: Set(None),
        lease_until: Set(None),
        last_error: Set(None),
        created_at: Set(app.clock.now()),
    })
}

/// Jobs that are to be done. Written out and not bound: a partial index serves no statement that leaves the
/// state open.
fn ready() -> Expr {
    Expr::cust("\"job\".\"state\" = 'ready'")
}

/// When the next job can be taken up; none when there is none.
pub(crate) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    let at = Expr::col(Column::LeaseUntil).if_null(Expr::col(Column::RunAt));
    let next = Entity::find()
        .select_only()
        .expr_as(at.clone(), "at")
        .filter(ready())
        .order_by(at, Order::Asc)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// Takes up to `limit` due jobs of a lane under a lease; no two callers get the same one.
pub(crate) async fn claim(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    lane: Lane,
    (now, lease): (DateTime<Utc>, TimeDelta),
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(ready())
        .and_where(Column::Lane.eq(lane))
        .and_where(Column::RunAt.lte(now))
        .and_where(Column::LeaseUntil.is_null().or(Column::LeaseUntil.lte(now)))
        .order_by(Column::RunAt, Order::Asc)
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

/// Makes a lease last until an instant. Returns `false` if it had passed to another.
pub(crate) async fn renew(
    db: &impl ConnectionTrait,
    job: &Model,
    until: DateTime<Utc>,
) -> Result<bool, Fault> {
    let renewed = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(still_ours(job))
        .exec(db)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Removes a job that is done; false when the lease had passed to another.
pub(crate) async fn finish(db: &impl ConnectionTrait, job: &Model) -> Result<bool, Fault> {
    let done = Entity::delete_many()
        .filter(still_ours(job))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts a job back for later, or keeps it as failed when there is no later.
pub(crate) async fn fail(
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

/// Removes what is to be done, or was given up, about a member who is gone: it names him or his address. What removes
/// him is one of these jobs, and ends by itself.
pub async fn forget(
    tx: &impl ConnectionTrait,
    member: MemberId,
    email_key: &str,
    email: &str,
) -> Result<(), Fault> {
    let named = |text: &str| {
        // As it stands in JSON, and without a meaning for LIKE.
        let quoted = serde_json::to_string(text)?;
        let plain = quoted
            .replace('!', "!!")
            .replace('%', "!%")
            .replace('_', "!_");
        Ok::<_, Fault>(Column::Payload.like(LikeExpr::new(format!("%{plain}%")).escape('!')))
    };
    let his = Condition::any()
        .add(named(&member.to_string())?)
        .add(named(email_key)?)
        .add(named(email)?);
    Entity::delete_many()
        .filter(his)
        .filter(Column::Kind.ne("purge_account"))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the jobs that were given up and were due before an instant; returns how many.
pub(crate) async fn remove_failed(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    // Written out: see `ready`.
    let failed = Expr::cust("\"job\".\"state\" = 'failed'");
    let old = Condition::all().add(failed).add(Column::RunAt.lt(before));
    Ok(delete_slice::<Entity>(db, old).await?)
}

fn still_ours(job: &Model) -> Condition {
    let id: JobId = job.id;
    Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::LeaseHolder.eq(job.lease_holder))
        .add(Column::Attempts.eq(job.attempts))
}
