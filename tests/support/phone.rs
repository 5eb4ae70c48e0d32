//! A man's app on one of his devices, as the server meets it: over a socket, and sometimes without the
//! answer getting through.

use api::clock::Clock;
use api::entropy::{Entropy, Ids};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::TestServer;
use crate::mutation::{mutation, operation_name};

/// What an app asks for whenever it is signed in.
pub const CREDENTIALS: &str = "credentials { accessToken refreshToken sessionId }";

/// See the module.
pub struct Phone<'a> {
    server: &'a TestServer,
    ids: Ids,
    access: Option<String>,
    refresh: String,
    session: Value,
}

impl<'a> Phone<'a> {
    /// A device on which nobody is signed in.
    pub fn new(server: &'a TestServer) -> Self {
        Self {
            server,
            ids: Ids::new(Clock::system(), Entropy::system()),
            access: None,
            refresh: String::new(),
            session: Value::Null,
        }
    }

    /// The server it asks.
    pub const fn server(&self) -> &'a TestServer {
        self.server
    }

    /// A new id, as apps make them.
    pub fn id(&self) -> Uuid {
        self.ids.next()
    }

    /// Keeps the [`CREDENTIALS`] of a payload: from now on this man asks.
    pub fn keep(&mut self, payload: &Value) {
        let credentials = &payload["credentials"];
        let token = |name: &str| credentials[name].as_str().map(str::to_owned);
        self.access = token("accessToken");
        self.refresh = token("refreshToken").expect("credentials in the payload");
        self.session = credentials["sessionId"].clone();
    }

    /// The tokens it holds: for access and for the next refresh.
    pub fn tokens(&self) -> [&str; 2] {
        [self.access.as_deref().unwrap_or_default(), &self.refresh]
    }

    /// The id of its session.
    pub fn session(&self) -> &Value {
        &self.session
    }

    /// Asks, and gives the whole answer, whatever it is.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let token = self.access.as_deref();
        self.server.graphql(token, query, variables).await
    }

    /// The data of an answer without errors.
    pub async fn ask(&self, query: &str) -> Value {
        let answer = self.answer(query, json!({})).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// Sends a mutation; its payload, whatever it is.
    pub async fn try_send(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let (operation, variables) = document(mutation, input, wanted);
        let answer = self.answer(&operation, variables).await;
        assert!(answer.get("errors").is_none(), "{mutation}: {answer:#}");
        answer["data"]["payload"].clone()
    }

    /// Sends a mutation that is to succeed; its payload.
    pub async fn send(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let payload = self.try_send(mutation, input, wanted).await;
        assert_eq!(payload["errors"], json!([]), "{mutation}: {payload:#}");
        payload
    }

    /// As [`Phone::send`], when the first answer does not get through and the app sends the same again: it
    /// must be told the same.
    pub async fn send_twice(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let lost = self.send(mutation, input, wanted).await;
        let arrived = self.send(mutation, input, wanted).await;
        assert_eq!(undated(lost), undated(arrived.clone()), "{mutation}");
        arrived
    }

    /// Sends a mutation that is to be refused; the code of the first refusal, or of the error.
    pub async fn refused(&self, mutation: &str, input: &Value) -> String {
        let (operation, variables) = document(mutation, input, "");
        let answer = self.answer(&operation, variables).await;
        let error = answer.pointer("/errors/0/extensions/code");
        let refusal = answer["data"]["payload"].pointer("/errors/0/code");
        let code = error.or(refusal).and_then(Value::as_str);
        code.unwrap_or_else(|| panic!("{mutation} was not refused: {answer:#}"))
            .to_owned()
    }

    /// Exchanges the refresh token; the first answer is lost.
    pub async fn refresh(&mut self) {
        // An access token that is over would be refused before anything else is looked at.
        self.access = None;
        let input = json!({ "refreshToken": self.refresh });
        let payload = self.send_twice("refreshSession", &input, CREDENTIALS).await;
        self.keep(&payload);
    }
}

/// The document of a mutation and its variables. A mutation whose input is null has none.
fn document(name: &str, input: &Value, wanted: &str) -> (String, Value) {
    let wanted = format!("{wanted} errors {{ message }}");
    if input.is_null() {
        let operation = operation_name(name);
        let document = format!(
            "mutation {operation} {{ payload: {name} {{ {wanted} errors {{ code path }} }} }}"
        );
        return (document, json!({}));
    }
    (mutation(name, &wanted), json!({ "input": input }))
}

/// Without the access token, which tells the second it was made in.
fn undated(mut payload: Value) -> Value {
    if let Some(Value::Object(credentials)) = payload.get_mut("credentials") {
        credentials.remove("accessToken");
    }
    payload
}
