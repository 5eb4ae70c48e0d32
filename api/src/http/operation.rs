//! Takes an operation from its parameters to its outcome, the same way for HTTP, sockets and event streams.
//!
//! The order: a document is priced before it is validated, and its price is paid before it runs. A document that was
//! validated once is not validated again.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use uuid::Uuid;

use super::HttpState;
use super::budget::{Empty, Receipt};
use super::documents::Found;
use super::errors::given_code;
use super::guard::{self, Limits};
use super::params::Params;
use super::refusal::Refusal;
use crate::account::dashboard::Dashboard;
use crate::db::Stats;
use crate::graphql::code::Code;
use crate::graphql::context::Sender;
use crate::schema::{self, validation};
use crate::viewer::Viewer;
use crate::waiting;

/// The least that a refused request costs, in points. A caller with fewer points left is refused before anything is
/// parsed.
const REFUSED: u64 = 10;
/// The extra time that a late mutation gets, so that a commit it may have begun can finish. The caller does not wait
/// for it.
const COMMITTING: Duration = Duration::from_secs(5);

/// The caller, and the address it calls from.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Anonymous, or a member.
    pub viewer: Viewer,
    /// The address, for limits by address.
    pub address: IpAddr,
    /// The device, if the request carries a key that proves an earlier sign-in on it.
    pub device: Option<Uuid>,
    /// Whether the request carries the developer token.
    pub developer: bool,
}

impl Caller {
    /// Returns the member, or the device that proved an earlier sign-in. `None` if neither is known.
    pub fn identity(&self) -> Option<Uuid> {
        let member = self.viewer.member().map(|member| member.0);
        member.or(self.device)
    }
}

/// Which operations the transport of a request can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A GET request. Anybody may repeat or prefetch it, so it must not change anything.
    Get,
    /// A request with one answer.
    Once,
    /// A socket or an event stream: any number of answers.
    Stream,
    /// A GET request for an event stream: any number of answers, but no changes.
    GetStream,
}

/// An operation that is priced, paid for and validated.
pub struct Prepared {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name in the document, if it has one.
    pub name: Option<String>,
    request: Request,
    /// When it is given up. Subscriptions have no deadline.
    deadline: Instant,
    first: First,
}

impl Prepared {
    /// Marks the operation as sent by the dashboard.
    pub fn come_from(&mut self, dashboard: Dashboard) {
        self.request.data.insert(dashboard);
    }
}

/// What the first answer needs: the cost to publish and the document to remember.
struct First {
    found: Found,
    receipt: Receipt,
    caller: Caller,
}

/// The outcome of a request.
pub type Outcome = Result<Response, Refusal>;

