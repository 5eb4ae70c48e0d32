//! The log line of a request, and its metrics.

use std::time::Instant;

use async_graphql::parser::types::OperationType;
use entity::MemberId;
use http::StatusCode;
use tracing::Span;
use uuid::Uuid;

use crate::db::Stats;
use crate::graphql::code::Code;

/// The longest operation name, in bytes, that is repeated in the log.
const MAX_NAME: usize = 64;

/// The id of a request (UUID version 7, generated here). It stands in the answer, in the log line and beside every
/// logged cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// The span of the request: every line that is logged in it has the id.
    pub fn span(self) -> Span {
        tracing::info_span!("request", request_id = %self.0)
    }
}

/// Gathers the fields of the log line and writes it on drop, so that a request is logged even if its client
/// disconnected or it panicked.
#[derive(Debug)]
pub struct RequestLine {
    id: Uuid,
    began: Instant,
    /// Counts the database statements of the request.
    pub stats: Stats,
    /// The member who sent the request, or `None` if nobody is signed in.
    pub member: Option<MemberId>,
    operation: Option<OperationType>,
    name: Option<String>,
    status: Option<StatusCode>,
    codes: Vec<Code>,
}

impl RequestLine {
    /// Starts the timer.
    pub fn begin(RequestId(id): RequestId) -> Self {
        Self {
            id,
            began: Instant::now(),
            stats: Stats::of_request(id),
            member: None,
            operation: None,
            name: None,
            status: None,
            codes: Vec::new(),
        }
    }

    /// The request's id.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Sets the kind and the name of the operation. The name comes from the client, so it is logged only if it is a
    /// valid name (GraphQL §2.1.9) and short.
    pub fn operation(&mut self, kind: OperationType, name: Option<&str>) {
        self.operation = Some(kind);
        self.name = name.filter(|name| is_name(name)).map(str::to_owned);
    }

    /// Records one answer of an operation that may have several. The line lists the codes of all of them.
    pub fn record_codes(&mut self, codes: Vec<Code>) {
        self.status = Some(StatusCode::OK);
        for code in codes {
            if !self.codes.contains(&code) {
                self.codes.push(code);
            }
        }
    }

    /// Counts the expected refusals in the payloads. Returns their codes for the line.
    fn refusals(&self, operation: &'static str) -> String {
        let mut codes: Vec<String> = Vec::new();
        for (error, code) in self.stats.refusals() {
            let code = code.name();
            metrics::counter!(
                "belay_refusals_total", "type" => operation, "error" => error, "code" => code.clone()
            )
            .increment(1);
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes.join(" ")
    }

    /// Records the only answer: its status and its codes.
    pub fn answered(&mut self, status: StatusCode, codes: Vec<Code>) {
        self.status = Some(status);
        self.codes = codes;
    }
}

impl Drop for RequestLine {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let database = self.stats.snapshot();
        if self.status.is_none() && std::thread::panicking() {
            self.answered(StatusCode::INTERNAL_SERVER_ERROR, vec![Code::Internal]);
        }
        let operation = match self.operation {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        let refusals = self.refusals(operation);
        // Without a status the client disconnected before it got an answer.
        let outcome = match (self.status, self.codes.first()) {
            (None, _) => "GONE",
            (Some(_), Some(code)) => code.as_str(),
            (Some(_), None) if !refusals.is_empty() => "REFUSED",
            (Some(_), None) => "OK",
        };
        let codes: Vec<_> = self.codes.iter().map(|code| code.as_str()).collect();
        let codes = codes.join(" ");
        tracing::info!(
            request_id = %self.id,
            operation,
            name = self.name,
            member = self.member.map(tracing::field::display),
            status = self.status.map(|status| status.as_u16()),
            outcome,
            codes,
            refusals,
            statements = database.statements,
            db_ms = millis(database.time),
            ms = millis(took),
            "request"
        );
        metrics::counter!("belay_requests_total", "type" => operation, "code" => outcome)
            .increment(1);
        metrics::histogram!("belay_request_seconds", "type" => operation).record(took);
        metrics::histogram!("belay_request_db_seconds", "type" => operation).record(database.time);
        #[allow(
            clippy::cast_precision_loss,
            reason = "a request of 2⁵² statements has other troubles"
        )]
        metrics::histogram!("belay_request_statements", "type" => operation)
            .record(database.statements as f64);
    }
}

/// Rounds to a hundredth of a millisecond: more is noise.
fn millis(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MAX_NAME
        && bytes
            .next()
            .is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_graphql_names_count_as_names() {
        assert!(is_name("Home") && is_name("_h1") && is_name(&"h".repeat(64)));
        for other in ["", "1h", "a b", "mike@example.org", "ä", &"h".repeat(65)] {
            assert!(!is_name(other), "{other}");
        }
    }
}
