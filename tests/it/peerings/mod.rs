//! Peerings: two men who said yes, and what nobody is told.

mod limits;
mod story;
mod told;

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use entity::PeeringId;
use serde_json::{Value, json};
use support::TestApp;

use crate::circles::circle_of;

/// Everything a peering shows.
pub const PEERING: &str = "id state proposedByYou proposedAt expiresAt since partner { handle }";

/// Puts men into a circle.
pub async fn in_a_circle(app: &TestApp, men: &[SignedIn]) {
    let id: PeeringId = app.app.ids.next();
    let text = id.0.simple().to_string();
    // Handles have at most 24 characters; the end of an id differs.
    let host = app.facilitator(&format!("host-{}", &text[20..])).await;
    circle_of(app, host, men).await;
}

pub fn propose_document() -> String {
    format!(
        "mutation($input: ProposePeeringInput!) {{ payload: proposePeering(input: $input) {{
            peering {{ {PEERING} }} errors {{ code path }} }} }}"
    )
}

pub fn answer_document() -> String {
    format!(
        "mutation($input: AnswerPeeringInput!) {{ payload: answerPeering(input: $input) {{
            peering {{ {PEERING} }} errors {{ code path }} }} }}"
    )
}

/// A proposal's input.
pub fn to(app: &TestApp, man: SignedIn) -> Value {
    let id: PeeringId = app.app.ids.next();
    json!({ "id": id.0, "memberId": *man.member.global() })
}

/// Sends a proposal; its payload.
pub async fn propose(app: &TestApp, who: SignedIn, input: &Value) -> Value {
    let input = json!({ "input": input });
    let answer = app.as_member(who, &propose_document(), input).await;
    answer.at("/payload")
}

/// As [`propose`], which must be fine; the peering.
pub async fn proposed(app: &TestApp, who: SignedIn, man: SignedIn) -> Value {
    let payload = propose(app, who, &to(app, man)).await;
    assert_eq!(payload["errors"], json!([]));
    payload["peering"].clone()
}

/// Answers a proposal; the payload.
pub async fn answer(app: &TestApp, who: SignedIn, id: &Value, accept: bool) -> Value {
    let input = json!({ "input": { "peeringId": id, "accept": accept } });
    let answer = app.as_member(who, &answer_document(), input).await;
    answer.at("/payload")
}

/// Takes back or ends; the payload.
pub async fn leave(app: &TestApp, who: SignedIn, how: &str, id: &Value) -> Value {
    let name = format!("{}{}Input", how[..1].to_uppercase(), &how[1..]);
    let document = format!(
        "mutation($input: {name}!) {{ payload: {how}(input: $input) {{
            peeringId errors {{ code path }} }} }}"
    );
    let input = json!({ "input": { "peeringId": id } });
    app.as_member(who, &document, input).await.at("/payload")
}

/// A member's peerings.
pub async fn peerings(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ peerings {{ nodes {{ {PEERING} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    let nodes = answer.at("/me/peerings/nodes");
    nodes.as_array().unwrap().clone()
}

/// Makes two men partners; the id of their peering.
pub async fn partners(app: &TestApp, one: SignedIn, other: SignedIn) -> Value {
    in_a_circle(app, &[one, other]).await;
    let id = proposed(app, one, other).await["id"].clone();
    let payload = answer(app, other, &id, true).await;
    assert_eq!(payload["errors"], json!([]));
    id
}
