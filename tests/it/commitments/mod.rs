//! Commitments: what a member means to do, how it went, and the partner who may ask.

mod asks;
mod input;
mod late;
mod partner;
mod plan;
mod property;
mod story;
mod told;

use api::viewer::SignedIn;
use chrono::Days;
use entity::notification::{Kind, Model};
use serde_json::{Value, json};
use support::{TestApp, zone};
use uuid::Uuid;

use crate::peerings::partners;

/// Every field of a commitment.
const COMMITMENT: &str =
    "id clientId yours peeringId words dueOn weekdays nextDueOn state version createdAt
    endedAt partner { handle } days { dueOn answer answeredAt carriedTo }";

/// Sends a mutation whose payload has a commitment. Returns the payload.
async fn send(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let commitment = format!("commitment {{ {COMMITMENT} }}");
    app.mutate(who, mutation, input, &commitment).await
}

/// As [`send`], for a mutation that must succeed. Returns the commitment.
async fn sent(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let payload = send(app, who, mutation, input).await;
    assert_eq!(payload["errors"], json!([]));
    payload["commitment"].clone()
}

/// Sends a mutation that must be refused. Returns the error's code and field.
async fn refused(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> [String; 2] {
    let payload = send(app, who, mutation, input).await;
    let errors = payload["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    let path = errors[0]["path"].as_array().unwrap();
    [&errors[0]["code"], path.last().unwrap()].map(|text| text.as_str().unwrap().to_owned())
}

fn id(app: &TestApp) -> Uuid {
    app.app.ids.next()
}

/// The input of a commitment for one day.
fn once(app: &TestApp, due_on: &str, peering: &Value) -> Value {
    json!({ "id": id(app), "words": "Ring my brother", "due": { "on": due_on }, "peeringId": peering })
}

/// The input of a weekly commitment.
fn every(app: &TestApp, weekdays: &[&str], peering: &Value) -> Value {
    json!({ "id": id(app), "words": "Go for a run", "due": { "weekdays": weekdays }, "peeringId": peering })
}

/// Makes a commitment that is due every day, and shares it with a partner. Returns the commitment.
pub async fn daily(app: &TestApp, who: SignedIn, peering: &Value) -> Value {
    let days = [
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ];
    sent(app, who, "makeCommitment", every(app, &days, peering)).await
}

/// The date in London, `days` days from now.
pub fn london_date(app: &TestApp, days: u64) -> Value {
    let today = app.now().with_timezone(&zone("Europe/London"));
    json!(today.date_naive() + Days::new(days))
}

async fn answer(app: &TestApp, who: SignedIn, id: &Value, day: &str, answer: &str) -> Value {
    let input = json!({ "commitmentId": id, "dueOn": day, "answer": answer });
    sent(app, who, "answerCommitment", input).await
}

async fn carry(app: &TestApp, who: SignedIn, id: &Value, day: &str, to: &str) -> Value {
    let input = json!({ "commitmentId": id, "dueOn": day, "to": to });
    sent(app, who, "carryCommitmentOver", input).await
}

/// The commitments of a member.
async fn own_commitments(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ commitments {{ nodes {{ {COMMITMENT} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    let nodes = answer.at("/me/commitments/nodes");
    nodes.as_array().unwrap().clone()
}

/// The commitments that a member's partners share with him.
async fn shared_commitments(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!(
        "{{ me {{ peerings {{ nodes {{ partnerCommitments {{ nodes {{ {COMMITMENT} }} totalCount }} }} }} }} }}"
    );
    let answer = app.as_member(who, &query, json!({})).await;
    let peerings = answer.at("/me/peerings/nodes");
    let mut all = Vec::new();
    for peering in peerings.as_array().unwrap() {
        let list = &peering["partnerCommitments"];
        let nodes = list["nodes"].as_array().unwrap();
        assert_eq!(list["totalCount"], json!(nodes.len()));
        all.extend(nodes.iter().cloned());
    }
    all
}

/// The commitment with an id, or null.
async fn node(app: &TestApp, who: SignedIn, id: &Value) -> Value {
    let query =
        format!("query($id: ID!) {{ node(id: $id) {{ ... on Commitment {{ {COMMITMENT} }} }} }}");
    let answer = app.as_member(who, &query, json!({ "id": id })).await;
    answer.at("/node")
}

/// Mike, his partner Paul, who has a phone, and their peering.
async fn mike_and_paul(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    app.register(paul, "pauls-phone").await;
    app.drain().await;
    (mike, paul, peering)
}

/// The notifications that prompt partners to ask.
async fn follow_ups(app: &TestApp) -> Vec<Model> {
    let mut all = app.notifications().await;
    all.retain(|row| row.kind == Kind::AskHowItWent);
    all
}
