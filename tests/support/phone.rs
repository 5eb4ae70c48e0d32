//! A member's app on one device. It connects over a socket, and sometimes loses an answer.

use api::clock::Clock;
use api::entropy::{Entropy, Ids};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::TestServer;
use crate::mutation::{mutation, operation_name};

/// The fields that an app selects whenever it signs in.
pub const CREDENTIALS: &str = "credentials { accessToken refreshToken sessionId }";

/// A member's app on one device.
pub struct Phone<'a> {
    server: &'a TestServer,
    ids: Ids,
    access: Option<String>,
    refresh: String,
    session: Value,
}

impl<'a> Phone<'a> {
    /// Creates a device without a session.
    pub fn new(server: &'a TestServer) -> Self {
        Self {
            server,
            ids: Ids::new(Clock::system(), Entropy::system()),
            access: None,
            refresh: String::new(),
            session: Value::Null,
        }
    }

    /// Returns the server that the app uses.
    pub const fn server(&self) -> &'a TestServer {
        self.server
    }

    /// Returns a new id, as apps generate them.
    pub fn id(&self) -> Uuid {
        self.ids.next()
    }

    /// Keeps the [`CREDENTIALS`] of a payload, and uses them from now on.
    pub fn keep(&mut self, payload: &Value) {
        let credentials = &payload["credentials"];
        let token = |name: &str| credentials[name].as_str().map(str::to_owned);
        self.access = token("accessToken");
        self.refresh = token("refreshToken").expect("the payload has credentials");
        self.session = credentials["sessionId"].clone();
    }

    /// Returns the access token and the refresh token.
    pub fn tokens(&self) -> [&str; 2] {
        [self.access.as_deref().unwrap_or_default(), &self.refresh]
    }

    /// Returns the id of the session.
    pub fn session(&self) -> &Value {
        &self.session
    }

    /// Sends a document. Returns the whole answer, with any errors.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let token = self.access.as_deref();
        self.server.graphql(token, query, variables).await
    }

    /// Sends a query. Returns the data. Panics if there are errors.
    pub async fn ask(&self, query: &str) -> Value {
        let answer = self.answer(query, json!({})).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// Sends a mutation. Returns its payload, with any errors in it.
    pub async fn try_send(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let (operation, variables) = document(mutation, input, wanted);
        let answer = self.answer(&operation, variables).await;
        assert!(answer.get("errors").is_none(), "{mutation}: {answer:#}");
        answer["data"]["payload"].clone()
    }

    /// Sends a mutation. Returns its payload. Panics if the payload has errors.
    pub async fn send(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let payload = self.try_send(mutation, input, wanted).await;
        assert_eq!(payload["errors"], json!([]), "{mutation}: {payload:#}");
        payload
    }

    /// Like [`Phone::send`], but the first answer is lost and the app sends the same mutation again. Panics if the two
    /// answers differ.
    pub async fn send_twice(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let lost = self.send(mutation, input, wanted).await;
        let arrived = self.send(mutation, input, wanted).await;
        assert_eq!(undated(lost), undated(arrived.clone()), "{mutation}");
        arrived
    }

    /// Sends a mutation that must fail. Returns the code of the top-level error, or of the payload's first error.
    pub async fn refused(&self, mutation: &str, input: &Value) -> String {
        let (operation, variables) = document(mutation, input, "");
        let answer = self.answer(&operation, variables).await;
        let error = answer.pointer("/errors/0/extensions/code");
        let refusal = answer["data"]["payload"].pointer("/errors/0/code");
        let code = error.or(refusal).and_then(Value::as_str);
        code.unwrap_or_else(|| panic!("{mutation} was not refused: {answer:#}"))
            .to_owned()
    }

    /// Exchanges the refresh token. The first answer is lost.
    pub async fn refresh(&mut self) {
        // The server checks the access token first, and refuses an expired one.
        self.access = None;
        let input = json!({ "refreshToken": self.refresh });
        let payload = self.send_twice("refreshSession", &input, CREDENTIALS).await;
        self.keep(&payload);
    }
}

/// Returns the document of a mutation and its variables. With a null input, the mutation takes no input.
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

/// Removes the access token, which depends on the second it was issued in.
fn undated(mut payload: Value) -> Value {
    if let Some(Value::Object(credentials)) = payload.get_mut("credentials") {
        credentials.remove("accessToken");
    }
    payload
}
