//! Creates the partnership of two members, and a ladder.

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::Fault;

use super::client::Client;
use super::community::DemoMember;

fn id(app: &App) -> uuid::Uuid {
    app.ids.next()
}

/// Makes two members partners with a pact. Each makes a commitment that the partner can see. Returns the id of their
/// peering.
pub(super) async fn meet(
    client: &Client,
    one: &DemoMember,
    other: &DemoMember,
    now: DateTime<Utc>,
) -> Result<Value, Fault> {
    const PROPOSE: &str = "mutation($input: ProposePeeringInput!) { proposePeering(input: $input) {
        peering { id } errors { code path } } }";
    const ANSWER: &str = "mutation($input: AnswerPeeringInput!) { answerPeering(input: $input) {
        errors { code path } } }";
    const PROPOSE_PACT: &str = "mutation($input: ProposePactInput!) { proposePact(input: $input) {
        pact { id } errors { code path } } }";
    const ANSWER_PACT: &str = "mutation($input: AnswerPactInput!) { answerPact(input: $input) {
        errors { code path } } }";
    const MAKE: &str = "mutation($input: MakeCommitmentInput!) { makeCommitment(input: $input) {
        errors { code path } } }";
    let app = &client.app;
    let asked = json!({ "id": id(app), "memberId": other.global_id });
    let asked = client.ask(one.seat, one.viewer(), PROPOSE, asked).await?;
    let peering = &asked["peering"]["id"];
    let yes = json!({ "peeringId": peering, "accept": true });
    client.ask(other.seat, other.viewer(), ANSWER, yes).await?;

    let pact = json!({ "id": id(app), "peeringId": peering, "sharing": "MOOD", "nudgeStyle": "HUMOUR",
        "nudgeWish": "A bad joke does it" });
    let pact = client.ask(one.seat, one.viewer(), PROPOSE_PACT, pact);
    let yes = json!({ "pactId": pact.await?["pact"]["id"], "accept": true, "sharing": "CHECKED_IN",
        "nudgeStyle": "PLAIN" });
    client
        .ask(other.seat, other.viewer(), ANSWER_PACT, yes)
        .await?;

    let run = json!({ "id": id(app), "words": "A run before work", "peeringId": peering,
        "due": { "weekdays": ["MONDAY", "WEDNESDAY", "FRIDAY"] } });
    client.ask(one.seat, one.viewer(), MAKE, run).await?;
    // In every time zone this date is in the future.
    let soon = now.date_naive() + Days::new(2);
    let call = json!({ "id": id(app), "words": "Ring the surgery", "peeringId": peering, "due": { "on": soon } });
    client.ask(other.seat, other.viewer(), MAKE, call).await?;
    Ok(peering.clone())
}

/// Writes a ladder for one member. The partner and the facilitator on it agree to be notified.
pub(super) async fn write_ladder(
    client: &Client,
    one: &DemoMember,
    (partner, peering): (&DemoMember, &Value),
    (host, circle): (&DemoMember, &Value),
) -> Result<(), Fault> {
    const WRITE: &str = "mutation($input: WriteLadderInput!) { writeLadder(input: $input) {
        errors { code path } } }";
    const ASKED: &str = "{ me { ladderRequests(first: 1) { nodes { id } } } }";
    const AGREE: &str = "mutation($input: AnswerLadderRequestInput!) {
        answerLadderRequest(input: $input) { errors { code path } } }";
    let ladder = json!({ "localTime": "09:00",
        "own": { "afterDays": 2, "words": "You wrote this on a good day. Put the kettle on." },
        "partner": { "peeringId": peering, "afterDays": 3, "tells": "SINCE_WHEN",
            "words": "Ring me, and do not ask me how I am." },
        "facilitator": { "circleId": circle, "memberId": host.global_id, "afterDays": 7,
            "tells": "QUIET" } });
    let written = json!({ "ladder": ladder });
    client.ask(one.seat, one.viewer(), WRITE, written).await?;
    for member in [partner, host] {
        let asked = client
            .ask(member.seat, member.viewer(), ASKED, Value::Null)
            .await?;
        let yes = json!({ "requestId": asked["ladderRequests"]["nodes"][0]["id"], "agree": true });
        client.ask(member.seat, member.viewer(), AGREE, yes).await?;
    }
    Ok(())
}
