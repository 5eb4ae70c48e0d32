//! What operators' machines ask: is the process alive, can it serve, what has it done.

use std::future::Future;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use tokio::sync::Mutex;

use super::Edge;
use crate::db::{self, Db};

/// A database that takes longer than this is not there for members either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// An answer is given again for so long: whoever asks more often, and that may be anybody, costs nothing more.
const ANSWER_LASTS: Duration = Duration::from_secs(1);

/// Whether the database can be served from; why not, when it cannot.
type Verdict = Result<(), &'static str>;

/// What was found when somebody last asked, and when.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Verdict)>>);

impl Readiness {
    /// The last answer, or a new one when it is too old. Of several who ask at a time one looks, and the others wait.
    async fn verdict(&self, now: Instant, look: impl Future<Output = Verdict>) -> Verdict {
        let mut last = self.0.lock().await;
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

/// `/healthz`: the process lives. Says nothing of the database: restarting us would not mend it.
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// `/readyz`: the database answers, its schema is up to date, and the process is not about to end.
pub async fn readyz(State(edge): State<Edge>) -> Response<Body> {
    if edge.shutdown.is_draining() {
        return not_ready("the process is ending");
    }
    let looking = look(&edge.app.db);
    match edge.readiness.verdict(Instant::now(), looking).await {
        Ok(()) => "ready\n".into_response(),
        Err(why) => not_ready(why),
    }
}

async fn look(db: &Db) -> Verdict {
    match tokio::time::timeout(DATABASE_PATIENCE, db::pending(db)).await {
        Ok(Ok(steps)) if steps.is_empty() => Ok(()),
        Ok(Ok(_)) => Err("the schema is behind: run `belay migrate`"),
        Ok(Err(_)) => Err("the database refuses to answer"),
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

/// `/metrics`, in Prometheus's text format.
pub async fn metrics(State(edge): State<Edge>) -> Response<Body> {
    let pool = edge.app.db.size();
    metrics::gauge!("belay_db_connections", "state" => "idle").set(pool.idle);
    metrics::gauge!("belay_db_connections", "state" => "busy")
        .set(pool.open.saturating_sub(pool.idle));
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, edge.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn the_database_is_asked_once_a_second_however_often_we_are() {
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
