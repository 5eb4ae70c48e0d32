//! `belay serve` and `belay worker`: the long-running processes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::listeners::{Door, Doors};
use super::{Failure, console, exposure, setup};
use crate::account;
use crate::app::App;
use crate::config::{self, Mode};
use crate::db::Part;
use crate::descriptors;
use crate::dev;
use crate::http::connections::Bounds;
use crate::http::documents::Documents;
use crate::http::{self, HttpState};
use crate::secret_check::Caller;
use crate::shutdown::{Ended, Shutdown, Signals};
use crate::worker::Worker;

/// How often histograms are compacted, so that they do not grow between two scrapes.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// The roles of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Answers requests.
    pub api: bool,
    /// Does background work.
    pub worker: bool,
}

impl Roles {
    /// The locks that these roles need on an embedded database.
    pub const fn parts(self) -> &'static [Part] {
        match (self.api, self.worker) {
            (true, true) => &[Part::Server, Part::Worker],
            (true, false) => &[Part::Server],
            (false, true) => &[Part::Worker],
            (false, false) => &[],
        }
    }
}

/// Loads the settings, assembles the service and runs it until it is told to end.
pub fn command(
    file: Option<&Path>,
    roles: Roles,
    at: Option<DateTime<Utc>>,
) -> Result<(), Failure> {
    descriptors::raise();
    let config = config::load(file)?;
    let _traces = crate::telemetry::init_with_traces(&config.log);
    let clock = setup::clock(config.mode, at)?;
    setup::block_on(async {
        // All checks that can stop the start run before anything is changed.
        let doors = Doors::reserve(&config, roles)?;
        Documents::load(&config.graphql).map_err(|error| {
            Failure::message(format!("{error}\nSee graphql.trusted_documents."))
        })?;
        let _occupied = setup::occupy(&config, roles.parts())?;
        if config.mode == Mode::Production {
            for exposed in exposure::look(&config, file) {
                exposed.warn();
            }
        }
        let app = setup::app(config, clock, Caller::Process).await?;
        run(app, roles, doors, |_, _| ()).await
    })
}

/// Runs until told to end: listens, prints the addresses, starts the tasks of the roles, and shuts down in order.
/// `greeting` can print more about the API's address.
pub async fn run(
    app: App,
    roles: Roles,
    doors: Doors,
    greeting: impl FnOnce(&App, SocketAddr),
) -> Result<(), Failure> {
    let signals = Signals::listen()
        .map_err(|error| Failure::message(format!("Signals cannot be listened for: {error}")))?;
    let metrics = crate::telemetry::metrics()
        .map_err(|error| Failure::message(format!("Metrics cannot be gathered: {error}")))?;
    let shutdown = Shutdown::default();
    if roles.api {
        // Before the first request, so that a session that ended recently is not accepted.
        account::revocations::poll(&app).await.map_err(|fault| {
            Failure::message(format!("Ended sessions cannot be read: {}", fault.class()))
        })?;
    }
    let state = HttpState::new(app.clone(), shutdown.clone(), metrics.clone())
        .map_err(|error| Failure::message(error.to_string()))?;

    let config = &app.config;
    let operations = doors.operations.map(Door::open).transpose()?;
    let api = doors.api.map(Door::open).transpose()?;
    if let Some((listener, address)) = operations {
        let router = http::operations_router(&state, roles.api);
        let bounds = Bounds::of_operators();
        listen(&app, &shutdown, "operations", (listener, bounds), router);
        console::say(format!("Operators ask at http://{address}"));
    }
    if let Some((listener, address)) = api {
        let bounds = Bounds::of_api(&config.http, descriptors::connections(config));
        listen(
            &app,
            &shutdown,
            "api",
            (listener, bounds),
            http::api(&state, dev::routes::routes()),
        );
        console::say(format!("Belay listens on http://{address}"));
        if config.mode == Mode::Development {
            console::say(format!("GraphiQL is at http://{address}/"));
        }
        greeting(&app, address);
    } else {
        console::say("Belay's worker is at work");
    }
    start_background(&app, roles, &shutdown, metrics);

    let drain = Duration::from_secs(config.http.drain_seconds);
    let grace = Duration::from_secs(config.http.shutdown_seconds);
    let ended = shutdown.run(signals, drain, grace).await;
    app.bus.flush().await;
    account::confirmations::write_last(&app).await;
    tracing::info!(?ended, "ended");
    match ended {
        Ended::Finished => {
            app.db.close().await;
            Ok(())
        }
        Ended::TimeOver(_) | Ended::Hurried | Ended::Crippled => Err(Failure::Silent),
    }
}

/// Starts the tasks that run beside requests for as long as the process runs. Each ends soon after
/// `shutdown.stopping()`.
fn start_background(app: &App, roles: Roles, shutdown: &Shutdown, metrics: PrometheusHandle) {
    let stop = shutdown.stopping();
    app.bus.start();
    let alone = roles.api && roles.worker;
    if !alone && !app.bus.reaches_others() {
        tracing::warn!(
            "bus.url is not set: devices connected to another process do not receive the events of this one"
        );
    }
    if roles.api {
        let watch = account::revocations::watch(app.clone(), stop.clone());
        shutdown.spawn_vital("revocations", watch);
        let write = account::confirmations::watch(app.clone(), stop.clone());
        shutdown.spawn_vital("confirmations", write);
    }
    if roles.worker {
        shutdown.spawn_vital("worker", Worker::new(app.clone()).run(stop.clone()));
    }
    shutdown.spawn_vital("metrics", async move {
        while stop
            .run_until_cancelled(tokio::time::sleep(METRICS_UPKEEP))
            .await
            .is_some()
        {
            metrics.run_upkeep();
        }
    });
}

fn listen(
    app: &App,
    shutdown: &Shutdown,
    name: &'static str,
    (listener, bounds): (TcpListener, Bounds),
    router: axum::Router,
) {
    let (config, tasks) = (app.config.http.clone(), shutdown.clone());
    shutdown.spawn_vital(name, async move {
        http::server::run(listener, router, &config, bounds, tasks).await;
    });
}
