//! HTTP routes for app developers: the clock, and the mail and pushes sent so far. They do not exist in production.
//!
//! - `GET /dev/clock`
//! - `POST /dev/clock` with `{"set": "2026-03-28T22:00:00Z"}` or `{"advance": {"days": 1, "hours": 8, "minutes": 30,
//!   "seconds": 15}}`, in which each unit is optional
//! - `GET /dev/outbox`, oldest first. Filters: `?kind=mail`, `?kind=push`, and `?to=` with an e-mail address or push
//!   address

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::routing::get;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::time::{self, FARTHEST, Journey, TravelFault};
use crate::dev_outbox::Sent;
use crate::graphql::code::Code;
use crate::http::{HttpState, is_json, respond};

/// The largest body in bytes. Requests are short.
const BODY_LIMIT: usize = 1024;

/// Returns the developer's routes.
pub fn routes() -> Router<HttpState> {
    Router::new()
        .route("/dev/clock", get(clock).post(move_clock))
        .route("/dev/outbox", get(outbox))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Asked {
    Set(DateTime<Utc>),
    Advance(Amount),
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Amount {
    days: u32,
    hours: u32,
    minutes: u32,
    seconds: u32,
}

impl From<Asked> for Journey {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Set(to) => Self::To(to),
            Asked::Advance(amount) => Self::By(
                TimeDelta::days(amount.days.into())
                    + TimeDelta::hours(amount.hours.into())
                    + TimeDelta::minutes(amount.minutes.into())
                    + TimeDelta::seconds(amount.seconds.into()),
            ),
        }
    }
}

async fn clock(State(state): State<HttpState>) -> Response<Body> {
    show_time(state.app.clock.now())
}

async fn move_clock(
    State(state): State<HttpState>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // A web page that the developer visits could post plain text here, but not JSON.
    if !is_json(&headers) {
        return respond::error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest.as_str(),
            "The request must have the content type application/json.",
        );
    }
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else {
        return respond::error(
            StatusCode::BAD_REQUEST,
            Code::BadRequest.as_str(),
            r#"Send {"set": "2026-03-28T22:00:00Z"} or {"advance": {"days": 0, "hours": 8, "minutes": 0, "seconds": 0}}."#,
        );
    };
    // A separate task: a client that disconnects must not stop the journey half-way.
    let app = state.app.clone();
    let journey = tokio::spawn(async move { time::travel(&app, asked.into()).await });
    match journey.await {
        Ok(Ok(now)) => show_time(now),
        Ok(Err(TravelFault::Backward)) => respond::error(
            StatusCode::CONFLICT,
            "CLOCK_BACKWARD",
            "Time goes forward only: that instant has passed. GET /dev/clock says what time it is.",
        ),
        Ok(Err(TravelFault::TooFar)) => respond::error(
            StatusCode::BAD_REQUEST,
            Code::BadRequest.as_str(),
            &format!("At most {} days in one go.", FARTHEST.num_days()),
        ),
        Ok(Err(TravelFault::NotMovable)) => respond::error(
            StatusCode::CONFLICT,
            "CLOCK_NOT_MOVABLE",
            "This clock is the system's.",
        ),
        Ok(Err(TravelFault::Fault(fault))) => {
            tracing::error!(class = fault.class(), "time could not be moved");
            internal()
        }
        Err(_) => internal(),
    }
}

fn internal() -> Response<Body> {
    respond::error(
        StatusCode::INTERNAL_SERVER_ERROR,
        Code::Internal.as_str(),
        "Something due on the way could not be done; the log says more.",
    )
}

/// Answers with the clock's present time.
fn show_time(now: DateTime<Utc>) -> Response<Body> {
    let now = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    respond::json(StatusCode::OK, &json!({ "now": now }))
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Mail,
    Push,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    kind: Option<Kind>,
    to: Option<String>,
}

async fn outbox(State(state): State<HttpState>, wanted: Query<Wanted>) -> Response<Body> {
    let mut sent = state.app.dev_outbox.all();
    sent.retain(|sent| {
        let (kind, receiver) = match sent {
            Sent::Mail { to, .. } => (Kind::Mail, to),
            Sent::Push { address, .. } => (Kind::Push, address),
        };
        wanted.kind.is_none_or(|wanted| wanted == kind)
            && wanted.to.as_ref().is_none_or(|wanted| wanted == receiver)
    });
    respond::json(StatusCode::OK, &sent)
}
