//! Pacts: what partners agree to, give each other, and take back.

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
use support::TestApp;
use uuid::Uuid;

/// Everything a pact shows.
pub const PACT: &str = "id peeringId state proposedByYou endsOn proposedAt expiresAt since version
    partner { handle } yourSide { sharing sharingUntil nudgeStyle nudgeWish }
    partnerSide { sharing sharingUntil nudgeStyle nudgeWish }";

/// A document of a mutation that answers with a pact.
pub fn document(mutation: &str) -> String {
    let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    format!(
        "mutation($input: {name}!) {{ payload: {mutation}(input: $input) {{
            pact {{ {PACT} }} errors {{ code path }} }} }}"
    )
}

/// Sends a mutation that answers with a pact; its payload.
pub async fn send(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let input = json!({ "input": input });
    let answer = app.as_member(who, &document(mutation), input).await;
    answer.at("/payload")
}

/// As [`send`], which must be fine; the pact.
pub async fn sent(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let payload = send(app, who, mutation, input).await;
    assert_eq!(payload["errors"], json!([]));
    payload["pact"].clone()
}

/// A proposal's input, in which one lets the other see whether he checked in.
pub fn proposal(app: &TestApp, peering: &Value) -> Value {
    let id: PactId = app.app.ids.next();
    json!({ "id": id.0, "peeringId": peering, "sharing": "CHECKED_IN", "nudgeStyle": "PLAIN" })
}

/// Makes a pact of two partners, who let each other see whether they checked in; its id.
pub async fn agreed(app: &TestApp, one: SignedIn, other: SignedIn, peering: &Value) -> Value {
    let pact = sent(app, one, "proposePact", proposal(app, peering)).await;
    let yes = json!({ "pactId": pact["id"], "accept": true, "sharing": "CHECKED_IN" });
    sent(app, other, "answerPact", yes).await["id"].clone()
}

/// Ends a pact; the payload.
pub async fn end(app: &TestApp, who: SignedIn, id: &Value) -> Value {
    let query = "mutation($input: EndPactInput!) { payload: endPact(input: $input) {
        pactId errors { code path } } }";
    let input = json!({ "input": { "pactId": id } });
    app.as_member(who, query, input).await.at("/payload")
}

/// A member's pacts.
pub async fn pacts(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ pacts {{ nodes {{ {PACT} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    answer.at("/me/pacts/nodes").as_array().unwrap().clone()
}

const NUDGE: &str = "id pactId fromYou template text sentAt answer answeredAt";

pub fn nudge_document(mutation: &str) -> String {
    let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    format!(
        "mutation($input: {name}!) {{ payload: {mutation}(input: $input) {{
            nudge {{ {NUDGE} }} errors {{ code path message }} }} }}"
    )
}

/// The input of a nudge.
pub fn hello(app: &TestApp, pact: &Value) -> Value {
    json!({ "id": app.app.ids.next::<Uuid>(), "pactId": pact, "says": { "template": "JUST_HELLO" } })
}

/// Sends a nudge, or the answer to one; the payload.
pub async fn nudge(app: &TestApp, who: SignedIn, mutation: &str, input: &Value) -> Value {
    let document = nudge_document(mutation);
    let answer = app.as_member(who, &document, json!({ "input": input }));
    answer.await.at("/payload")
}

/// Nudges, which must be fine; the nudge.
pub async fn nudged(app: &TestApp, who: SignedIn, pact: &Value) -> Value {
    let payload = nudge(app, who, "sendPactNudge", &hello(app, pact)).await;
    assert_eq!(payload["errors"], json!([]));
    payload["nudge"].clone()
}
