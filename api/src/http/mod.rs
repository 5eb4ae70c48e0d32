//! The HTTP edge: connections, the way from a request to the schema and back, and what operators ask.
//!
//! The promises: a request costs no more than its limits say; a bad token is an error and never silently
//! nobody; the cause of a fault goes to the log, once and with the request's id, and never to a client; and
//! of a request nothing is logged but its one line.

mod accept;
pub mod address;
mod body;
mod browsers;
mod budget;
pub mod connections;
pub mod documents;
mod errors;
mod events;
mod extent;
mod framing;
mod graphiql;
mod graphql;
mod guard;
mod host;
mod in_flight;
mod kept;
mod operation;
mod operations;
mod params;
mod places;
mod pulse;
mod refusal;
mod request_log;
pub(crate) mod respond;
mod router;
mod said;
pub mod server;
mod socket;
mod taken;
mod under_way;
mod viewer;

use std::ops::Deref;
use std::sync::Arc;

use budget::Budget;
use documents::{Documents, ManifestError};
use in_flight::InFlight;
use metrics_exporter_prometheus::PrometheusHandle;
use operations::Readiness;
use places::Places;

pub(crate) use body::is_json;
pub use router::{api, operations as operations_router};

use crate::app::App;
use crate::schema::input_types::InputTypes;
use crate::schema::{self, BelaySchema};
use crate::shutdown::Shutdown;

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct Edge(Arc<EdgeParts>);

/// See [`Edge`].
pub struct EdgeParts {
    /// What everything is given.
    pub app: App,
    /// The schema, ready to run.
    pub(crate) schema: BelaySchema,
    /// The types of variables.
    pub(crate) input_types: InputTypes,
    /// Documents that are known.
    pub(crate) documents: Documents,
    /// What may be asked for.
    pub(crate) budget: Budget,
    /// What is being sent.
    pub(crate) in_flight: InFlight,
    /// How many may hold a socket or a stream of events.
    pub(crate) places: Places,
    /// What `/readyz` last found.
    pub(crate) readiness: Readiness,
    /// Whether the process is about to end.
    pub shutdown: Shutdown,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

impl Edge {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When the manifest of trusted documents cannot be used.
    pub fn new(
        app: App,
        shutdown: Shutdown,
        metrics: PrometheusHandle,
    ) -> Result<Self, ManifestError> {
        Ok(Self(Arc::new(EdgeParts {
            schema: schema::build_validated(app.clone()),
            input_types: InputTypes::read(&schema::sdl()),
            documents: Documents::load(&app.config.graphql)?,
            budget: Budget::new(&app.config.graphql),
            in_flight: InFlight::new(&app.config.http),
            places: Places::new(&app.config.http),
            readiness: Readiness::default(),
            app,
            shutdown,
            metrics,
        })))
    }
}

impl Deref for Edge {
    type Target = EdgeParts;

    fn deref(&self) -> &EdgeParts {
        &self.0
    }
}
