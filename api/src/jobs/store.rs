//! The table of jobs.

use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{ActiveModel, Column, Entity, JobState, Lane, Model};
use entity::{JobId, LeaseHolder, MemberId};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, LikeExpr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _,
};

use super::Job;
use crate::app::App;
use crate::db::leased::{self, Leased};
use crate::db::{Stats, delete_slice};
use crate::error::Fault;

/// Adds a job in `tx`. It runs at `run_at` or soon after. If it is due at once, wake the worker after the commit.
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

/// As [`enqueue`], but merges with a job that has the same key and was not started. The merged job runs at the earlier
/// of the two times.
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
    /// The job.
    pub job: Job,
    /// When it is due.
    pub run_at: DateTime<Utc>,
    /// Jobs with the same key that have not been started are merged.
    pub dedup_key: String,
}

/// How many rows one statement writes: each takes twelve of the 32,766 variables that SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// As [`enqueue_once`], for many jobs in few statements. Their keys must differ.
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
    // An update rather than nothing, because it locks the row: a worker that claims the job meanwhile waits for this
    // transaction and then sees its writes.
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
        request_id: Set(Stats::request()),
        created_at: Set(app.clock.now()),
    })
}

impl Leased for Entity {
    const ID: Column = Column::Id;
    const DUE: Column = Column::RunAt;
    const HOLDER: Column = Column::LeaseHolder;
    const UNTIL: Column = Column::LeaseUntil;
    const ATTEMPTS: Column = Column::Attempts;

    fn is_open() -> Expr {
        Expr::cust("\"job\".\"state\" = 'ready'")
    }
}

/// Returns when the next job can be claimed, or `None` if there is none.
pub(crate) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    leased::next_due::<Entity>(db).await
}

/// Claims up to `limit` due jobs of a lane under a lease, the earliest first. No two callers get the same job.
pub(crate) async fn claim(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    lane: Lane,
    at: (DateTime<Utc>, TimeDelta),
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let of_lane = Condition::all().add(Column::Lane.eq(lane));
    let mut claimed = leased::claim::<Entity>(db, holder, of_lane, at, limit).await?;
    claimed.sort_by_key(|job| (job.run_at, job.id));
    Ok(claimed)
}

/// Extends the lease of a job. Returns `false` if the job has passed to another worker.
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

/// Removes a job that is done. Returns `false` if it has passed to another worker.
pub(crate) async fn finish(db: &impl ConnectionTrait, job: &Model) -> Result<bool, Fault> {
    let done = Entity::delete_many()
        .filter(still_ours(job))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Schedules a job for another attempt, or keeps it as failed if `retry_at` is `None`.
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

/// Removes all jobs that name a purged member or the member's address, including failed ones. The job that purges the
/// account is kept: it is running, and ends by itself.
pub async fn forget(
    tx: &impl ConnectionTrait,
    member: MemberId,
    email_key: &str,
    email: &str,
) -> Result<(), Fault> {
    let named = |text: &str| {
        // As written in JSON, with the wildcards of LIKE escaped.
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

/// Removes a slice of the failed jobs that were due before an instant. Returns how many.
pub(crate) async fn remove_failed(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    // Written out: see [`Leased::is_open`].
    let failed = Expr::cust("\"job\".\"state\" = 'failed'");
    let old = Condition::all().add(failed).add(Column::RunAt.lt(before));
    Ok(delete_slice::<Entity>(db, old).await?)
}

fn still_ours(job: &Model) -> Condition {
    let id: JobId = job.id;
    let held = leased::still_held::<Entity>(job.lease_holder, job.attempts);
    held.add(Column::Id.eq(id))
}
