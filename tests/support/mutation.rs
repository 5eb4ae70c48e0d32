//! Mutations as apps write them: each document has one, with its name, its input and its errors.

use api::viewer::SignedIn;
use serde_json::{Value, json};

use crate::TestApp;

/// Returns the document of a mutation with an input. Its payload has the alias `payload`, with the `wanted` fields and
/// the errors.
pub fn mutation(name: &str, wanted: &str) -> String {
    let operation = operation_name(name);
    format!(
        "mutation {operation}($input: {operation}Input!) {{
            payload: {name}(input: $input) {{ {wanted} errors {{ code path }} }} }}"
    )
}

/// Returns the name of an operation: its field's name with a capital first letter.
pub fn operation_name(field: &str) -> String {
    let (first, rest) = field.split_at(1);
    first.to_uppercase() + rest
}

impl TestApp {
    /// Sends a mutation. Returns its payload.
    pub async fn mutate(&self, who: SignedIn, name: &str, input: Value, wanted: &str) -> Value {
        let document = mutation(name, wanted);
        let answer = self.as_member(who, &document, json!({ "input": input }));
        answer.await.at("/payload")
    }

    /// Like [`TestApp::mutate`], but panics if the payload has an error.
    pub async fn succeed(&self, who: SignedIn, name: &str, input: Value, wanted: &str) -> Value {
        let payload = self.mutate(who, name, input, wanted).await;
        assert_eq!(payload["errors"], json!([]), "{name}");
        payload
    }
}
