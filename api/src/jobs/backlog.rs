//! The backlog: how much work is due, and for how long. If it grows old, no worker takes it, or nothing can be sent.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{check_in_reminder, commitment, job, ladder, push_delivery};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, QueryFilter as _, QuerySelect as _,
};

use crate::error::Fault;

/// The waiting work of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The kind.
    pub kind: &'static str,
    /// The number of items.
    pub count: i64,
    /// How long the oldest has waited, or zero if there is none.
    pub oldest: TimeDelta,
}

/// Everything that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Work that is due and not leased by a worker.
    pub due: Vec<Line>,
    /// Letters that were tried at least once and not sent yet.
    pub retried: Line,
    /// Jobs that were given up in the last weeks. An operator should look at them.
    pub given_up: Vec<Line>,
}

impl Backlog {
    /// Returns the work that has waited longer than it would with a running worker.
    pub fn stalled(&self, lease_seconds: u32) -> Vec<Line> {
        let patience = patience(lease_seconds);
        let due = self.due.iter().copied();
        due.filter(|line| line.oldest > patience).collect()
    }

    /// Returns the letters that cannot be sent, if that has lasted for some time.
    pub fn held_up(&self, lease_seconds: u32) -> Option<Line> {
        Some(self.retried).filter(|line| line.oldest > patience(lease_seconds))
    }

    /// Writes the backlog into the metrics.
    pub fn measure(&self) {
        for line in &self.due {
            metrics::gauge!("belay_due", "kind" => line.kind).set(count(*line));
            metrics::gauge!("belay_due_oldest_seconds", "kind" => line.kind).set(seconds(*line));
        }
        metrics::gauge!("belay_letters_retried").set(count(self.retried));
        metrics::gauge!("belay_letters_retried_oldest_seconds").set(seconds(self.retried));
        for line in &self.given_up {
            metrics::gauge!("belay_given_up", "kind" => line.kind).set(count(*line));
        }
    }
}

/// Returns how long work may wait. A worker that died leaves its leases behind, and others take its work only after
/// them.
fn patience(lease_seconds: u32) -> TimeDelta {
    TimeDelta::minutes(3).max(TimeDelta::seconds(lease_seconds.into()) * 2)
}

#[allow(clippy::cast_precision_loss, reason = "2⁵² rows have other troubles")]
fn count(line: Line) -> f64 {
    line.count as f64
}

fn seconds(line: Line) -> f64 {
    line.oldest.as_seconds_f64()
}

/// Counts the waiting work, in one statement for each kind.
pub async fn look(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Backlog, Fault> {
    use job::Column as Job;
    use push_delivery::Column as Delivery;
    // Written out and not bound: a partial index does not serve a statement with a bound state.
    let ready = || Expr::cust("\"job\".\"state\" = 'ready'");
    let on_its_way = Expr::cust("\"push_delivery\".\"state\" IN ('queued', 'retrying')");
    let letter = || Job::Kind.starts_with("mail_");
    let due_job = || {
        let free = Job::LeaseUntil.is_null().or(Job::LeaseUntil.lte(now));
        Condition::all()
            .add(ready())
            .add(Job::RunAt.lte(now))
            .add(free)
    };
    let free = Delivery::LeaseUntil
        .is_null()
        .or(Delivery::LeaseUntil.lte(now));
    let due_delivery = Condition::all()
        .add(on_its_way)
        .add(Delivery::DueAt.lte(now))
        .add(free);
    let run_at = || Expr::col(Job::RunAt);
    let due = vec![
        line::<job::Entity>(db, now, "letters", due_job().add(letter()), run_at()).await?,
        line::<job::Entity>(db, now, "jobs", due_job().add(letter().not()), run_at()).await?,
        line::<push_delivery::Entity>(
            db,
            now,
            "deliveries",
            due_delivery,
            Expr::col(Delivery::DueAt),
        )
        .await?,
        line::<check_in_reminder::Entity>(
            db,
            now,
            "reminders",
            Condition::all().add(check_in_reminder::Column::NextDueAt.lte(now)),
            Expr::col(check_in_reminder::Column::NextDueAt),
        )
        .await?,
        line::<commitment::Entity>(
            db,
            now,
            "asks",
            Condition::all().add(commitment::Column::NextAskAt.lte(now)),
            Expr::col(commitment::Column::NextAskAt),
        )
        .await?,
        line::<ladder::Entity>(
            db,
            now,
            "ladders",
            Condition::all().add(ladder::Column::NextDueAt.lte(now)),
            Expr::col(ladder::Column::NextDueAt),
        )
        .await?,
    ];
    let tried = Condition::all()
        .add(ready())
        .add(letter())
        .add(Job::Attempts.gt(0));
    // After one attempt a letter counts from `run_at`, because it may have been enqueued for later. Further attempts
    // move `run_at`, so then it counts from its creation.
    let since = CaseStatement::new()
        .case(Job::Attempts.gt(1), Expr::col(Job::CreatedAt))
        .finally(Expr::col(Job::RunAt));
    let retried = line::<job::Entity>(db, now, "letters", tried, since.into()).await?;
    let failed = || Condition::all().add(Job::State.eq(job::JobState::Failed));
    let given_up = vec![
        line::<job::Entity>(db, now, "letters", failed().add(letter()), run_at()).await?,
        line::<job::Entity>(db, now, "jobs", failed().add(letter().not()), run_at()).await?,
    ];
    Ok(Backlog {
        due,
        retried,
        given_up,
    })
}

async fn line<E: EntityTrait>(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    kind: &'static str,
    which: Condition,
    since: SimpleExpr,
) -> Result<Line, Fault> {
    let found: Option<(i64, Option<DateTime<Utc>>)> = E::find()
        .select_only()
        .expr_as(Expr::cust("count(*)"), "count")
        .expr_as(since.min(), "oldest")
        .filter(which)
        .into_tuple()
        .one(db)
        .await?;
    let (count, oldest) = found.unwrap_or_default();
    let oldest = oldest.map_or(TimeDelta::zero(), |since| {
        (now - since).max(TimeDelta::zero())
    });
    Ok(Line {
        kind,
        count,
        oldest,
    })
}
