//! From the parameters of a request to its outcome, the same way whatever it came by: HTTP, a socket or a
//! stream of events.
//!
//! Nothing is validated before it is priced, nothing runs before its price was paid, and what was validated
//! once is not again.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Request, Response, ServerError, Value};
use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _, stream};

use super::Edge;
use super::budget::{Receipt, Refused};
use super::documents::Found;
use super::guard::{self, Limits};
use super::params::Params;
use super::refusal::Refusal;
use crate::account::Viewer;
use crate::db::Stats;
use crate::graphql::context::Sender;

/// What a document that is refused costs whoever sends it.
const REFUSED: u64 = 10;
/// A mutation that has taken too long has so much longer for a commit it may have begun. Whoever asked is not kept
/// waiting for it.
const COMMITTING: Duration = Duration::from_secs(5);

/// Who asks, from where.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Nobody, or a member.
    pub viewer: Viewer,
    /// For what is limited by address.
    pub address: IpAddr,
    /// Whether he sent the developer token.
    pub developer: bool,
}

/// What the way a request came by can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A GET request: it may be repeated and followed by anybody, so it must not change anything.
    Get,
    /// A request that is answered once.
    Once,
    /// Something that is answered as often as there is something to say.
    Stream,
    /// As both: a GET request for events.
    GetStream,
}

/// An operation that may run: what it costs has been paid.
pub struct Prepared {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name in the document, when it has one.
    pub name: Option<String>,
    request: Request,
    found: Found,
    receipt: Receipt,
}

/// What came of a request.
pub type Outcome = Result<Response, Refusal>;

impl Edge {
    /// Finds the document, chooses its operation, prices it, takes the price and looks at the variables.
    pub async fn prepare(
        &self,
        mut params: Params,
        asker: &Asker,
        way: Way,
    ) -> Result<Prepared, Refusal> {
        let prepared = self.find_and_price(&mut params, asker, way).await;
        if let Err(refusal) = &prepared
            && refusal.is_of_the_document()
        {
            self.charge_refusal(asker);
        }
        prepared
    }

    /// Nobody is refused for free; that he cannot pay changes nothing any more.
    pub fn charge_refusal(&self, asker: &Asker) {
        let _ = self.budget.take(asker, REFUSED, self.app.clock.now());
    }

    async fn find_and_price(
        &self,
        params: &mut Params,
        asker: &Asker,
        way: Way,
    ) -> Result<Prepared, Refusal> {
        let limits = &Limits::STANDARD;
        self.pay(asker, 0)?;
        let found = self.documents.find(&self.app, params, asker).await?;
        let wanted = params.operation_name.take().filter(|name| !name.is_empty());
        let (kind, name) = select(&found.parsed.document, wanted.as_deref())?;
        way.carries(kind)?;

        let price = guard::price(
            &found.parsed.document,
            name.as_deref(),
            &params.variables,
            limits,
        )?;
        if found.parsed.introspects && !self.may_introspect(asker) {
            return Err(Refusal::new(
                "GRAPHQL_VALIDATION_FAILED",
                "The schema cannot be asked for here: introspection is off.",
            ));
        }
        let receipt = self.pay(asker, price.cost)?;

        let mut document = found.parsed.document.clone();
        if kind == OperationType::Subscription {
            guard::single_root(&mut document, name.as_deref())?;
        }
        let operation = operation(&document, name.as_deref());
        let definitions = operation.map_or(&[][..], |operation| &operation.variable_definitions);
        self.input_types
            .check(definitions, &params.variables)
            .map_err(|fault| Refusal::new("BAD_USER_INPUT", &fault))?;

        let mut variables = std::mem::take(&mut params.variables);
        // What nobody declared is read by nobody, and a subscription would hold it for as long as it lives.
        variables.retain(|name, _| {
            definitions
                .iter()
                .any(|definition| definition.node.name.node == *name)
        });
        let mut request = Request::new(String::new())
            .variables(variables)
            .data(Sender::new(asker.viewer, asker.address));
        request.operation_name.clone_from(&name);
        request.set_parsed_query(document);
        Ok(Prepared {
            kind,
            name,
            request,
            found,
            receipt,
        })
    }

    fn pay(&self, asker: &Asker, points: u64) -> Result<Receipt, Refusal> {
        let taken = self.budget.take(asker, points, self.app.clock.now());
        taken.map_err(|refused| match refused {
            Refused::Empty(wait) => {
                metrics::counter!("belay_rate_limited_total", "limit" => "budget").increment(1);
                Refusal::rate_limited(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            Refused::TooDear { limit } => Refusal::new(
                "QUERY_TOO_COMPLEX",
                &format!("This costs {points} points; more than {limit} are never there."),
            ),
        })
    }

    fn may_introspect(&self, asker: &Asker) -> bool {
        asker.developer || self.app.config.introspection_for_all()
    }

    /// Runs a query or a mutation, for as long as an operation may take.
    pub async fn carry_out(&self, prepared: Prepared, stats: &Stats) -> Outcome {
        let patience = Duration::from_secs(self.app.config.http.operation_timeout_seconds);
        if prepared.kind != OperationType::Mutation {
            return self.run(prepared, stats, patience).await;
        }
        // A task of its own: when whoever waits for it goes away during the commit, what is to follow that would be
        // lost with him: devices that are told, a worker that is woken, a session that is refused from then on.
        let (edge, stats) = (self.clone(), stats.clone());
        let work = self
            .shutdown
            .spawn(async move { edge.run(prepared, &stats, patience + COMMITTING).await });
        match tokio::time::timeout(patience, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Refusal::panicked()),
            Err(_) => Err(given_up()),
        }
    }

    async fn run(&self, prepared: Prepared, stats: &Stats, patience: Duration) -> Outcome {
        let Prepared {
            request,
            found,
            receipt,
            ..
        } = prepared;
        let schema = self.schema_for(&found);
        let work = AssertUnwindSafe(stats.scope(schema.execute(request))).catch_unwind();
        let response = match tokio::time::timeout(patience, work).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => return Err(Refusal::panicked()),
            Err(_) => return Err(given_up()),
        };
        self.judge(response, &found, Some(receipt)).await
    }

