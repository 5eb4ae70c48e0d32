//! The HTTP edge: connections, the way from a request to the schema and back, and what operators ask.
//!
//! The promises: a request costs no more than its limits say; a bad token is an error and never silently
//! nobody; the cause of a fault goes to the log, once and with the request's id, and never to a client; and
//! of a request nothing is logged but its one line.

pub mod address;
mod document;
mod errors;
mod graphiql;
mod graphql;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "called once requests are priced")
)]
mod guard;
mod operations;
mod request_log;
pub(crate) mod respond;
mod router;
pub mod server;
mod viewer;

use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

pub(crate) use document::is_json;
pub use router::{api, operations as operations_router};

use crate::app::App;
use crate::graphql::BelaySchema;
use crate::shutdown::Shutdown;

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct Edge(Arc<EdgeParts>);

/// See [`Edge`].
pub struct EdgeParts {
    /// What everything is given.
    pub app: App,
    /// The schema, ready to run.
    pub schema: BelaySchema,
    /// Whether the process is about to end.
    pub shutdown: Shutdown,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
}

impl Edge {
    /// Puts the parts together.
    pub fn new(app: App, shutdown: Shutdown, metrics: PrometheusHandle) -> Self {
        Self(Arc::new(EdgeParts {
            schema: crate::graphql::build(app.clone()),
            app,
            shutdown,
            metrics,
        }))
    }
}

impl Deref for Edge {
    type Target = EdgeParts;

    fn deref(&self) -> &EdgeParts {
        &self.0
    }
}