impl HttpState {
    /// Refuses a caller that cannot pay `REFUSED`, the least that a request costs.
    pub fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        let held = self.budget.holds(caller, REFUSED, self.app.clock.uptime());
        held.map_err(rate_limited)
    }

    /// Charges the caller for a refusal that its request caused, less what it has paid already.
    pub fn charge_for(&self, refusal: &Refusal, caller: &Caller, paid: u64) {
        if refusal.is_of_what_was_sent() {
            self.charge(caller, REFUSED.saturating_sub(paid));
        }
    }

    /// Charges the caller for a refusal.
    pub fn charge_refusal(&self, caller: &Caller) {
        self.charge(caller, REFUSED);
    }

    fn charge(&self, caller: &Caller, points: u64) {
        self.budget.charge(caller, points, self.app.clock.uptime());
    }

    /// Finds the document, selects its operation, prices it, takes the price and checks the variables.
    pub async fn prepare(
        &self,
        mut params: Params,
        caller: &Caller,
        transport: Transport,
    ) -> Result<Prepared, Refusal> {
        self.admit(caller)?;
        let patience = Duration::from_secs(self.app.config.http.operation_timeout_seconds);
        let deadline = Instant::now() + patience;
        let mut paid = 0;
        let finding = self.find_and_price(&mut params, caller, (transport, deadline), &mut paid);
        let prepared = timeout_at(deadline, finding)
            .await
            .unwrap_or_else(|_| Err(Refusal::timed_out()));
        if let Err(refusal) = &prepared {
            self.charge_for(refusal, caller, paid);
        }
        prepared
    }

    async fn find_and_price(
        &self,
        params: &mut Params,
        caller: &Caller,
        (transport, deadline): (Transport, Instant),
        paid: &mut u64,
    ) -> Result<Prepared, Refusal> {
        let limits = &Limits::STANDARD;
        let found = self.documents.find(&self.app, params, caller).await?;
        let wanted = params.operation_name.take().filter(|name| !name.is_empty());
        let (kind, name) = select(&found.parsed.document, wanted.as_deref())?;
        transport.carries(kind)?;
        let chosen = operation(&found.parsed.document, name.as_deref());
        let definitions = chosen.map_or(&[][..], |operation| &operation.variable_definitions);
        params.fill_in(definitions);

        let price = guard::price(
            &found.parsed.document,
            name.as_deref(),
            &params.variables,
            limits,
        )?;
        if found.parsed.introspects && !self.may_introspect(caller) {
            return Err(Refusal::new(
                Code::ValidationFailed,
                "Introspection is disabled here.",
            ));
        }
        let receipt = self.pay(caller, price.cost)?;
        *paid = receipt.requested();
        let suggests = self.app.config.introspection_for_all();
        self.documents.validate(&found.parsed, suggests)?;

        let mut document = found.parsed.document.clone();
        if kind == OperationType::Subscription {
            guard::single_root(&mut document, name.as_deref())?;
        }
        self.input_types
            .check(definitions, &params.variables)
            .map_err(|fault| Refusal::new(Code::BadUserInput, &fault))?;
        if let Some(operation) = chosen {
            refuse_misplaced_null(&found.parsed.document, operation, &params.variables)?;
        }

        let mut variables = std::mem::take(&mut params.variables);
        // Undeclared variables are never read, and a subscription would keep them in memory for as long as it lives.
        variables.retain(|name, _| {
            definitions
                .iter()
                .any(|definition| definition.node.name.node == *name)
        });
        let request = Request::new(String::new()).variables(variables);
        let mut request = schema::sent_by(request, Sender::new(caller.viewer, caller.address));
        request.operation_name.clone_from(&name);
        request.set_parsed_query(document);
        Ok(Prepared {
            kind,
            name,
            request,
            deadline,
            first: First {
                found,
                receipt,
                caller: *caller,
            },
        })
    }

    fn pay(&self, caller: &Caller, points: u64) -> Result<Receipt, Refusal> {
        let now = self.app.clock.uptime();
        self.budget.take(caller, points, now).map_err(|empty| {
            // The document was parsed for nothing, so the refusal is charged. The wait that is returned includes this
            // charge.
            self.budget.charge(caller, REFUSED, now);
            let then = self.budget.holds(caller, points, now);
            rate_limited(then.err().unwrap_or(empty))
        })
    }

    fn may_introspect(&self, caller: &Caller) -> bool {
        caller.developer || self.app.config.introspection_for_all()
    }

    /// Runs a query or a mutation, in what is left of its time.
    pub async fn carry_out(&self, prepared: Prepared, counts: &Stats) -> Outcome {
        if prepared.kind != OperationType::Mutation {
            return self.run(prepared, counts, Duration::ZERO).await;
        }
        // A mutation runs in a task of its own. If the client disconnects during the commit, the steps after the commit
        // must still happen: notifying devices, waking a worker, revoking a session.
        let deadline = prepared.deadline;
        let (state, counts) = (self.clone(), counts.clone());
        let (waits, awaited) = waiting::pair();
        let work = self.shutdown.spawn(
            async move {
                awaited
                    .scope(state.run(prepared, &counts, COMMITTING))
                    .await
            }
            .in_current_span(),
        );
        let outcome = timeout_at(deadline, work).await;
        drop(waits);
        match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Refusal::panicked()),
            Err(_) => Err(Refusal::timed_out()),
        }
    }

    /// Runs the operation until its deadline, plus `grace`.
    async fn run(&self, prepared: Prepared, counts: &Stats, grace: Duration) -> Outcome {
        let Prepared {
            request,
            deadline,
            first,
            ..
        } = prepared;
        let work = AssertUnwindSafe(counts.scope(self.schema.execute(request))).catch_unwind();
        match timeout_at(deadline + grace, work).await {
            Ok(Ok(response)) => self.judge(response, Some(first)),
            Ok(Err(_)) => Err(Refusal::panicked()),
            Err(_) => Err(Refusal::timed_out()),
        }
    }

    /// Runs a subscription until it ends or nobody listens. The first answer carries the cost.
    fn follow(&self, prepared: Prepared) -> impl Stream<Item = Outcome> + Send + 'static {
        let state = self.clone();
        let Prepared { request, first, .. } = prepared;
        let responses = self.schema.execute_stream(request);
        let mut first = Some(first);
        let responses = AssertUnwindSafe(responses).catch_unwind();
        responses.map(move |response| match response {
            Ok(response) => state.judge(response, first.take()),
            Err(_) => Err(Refusal::panicked()),
        })
    }

    /// Returns all answers of an operation of any kind.
    pub fn answers(&self, prepared: Prepared, counts: &Stats) -> BoxStream<'static, Outcome> {
        if prepared.kind == OperationType::Subscription {
            return self.follow(prepared).boxed();
        }
        let (state, counts) = (self.clone(), counts.clone());
        stream::once(async move { state.carry_out(prepared, &counts).await }).boxed()
    }

    /// Tells an executed operation from a refused one. Must not wait: a change that was made has to be reported.
    fn judge(&self, mut response: Response, first: Option<First>) -> Outcome {
        // Without execution there is no `data` key (GraphQL §7.1).
        let executed = response.data != Value::Null || response.errors.iter().any(has_path);
        let executed = executed && !nothing_could_be_done(&response);
        if !executed {
            let refusal = Refusal::of(response.errors);
            if let Some(First {
                receipt, caller, ..
            }) = first
            {
                self.charge_for(&refusal, &caller, receipt.requested());
            }
            return Err(refusal);
        }
        if let Some(first) = first {
            let cost = first.receipt.published();
            response.extensions.insert("cost".to_owned(), cost);
            self.persist(first.found, first.caller);
        }
        Ok(response)
    }
}

