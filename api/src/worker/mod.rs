//! The worker: finds due work, does it, and waits. Its work for each domain is listed here and in the files beside.

mod due;
mod housekeeping;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::LeaseHolder;
use entity::job::{self, Lane};
use futures::FutureExt as _;
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use sea_orm::Iterable as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::app::App;
use crate::error::Fault;
use crate::jobs::{Job, backoff, store};
use crate::notification::delivery;
use crate::{account, circle, notification, zone_change};

const RETRY_BASE: Duration = Duration::from_secs(10);
const RETRY_CAP: Duration = Duration::from_hours(1);
/// How many jobs of a lane run at the same time.
const fn places(lane: Lane) -> usize {
    match lane {
        Lane::Letters | Lane::Tasks => 8,
        Lane::Housekeeping => 1,
    }
}

/// The least pause after a fault.
const ERROR_PAUSE: Duration = Duration::from_millis(200);

/// Returns when the next job, delivery or other work is due, or `None` if nothing ever is. Work that is leased to
/// another worker, or whose sender pauses, counts from when it can be claimed.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    let mut all = vec![
        store::next_due(app.db.pool()).await?,
        delivery::service::next_due(app).await?,
    ];
    for due in &due::ALL {
        all.push((due.next)(app).await?);
    }
    Ok(all.into_iter().flatten().min())
}

/// Does background work. Any number of workers in any number of processes can share it.
#[derive(Clone)]
pub struct Worker {
    app: App,
    holder: LeaseHolder,
}

impl Worker {
    /// Creates a worker with its own id for its leases.
    pub fn new(app: App) -> Self {
        let holder = app.ids.next();
        Self { app, holder }
    }

    /// Works until told to stop, after finishing what it has started. Each kind of work has its own lane, so that a
    /// slow provider does not hold up mail or reminders.
    pub async fn run(self, stop: CancellationToken) {
        if let Err(fault) = housekeeping::schedule(&self.app, TimeDelta::zero()).await {
            tracing::error!(class = fault.class(), "housekeeping could not be scheduled");
        }
        if let Err(fault) = zone_change::begin(&self.app).await {
            tracing::error!(class = fault.class(), "instants could not be recomputed");
        }
        let due = due::ALL.iter();
        let due = due.map(|due| self.lane(due.name, &stop, || (due.run)(&self.app)));
        let jobs = Lane::iter().map(|lane| self.jobs(lane, &stop));
        tokio::join!(
            join_all(jobs),
            join_all(due),
            self.lane("deliveries", &stop, || self.deliver()),
        );
    }

