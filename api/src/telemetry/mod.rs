//! Telemetry: log lines on standard error, metrics, and traces.
//!
//! No line at any level contains anybody's passphrase, token, address, note or other text. Our own lines keep this
//! promise. Libraries are limited to warnings, because some of them log what they send. The `RUST_LOG` variable is
//! ignored for the same reason.

#[cfg(feature = "otlp")]
mod otlp;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogConfig, LogFormat, LogLevel};
use crate::security;

/// The crates whose lines are ours.
const OURS: [&str; 5] = ["api", "belay", "entity", "fcm", "migration"];

/// The buckets of histograms in seconds, from a statement on a warm index to an operation that is given up.
const SECONDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0,
];
const COUNTS: [f64; 9] = [0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 55.0];

/// Exports traces for as long as it lives, if the configuration names a collector.
#[cfg(feature = "otlp")]
pub type Traces = Option<otlp::Traces>;
/// Nothing: this build does not export traces.
#[cfg(not(feature = "otlp"))]
pub type Traces = ();

/// Sends log lines to standard error from now on, and panics to the log. Does nothing if it was called before.
pub fn init(config: &LogConfig) {
    subscribe(config, None);
}

/// As [`init`], for a process that serves: it exports traces as well. Must be called outside an async runtime.
#[must_use]
pub fn init_with_traces(config: &LogConfig) -> Traces {
    #[cfg(not(feature = "otlp"))]
    init(config);
    #[cfg(feature = "otlp")]
    {
        let traces = config.otlp_url.as_ref().map(otlp::Traces::to);
        let (traces, error) = match traces.transpose() {
            Ok(traces) => (traces, None),
            Err(error) => (None, Some(error)),
        };
        let layer = traces.as_ref().map(|traces| {
            let layer = traces.layer::<Registry>();
            layer.with_filter(filter(LogLevel::Info)).boxed()
        });
        subscribe(config, layer);
        if let Some(error) = error {
            tracing::warn!(%error, "no traces are exported");
        }
        traces
    }
}

fn subscribe(config: &LogConfig, traces: Option<Box<dyn Layer<Registry> + Send + Sync>>) {
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        // A closed terminal is no reason to panic.
        .log_internal_errors(false);
    let filter = filter(config.level);
    let layer = match config.format {
        LogFormat::Pretty => {
            use std::io::IsTerminal as _;
            let ansi = std::io::stderr().is_terminal();
            lines.with_ansi(ansi).with_filter(filter).boxed()
        }
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    };
    if tracing_subscriber::registry()
        .with(traces)
        .with(layer)
        .try_init()
        .is_ok()
    {
        // A panic's message may quote a value; its location cannot.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place = place.unwrap_or_default(), "a panic");
        }));
    }
}

/// Lets through our crates at the chosen level, other crates at warnings or more severe lines, and the security log at
/// every level.
fn filter(level: LogLevel) -> Targets {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_targets(OURS.map(|name| (name, ours)))
        .with_target(security::TARGET, LevelFilter::INFO)
        // It logs every attempt to connect; the bus logs an outage once.
        .with_target("async_nats", LevelFilter::OFF)
        .with_default(ours.min(LevelFilter::WARN))
}

/// Collects metrics from now on. A process has one recorder, which later calls return again.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_statements".to_owned()), &COUNTS)?
        .install_recorder()?;
    Ok(RECORDER.get_or_init(|| handle).clone())
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_never_log_below_warnings() {
        let trace = filter(LogLevel::Trace);
        assert!(trace.would_enable("api::http::graphql", &Level::TRACE));
        assert!(trace.would_enable("fcm", &Level::TRACE));
        for library in ["sqlx::query", "hyper_util", "h2", "lettre", "rustls"] {
            assert!(trace.would_enable(library, &Level::WARN));
            assert!(!trace.would_enable(library, &Level::INFO), "{library}");
        }
        assert!(!trace.would_enable("async_nats::connector", &Level::ERROR));
        let error = filter(LogLevel::Error);
        assert!(!error.would_enable("api", &Level::WARN));
        assert!(!error.would_enable("sqlx", &Level::WARN));
        assert!(error.would_enable(security::TARGET, &Level::INFO));
    }
}