/// Whether the database was unavailable for the whole operation. Then the client gets a refusal and may send the same
/// again, even if a commit went through and only its answer was lost. An operation that ran in part is answered with
/// its data and errors.
fn nothing_could_be_done(response: &Response) -> bool {
    let is_away = |error: &ServerError| given_code(error) == Some(Code::Unavailable);
    let is_nothing = match &response.data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|field| *field == Value::Null),
        _ => false,
    };
    is_nothing && !response.errors.is_empty() && response.errors.iter().all(is_away)
}

fn rate_limited(Empty { wait }: Empty) -> Refusal {
    metrics::counter!("belay_rate_limited_total", "limit" => "budget").increment(1);
    Refusal::rate_limited(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

impl Transport {
    fn carries(self, kind: OperationType) -> Result<(), Refusal> {
        match (self, kind) {
            (_, OperationType::Query)
            | (Self::Once | Self::Stream, OperationType::Mutation)
            | (Self::Stream | Self::GetStream, OperationType::Subscription) => Ok(()),
            (Self::Get | Self::GetStream, OperationType::Mutation) => Err(Refusal::http(
                http::StatusCode::METHOD_NOT_ALLOWED,
                "A mutation cannot be sent by GET.",
            )),
            (Self::Get | Self::Once, OperationType::Subscription) => Err(Refusal::new(
                Code::BadRequest,
                "A subscription needs a socket, or an Accept header with text/event-stream.",
            )),
        }
    }
}

fn has_path(error: &ServerError) -> bool {
    !error.path.is_empty()
}

/// Selects the operation to run (GraphQL §6.1, `GetOperation`).
fn select(
    document: &ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(OperationType, Option<String>), Refusal> {
    let refused = |message| Err(Refusal::new(Code::BadRequest, message));
    let name = match (&document.operations, wanted) {
        (DocumentOperations::Single(_), None) => None,
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.keys();
            match (all.next(), all.next()) {
                (Some(name), None) => Some(name.to_string()),
                _ => {
                    return refused(
                        "The document has several operations: choose one with operationName.",
                    );
                }
            }
        }
        (_, Some(name)) => Some(name.to_owned()),
    };
    match operation(document, name.as_deref()) {
        Some(operation) => Ok((operation.ty, name)),
        None => refused("The document has no operation with that name."),
    }
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        _ => None,
    }
}

/// Refuses a null for a variable that has a default, if the variable stands where null is not allowed (GraphQL §6.4.1).
/// Done before anything is executed.
fn refuse_misplaced_null(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), Refusal> {
    let definitions = operation.variable_definitions.iter();
    let nulls = definitions.filter_map(|definition| {
        let (name, default) = (&definition.node.name.node, &definition.node.default_value);
        let is_null = matches!(variables.get(name), Some(Value::Null));
        (is_null && default.is_some()).then_some(name.as_str())
    });
    let nulls: Vec<_> = nulls.collect();
    if nulls.is_empty() {
        return Ok(());
    }
    match validation::first_that_must_not_be_null(document, operation, &nulls) {
        None => Ok(()),
        Some(name) => Err(Refusal::new(
            Code::BadUserInput,
            &format!("The variable ${name}: null is not allowed in its place."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected_name(text: &str, wanted: Option<&str>) -> Result<Option<String>, ()> {
        let document = async_graphql::parser::parse_query(text).unwrap();
        let selected = select(&document, wanted);
        selected.map(|(_, name)| name).map_err(drop)
    }

    #[test]
    fn the_named_or_only_operation_is_selected() {
        let named = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(selected_name("query A { a }", None), named("A"));
        let two = "query A { a } query B { b }";
        assert_eq!(selected_name(two, Some("B")), named("B"));
        assert_eq!(selected_name(two, None), Err(()));
        assert_eq!(selected_name(two, Some("C")), Err(()));
        assert_eq!(selected_name("{ a }", None), Ok(None));
        assert_eq!(selected_name("{ a }", Some("A")), Err(()));
    }

    #[test]
    fn only_a_response_without_any_data_counts_as_an_outage() {
        let away = {
            let mut error = ServerError::new("away", None);
            let mut extensions = async_graphql::ErrorExtensionValues::default();
            extensions.set("code", Code::Unavailable.as_str());
            error.extensions = Some(extensions);
            error
        };
        let answer = |data: serde_json::Value, errors: &[ServerError]| {
            let mut response = Response::new(Value::from_json(data).unwrap());
            response.errors = errors.to_vec();
            nothing_could_be_done(&response)
        };
        let other = ServerError::new("another", None);
        let nothing = serde_json::json!({ "me": null, "circle": null });
        assert!(answer(nothing.clone(), &[away.clone(), away.clone()]));
        assert!(!answer(nothing.clone(), &[]));
        assert!(!answer(nothing, &[away.clone(), other]));
        assert!(!answer(
            serde_json::json!({ "me": {}, "circle": null }),
            &[away]
        ));
    }

    #[test]
    fn each_transport_carries_its_operation_types() {
        use OperationType::{Mutation, Query, Subscription};
        let carried = |transport: Transport| {
            [Query, Mutation, Subscription].map(|kind| transport.carries(kind).is_ok())
        };
        assert_eq!(carried(Transport::Get), [true, false, false]);
        assert_eq!(carried(Transport::Once), [true, true, false]);
        assert_eq!(carried(Transport::Stream), [true, true, true]);
        assert_eq!(carried(Transport::GetStream), [true, false, true]);
    }
}
