//! Peerings: proposals between members of a circle, and what nobody learns of a decline.

mod limits;
mod story;
mod told;

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use entity::PeeringId;
use serde_json::{Value, json};
use support::{TestApp, mutation};

use crate::circles::circle_of;

/// All fields of a peering.
pub const PEERING: &str = "id state proposedByYou proposedAt expiresAt since partner { handle }";

/// Puts members into a new circle.
pub async fn in_a_circle(app: &TestApp, members: &[SignedIn]) {
    let id: PeeringId = app.app.ids.next();
    let text = id.0.simple().to_string();
    // Handles have at most 24 characters; the end of an id differs.
    let host = app.facilitator(&format!("host-{}", &text[20..])).await;
    circle_of(app, host, members).await;
}

pub fn propose_document() -> String {
    mutation("proposePeering", &format!("peering {{ {PEERING} }}"))
}

pub fn answer_document() -> String {
    mutation("answerPeering", &format!("peering {{ {PEERING} }}"))
}

/// Returns the input of a proposal to a member.
pub fn proposal_to(app: &TestApp, other: SignedIn) -> Value {
    let id: PeeringId = app.app.ids.next();
    json!({ "id": id.0, "memberId": *other.member.global() })
}

/// Sends a proposal. Returns the payload.
pub async fn propose(app: &TestApp, who: SignedIn, input: &Value) -> Value {
    let input = json!({ "input": input });
    let answer = app.as_member(who, &propose_document(), input).await;
    answer.at("/payload")
}

/// Proposes a peering, and asserts that there are no errors. Returns the peering.
pub async fn proposed(app: &TestApp, who: SignedIn, other: SignedIn) -> Value {
    let payload = propose(app, who, &proposal_to(app, other)).await;
    assert_eq!(payload["errors"], json!([]));
    payload["peering"].clone()
}

/// Answers a proposal. Returns the payload.
pub async fn answer(app: &TestApp, who: SignedIn, id: &Value, accept: bool) -> Value {
    let input = json!({ "input": { "peeringId": id, "accept": accept } });
    let answer = app.as_member(who, &answer_document(), input).await;
    answer.at("/payload")
}

/// Withdraws or ends a peering, with the mutation `how`. Returns the payload.
pub async fn leave(app: &TestApp, who: SignedIn, how: &str, id: &Value) -> Value {
    let input = json!({ "peeringId": id });
    app.mutate(who, how, input, "peeringId").await
}

/// Returns a member's peerings.
pub async fn peerings(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ peerings {{ nodes {{ {PEERING} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    let nodes = answer.at("/me/peerings/nodes");
    nodes.as_array().unwrap().clone()
}

/// Makes two members partners. Returns the id of their peering.
pub async fn partners(app: &TestApp, one: SignedIn, other: SignedIn) -> Value {
    in_a_circle(app, &[one, other]).await;
    let id = proposed(app, one, other).await["id"].clone();
    let payload = answer(app, other, &id, true).await;
    assert_eq!(payload["errors"], json!([]));
    id
}