    /// Runs a subscription for as long as there is something to say and somebody listens. The first answer says
    /// what it cost.
    fn follow(&self, prepared: Prepared) -> impl Stream<Item = Outcome> + Send + 'static {
        let edge = self.clone();
        let Prepared {
            request,
            found,
            receipt,
            ..
        } = prepared;
        let responses = self.schema_for(&found).execute_stream(request);
        let responses = AssertUnwindSafe(responses).catch_unwind();
        responses.enumerate().then(move |(nth, response)| {
            let edge = edge.clone();
            let found = found.clone();
            let receipt = (nth == 0).then_some(receipt);
            async move {
                match response {
                    Ok(response) => edge.judge(response, &found, receipt).await,
                    Err(_) => Err(Refusal::panicked()),
                }
            }
        })
    }

    /// Everything an operation of whatever kind has to say.
    pub fn answers(&self, prepared: Prepared, stats: &Stats) -> BoxStream<'static, Outcome> {
        if prepared.kind == OperationType::Subscription {
            return self.follow(prepared).boxed();
        }
        let (edge, stats) = (self.clone(), stats.clone());
        stream::once(async move { edge.carry_out(prepared, &stats).await }).boxed()
    }

    fn schema_for(&self, found: &Found) -> &crate::graphql::BelaySchema {
        if found.parsed.is_validated() {
            &self.schemas.validated
        } else {
            &self.schemas.strict
        }
    }

    /// Tells what was carried out from what was refused.
    async fn judge(
        &self,
        mut response: Response,
        found: &Found,
        receipt: Option<Receipt>,
    ) -> Outcome {
        // Without execution there is no data, and then there is no such key (GraphQL §7.1).
        let executed = response.data != Value::Null || response.errors.iter().any(has_path);
        if !executed {
            return Err(Refusal::of(response.errors));
        }
        self.documents.validated(&self.app, found).await;
        if let Some(receipt) = receipt {
            let cost = receipt.published();
            response.extensions.insert("cost".to_owned(), cost);
        }
        Ok(response)
    }
}

impl Way {
    fn carries(self, kind: OperationType) -> Result<(), Refusal> {
        match (self, kind) {
            (_, OperationType::Query)
            | (Self::Once | Self::Stream, OperationType::Mutation)
            | (Self::Stream | Self::GetStream, OperationType::Subscription) => Ok(()),
            (Self::Get | Self::GetStream, OperationType::Mutation) => Err(Refusal::http(
                http::StatusCode::METHOD_NOT_ALLOWED,
                "A mutation cannot be asked for by GET.",
            )),
            (Self::Get | Self::Once, OperationType::Subscription) => Err(Refusal::new(
                "BAD_REQUEST",
                "A subscription needs a socket, or an Accept header with text/event-stream.",
            )),
        }
    }
}

fn given_up() -> Refusal {
    Refusal::new(
        "TIMEOUT",
        "This took too long and was given up; it may be sent again.",
    )
}

fn has_path(error: &ServerError) -> bool {
    !error.path.is_empty()
}

/// The operation to run (GraphQL §6.1, `GetOperation`).
fn select(
    document: &ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(OperationType, Option<String>), Refusal> {
    let refused = |message| Err(Refusal::new("BAD_REQUEST", message));
    let name = match (&document.operations, wanted) {
        (DocumentOperations::Single(_), None) => None,
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.keys();
            match (all.next(), all.next()) {
                (Some(name), None) => Some(name.to_string()),
                _ => {
                    return refused(
                        "The document has several operations: say which by operationName.",
                    );
                }
            }
        }
        (_, Some(name)) => Some(name.to_owned()),
    };
    match operation(document, name.as_deref()) {
        Some(operation) => Ok((operation.ty, name)),
        None => refused("The document has no operation of that name."),
    }
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a async_graphql::parser::types::OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, wanted: Option<&str>) -> Result<Option<String>, ()> {
        let document = async_graphql::parser::parse_query(text).unwrap();
        let selected = select(&document, wanted);
        selected.map(|(_, name)| name).map_err(drop)
    }

    #[test]
    fn the_operation_asked_for_is_found() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(asked("query A { a }", None), named("A"));
        let two = "query A { a } query B { b }";
        assert_eq!(asked(two, Some("B")), named("B"));
        assert_eq!(asked(two, None), Err(()));
        assert_eq!(asked(two, Some("C")), Err(()));
        assert_eq!(asked("{ a }", None), Ok(None));
        assert_eq!(asked("{ a }", Some("A")), Err(()));
    }

    #[test]
    fn a_way_carries_what_it_can() {
        use OperationType::{Mutation, Query, Subscription};
        let carried =
            |way: Way| [Query, Mutation, Subscription].map(|kind| way.carries(kind).is_ok());
        assert_eq!(carried(Way::Get), [true, false, false]);
        assert_eq!(carried(Way::Once), [true, true, false]);
        assert_eq!(carried(Way::Stream), [true, true, true]);
        assert_eq!(carried(Way::GetStream), [true, false, true]);
    }
}
