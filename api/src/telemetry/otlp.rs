//! Traces: a span for each request and each job, with its log lines, for a collector (OTLP over HTTP).
//!
//! The lines are those of the log, so they keep the same promise: ids and codes, and nothing of what members write.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// The longest wait for a collector, when a batch is sent and when the process ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// The exporter. Dropping it sends the spans that are left.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Exports to `/v1/traces` of the collector, in batches from a thread of its own.
    pub(super) fn to(collector: &Url) -> Result<Self, ExporterBuildError> {
        let traces = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(traces)
            .with_timeout(PATIENCE)
            .build()?;
        let resource = Resource::builder().with_service_name("belay").build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// The layer that gathers the spans. Source lines and thread names are left out: they tell a collector nothing.
    pub(super) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_tracer(self.0.tracer("belay"))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last traces are not exported");
        }
    }
}
