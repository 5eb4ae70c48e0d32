//! Commitments: what a man means to do, how it went, and the partner who may ask.

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

/// Everything a commitment shows.
const COMMITMENT: &str =
    "id clientId yours peeringId words dueOn weekdays nextDueOn state version createdAt
    endedAt partner { handle } days { dueOn answer answeredAt carriedTo }";

/// Sends a mutation that answers with a commitment; its payload.
async fn send(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation($input: {name}!) {{ payload: {mutation}(input: $input) {{
            commitment {{ {COMMITMENT} }} errors {{ code path }} }} }}"
    );
    let input = json!({ "input": input });
    app.as_member(who, &document, input).await.at("/payload")
}

/// As [`send`], which must be fine; the commitment.
async fn sent(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let payload = send(app, who, mutation, input).await;
    assert_eq!(payload["errors"], json!([]));
    payload["commitment"].clone()
}

/// The one refusal of a mutation, as its code and the field.
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

/// The input of what is to be done once.
fn once(app: &TestApp, due_on: &str, peering: &Value) -> Value {
    json!({ "id": id(app), "words": "Ring my brother", "due": { "on": due_on }, "peeringId": peering })
}

/// The input of what is to be done every week.
fn every(app: &TestApp, weekdays: &[&str], peering: &Value) -> Value {
    json!({ "id": id(app), "words": "Go for a run", "due": { "weekdays": weekdays }, "peeringId": peering })
}

/// Means to do something every day, and lets a partner see it; the commitment.
pub async fn weekly(app: &TestApp, who: SignedIn, peering: &Value) -> Value {
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

/// A day in London, so many days from today.
pub fn today(app: &TestApp, later: u64) -> Value {
    let today = app.now().with_timezone(&zone("Europe/London"));
    json!(today.date_naive() + Days::new(later))
}

async fn answer(app: &TestApp, who: SignedIn, id: &Value, day: &str, answer: &str) -> Value {
    let input = json!({ "commitmentId": id, "dueOn": day, "answer": answer });
    sent(app, who, "answerCommitment", input).await
}

async fn carry(app: &TestApp, who: SignedIn, id: &Value, day: &str, to: &str) -> Value {
    let input = json!({ "commitmentId": id, "dueOn": day, "to": to });
    sent(app, who, "carryCommitmentOver", input).await
}

/// A member's own.
async fn own(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ commitments {{ nodes {{ {COMMITMENT} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    let nodes = answer.at("/me/commitments/nodes");
    nodes.as_array().unwrap().clone()
}

/// What a member's partners let him see, by his peerings.
async fn shown(app: &TestApp, who: SignedIn) -> Vec<Value> {
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

/// What there is under an id.
async fn node(app: &TestApp, who: SignedIn, id: &Value) -> Value {
    let query =
        format!("query($id: ID!) {{ node(id: $id) {{ ... on Commitment {{ {COMMITMENT} }} }} }}");
    let answer = app.as_member(who, &query, json!({ "id": id })).await;
    answer.at("/node")
}

/// Mike, and Paul, who is his partner and can be reached; and their peering.
async fn two(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    app.register(paul, "pauls-phone").await;
    app.drain().await;
    (mike, paul, peering)
}

/// What partners were told they could ask.
async fn asked(app: &TestApp) -> Vec<Model> {
    let mut all = app.notifications().await;
    all.retain(|row| row.kind == Kind::AskHowItWent);
    all
}
