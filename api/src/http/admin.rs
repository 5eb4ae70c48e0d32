//! The endpoints for operators: is the process alive, can it serve, and its metrics.

use std::future::Future;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use sea_orm::DbErr;
use tokio::sync::Mutex;

use super::HttpState;
use crate::app::App;
use crate::db::{self, Db, Writes};
use crate::jobs::backlog::{self, Backlog};

/// How long a probe waits for the database. A slower one does not serve members either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// How long a verdict is reused. The endpoint is public, so frequent requests must cost nothing.
const ANSWER_LASTS: Duration = Duration::from_secs(1);

/// How long a count of due jobs is reused.
const BACKLOG_LASTS: Duration = Duration::from_secs(5);

/// The time that a new worker has to catch up with jobs that were due before it started.
const CATCHING_UP: Duration = Duration::from_mins(15);

/// Whether the database can serve; the error says why not.
type Verdict = Result<(), &'static str>;

/// The last verdict and the last backlog, each with its time.
pub struct Readiness {
    verdict: Mutex<Option<(Instant, Verdict)>>,
    backlog: Mutex<Option<(Instant, Option<Backlog>)>>,
    began: Instant,
}

impl Default for Readiness {
    fn default() -> Self {
        Self {
            verdict: Mutex::default(),
            backlog: Mutex::default(),
            began: Instant::now(),
        }
    }
}

impl Readiness {
    /// Returns the jobs that are due, at most `BACKLOG_LASTS` old. `None` if the database does not answer.
    async fn backlog(&self, app: &App) -> Option<Backlog> {
        let mut last = self.backlog.lock().await;
        if let Some((when, backlog)) = &*last
            && when.elapsed() < BACKLOG_LASTS
        {
            return backlog.clone();
        }
        let looking = backlog::look(app.db.pool(), app.clock.now());
        let looked = tokio::time::timeout(DATABASE_PATIENCE, looking).await;
        let backlog = looked.ok().and_then(Result::ok);
        *last = Some((Instant::now(), backlog.clone()));
        backlog
    }

    /// Returns the last verdict, or a new one if it is too old. Of several concurrent callers one looks and the others
    /// wait.
    async fn verdict(&self, now: Instant, look: impl Future<Output = Verdict>) -> Verdict {
        let mut last = self.verdict.lock().await;
        if let Some((when, verdict)) = *last
            && now.saturating_duration_since(when) < ANSWER_LASTS
        {
            return verdict;
        }
        let verdict = look.await;
        *last = Some((now, verdict));
        verdict
    }
}

/// `/healthz`: the process lives. It does not check the database, because a restart would not mend that.
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// `/readyz`: the database takes writes, its schema is up to date, and the process is not shutting down. If no worker
/// takes due jobs, the answer says so but stays "ready": members are still served.
pub async fn readyz(State(state): State<HttpState>) -> Response<Body> {
    match ready(&state).await {
        Ok(None) => "ready\n".into_response(),
        Ok(Some(stalled)) => format!("ready, but {stalled}\n").into_response(),
        Err(why) => not_ready(why),
    }
}

/// `/readyz` of a process that runs only the worker. It is not ready if due jobs are not taken. A new process has
/// `CATCHING_UP` to catch up.
pub async fn readyz_of_worker(State(state): State<HttpState>) -> Response<Body> {
    match ready(&state).await {
        Ok(Some(stalled)) if state.readiness.began.elapsed() > CATCHING_UP => not_ready(&stalled),
        Ok(_) => "ready\n".into_response(),
        Err(why) => not_ready(why),
    }
}

/// Returns an error if the process is not ready. Otherwise returns a line about the due jobs that no worker takes, or
/// `None` if there are none.
async fn ready(state: &HttpState) -> Result<Option<String>, &'static str> {
    if state.shutdown.is_draining() {
        return Err("the process is shutting down");
    }
    let looking = look(&state.app.db);
    state.readiness.verdict(Instant::now(), looking).await?;
    let lease = state.app.config.worker.lease_seconds;
    let backlog = state.readiness.backlog(&state.app).await;
    let stalled = backlog.map(|backlog| backlog.stalled(lease));
    let kinds = stalled.unwrap_or_default();
    let kinds: Vec<_> = kinds.iter().map(|line| line.kind).collect();
    Ok((!kinds.is_empty()).then(|| format!("no worker takes what is due: {}", kinds.join(", "))))
}

async fn look(db: &Db) -> Verdict {
    let looking = async {
        let steps = db::pending(db).await?;
        Ok::<_, DbErr>((steps, db::takes_writes(db).await?))
    };
    match tokio::time::timeout(DATABASE_PATIENCE, looking).await {
        Ok(Ok((steps, _))) if !steps.is_empty() => Err("the schema is behind: run `belay migrate`"),
        Ok(Ok((_, Writes::Taken))) => Ok(()),
        Ok(Ok((_, Writes::Refused))) => Err("the database takes no writes"),
        Ok(Ok((_, Writes::DiskFull))) => Err("the disk of the database is full"),
        Ok(Err(_)) => Err("the database answers with an error"),
        Err(_) => Err("the database does not answer within a second"),
    }
}

fn not_ready(why: &str) -> Response<Body> {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("not ready: {why}\n"),
    )
        .into_response()
}

/// `/metrics`, in the Prometheus text format.
pub async fn metrics(State(state): State<HttpState>) -> Response<Body> {
    let pool = state.app.db.size();
    metrics::gauge!("belay_db_connections", "state" => "idle").set(pool.idle);
    metrics::gauge!("belay_db_connections", "state" => "busy")
        .set(pool.open.saturating_sub(pool.idle));
    if let Some(backlog) = state.readiness.backlog(&state.app).await {
        backlog.measure();
    }
    let zones = &state.app.zones.installed;
    metrics::gauge!("belay_zone_data_info", "version" => zones.version.to_string(), "source" => zones.origin.word())
        .set(1);
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, state.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn readiness_queries_the_database_at_most_once_a_second() {
        let (readiness, asked) = (Readiness::default(), Cell::new(0));
        let began = Instant::now();
        let ask = async |after: u64, verdict: Verdict| {
            let look = async {
                asked.set(asked.get() + 1);
                verdict
            };
            let now = began + Duration::from_millis(after);
            (readiness.verdict(now, look).await, asked.get())
        };
        assert_eq!(ask(0, Ok(())).await, (Ok(()), 1));
        assert_eq!(ask(999, Err("gone")).await, (Ok(()), 1));
        assert_eq!(ask(1_000, Err("gone")).await, (Err("gone"), 2));
        assert_eq!(ask(1_500, Ok(())).await, (Err("gone"), 2));
        assert_eq!(ask(2_000, Ok(())).await, (Ok(()), 3));
    }
}