    async fn lane<F: Future<Output = Result<usize, Fault>>>(
        &self,
        name: &'static str,
        stop: &CancellationToken,
        work: impl Fn() -> F,
    ) {
        let poll = Duration::from_secs(self.app.config.worker.poll_seconds);
        let mut wake = self.app.wake.listen();
        while !stop.is_cancelled() {
            let done = {
                let _present = self.app.gate.closed().await;
                work().await
            };
            match done {
                Ok(0) => {}
                Ok(_) => continue,
                Err(fault) => {
                    tracing::error!(lane = name, class = fault.class(), "no work could be done");
                    // Without a pause, wakes would turn an outage of the database into a storm of attempts.
                    tokio::time::sleep(ERROR_PAUSE).await;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.woken() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }

    /// Runs the jobs of a lane until told to stop, after finishing those it has started. A free place is filled at
    /// once, so that a slow job holds up only itself.
    async fn jobs(&self, lane: Lane, stop: &CancellationToken) {
        let poll = Duration::from_secs(self.app.config.worker.poll_seconds);
        let mut wake = self.app.wake.listen();
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            let free = places(lane).saturating_sub(running.len());
            let mut more = false;
            if free > 0 {
                let present = Arc::new(self.app.gate.closed().await);
                match self.claim(lane, free).await {
                    Ok(claimed) => {
                        more = claimed.len() == free;
                        for job in claimed {
                            let (worker, present) = (self.clone(), Arc::clone(&present));
                            running.spawn(async move {
                                worker.run_job(job).await;
                                drop(present);
                            });
                        }
                    }
                    Err(fault) => {
                        tracing::error!(lane = ?lane, class = fault.class(), "no jobs could be taken");
                        // Without a pause, wakes would turn an outage of the database into a storm of attempts.
                        tokio::time::sleep(ERROR_PAUSE).await;
                    }
                }
            }
            // If every place was filled, more jobs may be due: wait only for a free place.
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = running.join_next() => while running.try_join_next().is_some() {},
                () = wake.woken(), if !more => {}
                () = tokio::time::sleep(poll), if !more => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Does everything that is due now, including work that becomes due by it.
    pub async fn drain(&self) -> Result<(), Fault> {
        while self.step().await? > 0 {}
        Ok(())
    }

    /// Does one batch of each kind of work. Returns how much there was.
    async fn step(&self) -> Result<usize, Fault> {
        let mut taken = 0;
        for lane in Lane::iter() {
            taken += self.run_jobs(lane).await?;
        }
        for due in &due::ALL {
            taken += (due.run)(&self.app).await?;
        }
        Ok(taken + self.deliver().await?)
    }

    async fn deliver(&self) -> Result<usize, Fault> {
        delivery::service::deliver_due(&self.app, self.holder).await
    }

    fn lease(&self) -> TimeDelta {
        TimeDelta::seconds(self.app.config.worker.lease_seconds.into())
    }

    async fn claim(&self, lane: Lane, places: usize) -> Result<Vec<job::Model>, Fault> {
        let app = &self.app;
        let limit = app.config.worker.job_batch.min(places as u64);
        let term = (app.clock.now(), self.lease());
        store::claim(app.db.pool(), self.holder, lane, term, limit).await
    }

    async fn run_jobs(&self, lane: Lane) -> Result<usize, Fault> {
        let claimed = self.claim(lane, places(lane)).await?;
        let count = claimed.len();
        stream::iter(claimed)
            .for_each_concurrent(None, |job| self.run_job(job))
            .await;
        Ok(count)
    }

    /// Renews the lease of a job while it runs. Returns if the job has passed to another worker.
    async fn keep(&self, job: &job::Model) {
        let app = &self.app;
        let third = Duration::from_secs(app.config.worker.lease_seconds.into()) / 3;
        loop {
            tokio::time::sleep(third).await;
            let until = app.clock.now() + self.lease();
            match store::renew(app.db.pool(), job, until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => {
                    tracing::warn!(job = %job.id, class = fault.class(), "a lease could not be renewed");
                }
            }
        }
    }

    async fn run_job(&self, job: job::Model) {
        let span = tracing::info_span!(
            "job",
            job = %job.id,
            kind = job.kind,
            attempt = job.attempts,
            request_id = job.request_id.map(tracing::field::display)
        );
        self.run_to_its_end(job).instrument(span).await;
    }

    async fn run_to_its_end(&self, job: job::Model) {
        let app = &self.app;
        let work = async {
            // The last `max_attempts` attempts began and did not end: the job may be what kills the process.
            if job.attempts % (app.config.worker.max_attempts + 1) == 0 {
                return Err(Fault::Broken("a job kills no process"));
            }
            match serde_json::from_str::<Job>(&job.payload) {
                // Boxed because some futures are large, and none is started often.
                Ok(work) => Box::pin(caught(perform(app, work))).await,
                Err(fault) => Err(fault.into()),
            }
        };
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = self.keep(&job) => {
                tracing::warn!(job = %job.id, kind = job.kind, "another worker has this job by now");
                return;
            }
        };
        let recorded = match outcome {
            Ok(()) => store::finish(app.db.pool(), &job).await.map(|_| ()),
            Err(fault) => {
                let attempt = u32::try_from(job.attempts).unwrap_or(1);
                // Housekeeping is never given up: it waits, and is tried again.
                let last = job.lane != Lane::Housekeeping
                    && job.attempts >= app.config.worker.max_attempts;
                let wait = backoff(&app.entropy, attempt, RETRY_BASE, RETRY_CAP);
                let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
                let retry_at = (!last).then(|| app.clock.now() + wait);
                metrics::counter!("belay_job_failures_total", "kind" => job.kind.clone())
                    .increment(1);
                tracing::warn!(
                    job = %job.id, kind = job.kind, attempt, given_up = last, class = fault.class(),
                    "a job failed"
                );
                store::fail(app.db.pool(), &job, retry_at, &fault.class()).await
            }
        };
        if let Err(fault) = recorded {
            // The lease will expire, and the job will be claimed again.
            tracing::error!(job = %job.id, class = fault.class(), "a job's end could not be recorded");
        }
    }
}

/// Turns a panic of a job into a failed attempt, so that it does not end the worker.
async fn caught(work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or(Err(Fault::Broken("a job does not panic")))
}

/// Runs one job. Every job must be idempotent.
async fn perform(app: &App, job: Job) -> Result<(), Fault> {
    match job {
        Job::MailSignUp { sign_up } => account::jobs::mail_sign_up(app, sign_up).await,
        Job::MailPassphraseReset { email_key, request } => {
            account::jobs::mail_passphrase_reset(app, &email_key, request).await
        }
        Job::MailEmailChange { code } => account::jobs::mail_email_change(app, code).await,
        Job::MailEmailChangeUndo { change } => {
            account::jobs::mail_email_change_undo(app, change).await
        }
        Job::ApplyEmailChange { change } => account::jobs::apply_email_change(app, change).await,
        Job::MailAccountNotice {
            member,
            email,
            notice,
        } => account::jobs::mail_notice(app, member, &email, notice).await,
        Job::MailUnledCircle { circle } => circle::service::mail_unled(app, circle).await,
        Job::PurgeAccount { member } => account::jobs::purge_account(app, member).await,
        Job::PlanNotification { notification } => {
            notification::plan::notification(app, notification).await
        }
        Job::Housekeeping => housekeeping::round(app).await,
    }
}
