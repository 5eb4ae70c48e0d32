//! Pacts: proposals, sharing, wishes and nudges between partners.

mod nudges;
mod received;
mod sharing;
mod story;
mod told;
mod wishes;
mod woken;

use api::viewer::SignedIn;
use entity::PactId;
use serde_json::{Value, json};
use support::{TestApp, mutation};
use uuid::Uuid;

/// All fields of a pact.
pub const PACT: &str = "id peeringId state proposedByYou endsOn proposedAt expiresAt since version
    partner { handle } yourSide { sharing sharingUntil nudgeStyle nudgeWish }
    partnerSide { sharing sharingUntil nudgeStyle nudgeWish }";

/// Returns the document of a mutation whose payload has a pact.
pub fn document(name: &str) -> String {
    mutation(name, &format!("pact {{ {PACT} }}"))
}

/// Sends a mutation whose payload has a pact. Returns the payload.
pub async fn send(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let pact = format!("pact {{ {PACT} }}");
    app.mutate(who, mutation, input, &pact).await
}

/// Like [`send`], but asserts that there are no errors. Returns the pact.
pub async fn sent(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let payload = send(app, who, mutation, input).await;
    assert_eq!(payload["errors"], json!([]));
    payload["pact"].clone()
}

/// Returns the input of a proposal in which the proposer shares whether he checked in.
pub fn proposal(app: &TestApp, peering: &Value) -> Value {
    let id: PactId = app.app.ids.next();
    json!({ "id": id.0, "peeringId": peering, "sharing": "CHECKED_IN", "nudgeStyle": "PLAIN" })
}

/// Makes a pact between two partners, who share whether they checked in. Returns its id.
pub async fn agreed(app: &TestApp, one: SignedIn, other: SignedIn, peering: &Value) -> Value {
    let pact = sent(app, one, "proposePact", proposal(app, peering)).await;
    let yes = json!({ "pactId": pact["id"], "accept": true, "sharing": "CHECKED_IN" });
    sent(app, other, "answerPact", yes).await["id"].clone()
}

/// Ends a pact. Returns the payload.
pub async fn end(app: &TestApp, who: SignedIn, id: &Value) -> Value {
    let input = json!({ "pactId": id });
    app.mutate(who, "endPact", input, "pactId").await
}

/// Returns a member's pacts.
pub async fn pacts(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ pacts {{ nodes {{ {PACT} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    answer.at("/me/pacts/nodes").as_array().unwrap().clone()
}

const NUDGE: &str = "id pactId fromYou template text sentAt answer answeredAt";

/// Returns the document of a mutation whose payload has a nudge.
pub fn nudge_document(name: &str) -> String {
    mutation(name, &format!("nudge {{ {NUDGE} }} errors {{ message }}"))
}

/// Returns the input of a nudge.
pub fn hello(app: &TestApp, pact: &Value) -> Value {
    json!({ "id": app.app.ids.next::<Uuid>(), "pactId": pact, "says": { "template": "JUST_HELLO" } })
}

/// Sends a nudge, or the answer to one. Returns the payload.
pub async fn nudge(app: &TestApp, who: SignedIn, mutation: &str, input: &Value) -> Value {
    let document = nudge_document(mutation);
    let answer = app.as_member(who, &document, json!({ "input": input }));
    answer.await.at("/payload")
}

/// Sends a nudge, and asserts that there are no errors. Returns the nudge.
pub async fn nudged(app: &TestApp, who: SignedIn, pact: &Value) -> Value {
    let payload = nudge(app, who, "sendPactNudge", &hello(app, pact)).await;
    assert_eq!(payload["errors"], json!([]));
    payload["nudge"].clone()
}
