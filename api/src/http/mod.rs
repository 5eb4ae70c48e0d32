//! The HTTP layer: connections, the way from a request to the schema and back, and the endpoints for operators.
//!
//! The promises:
//! * A request costs no more than its limits allow.
//! * A bad token is an error. It never makes the caller anonymous.
//! * The cause of a fault is logged once, with the request's id, and is never shown to a client.
//! * Nothing of a request is logged but its one line.

mod accept;
pub mod address;
mod admin;
mod body;
mod body_buffer;
mod browsers;
mod budget;
mod busy_body;
mod connection_limits;
pub mod connections;
pub mod documents;
mod errors;
mod events;
mod framing;
mod graphiql;
mod graphql;
mod guard;
mod host;
mod in_flight;
mod json_limit;
mod keepalive;
mod operation;
mod params;
mod refusal;
mod reply;
mod request_log;
pub(crate) mod respond;
mod router;
pub mod server;
mod socket;
mod viewer;
mod write_progress;

use std::ops::Deref;
use std::sync::Arc;

use admin::Readiness;
use budget::Budget;
use connection_limits::ConnectionLimits;
use documents::{Documents, ManifestError};
use in_flight::InFlight;
use metrics_exporter_prometheus::PrometheusHandle;

pub(crate) use body::is_json;
pub use router::{api, operations as operations_router};

use crate::app::App;
use crate::schema::input_types::InputTypes;
use crate::schema::{self, BelaySchema};
use crate::shutdown::Shutdown;

/// The state that every handler gets. Cheap to clone.
#[derive(Clone)]
pub struct HttpState(Arc<HttpStateParts>);

/// The parts of an [`HttpState`].
pub struct HttpStateParts {
    /// The application.
    pub app: App,
    /// The executable schema.
    pub(crate) schema: BelaySchema,
    /// The input types, for checking variables.
    pub(crate) input_types: &'static InputTypes,
    /// The known documents.
    pub(crate) documents: Documents,
    /// The rate limit, in points.
    pub(crate) budget: Budget,
    /// The memory that incoming bodies and messages may hold.
    pub(crate) in_flight: InFlight,
    /// The limits on open sockets and event streams.
    pub(crate) connection_limits: ConnectionLimits,
    /// The last result of `/readyz`.
    pub(crate) readiness: Readiness,
    /// Whether the process is shutting down.
    pub shutdown: Shutdown,
    /// The metrics that `/metrics` shows.
    pub metrics: PrometheusHandle,
}

impl HttpState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// Fails if the manifest of trusted documents is invalid.
    pub fn new(
        app: App,
        shutdown: Shutdown,
        metrics: PrometheusHandle,
    ) -> Result<Self, ManifestError> {
        let schema = schema::build_validated(app.clone());
        Self::with_schema(app, schema, shutdown, metrics)
    }

    /// As [`HttpState::new`], with a schema that has extensions.
    ///
    /// # Errors
    /// As [`HttpState::new`].
    pub fn with_schema(
        app: App,
        schema: BelaySchema,
        shutdown: Shutdown,
        metrics: PrometheusHandle,
    ) -> Result<Self, ManifestError> {
        Ok(Self(Arc::new(HttpStateParts {
            schema,
            input_types: InputTypes::of_our_schema(),
            documents: Documents::load(&app.config.graphql)?,
            budget: Budget::new(&app.config.graphql),
            in_flight: InFlight::new(&app.config.http),
            connection_limits: ConnectionLimits::new(&app.config.http),
            readiness: Readiness::default(),
            app,
            shutdown,
            metrics,
        })))
    }
}

impl Deref for HttpState {
    type Target = HttpStateParts;

    fn deref(&self) -> &HttpStateParts {
        &self.0
    }
}
