//! Every fact that separates two members, against every way in which one reaches the other: what Paul still sees, hears
//! and can do about Mike afterwards. A new fact is a new test, a new way is a new entry of `WAYS`.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, State};
use serde_json::{Value, json};
use support::{Listening, TestApp, both};

use super::{Scene, delete, scene, undo};
use crate::account::input;
use crate::pacts::{self, hello, nudge};
use crate::peerings;

/// The ways in which Mike reaches Paul.
const WAYS: [&str; 11] = [
    "profile",
    "node of the peering",
    "list of peerings",
    "node of the pact",
    "list of pacts",
    "list of the circle",
    "count of the circle",
    "seat at the meeting",
    "live event",
    "push",
    "mutation",
];

/// The two with everything that they share, a nudge by Mike whose push is not planned yet, and Paul's subscription.
async fn before(app: &TestApp) -> (Scene, Listening) {
    let given = scene(app).await;
    app.register(given.paul, "pauls-phone").await;
    rsvp(app, &given).await;
    app.drain().await;
    let sent = nudge(app, given.mike, "sendPactNudge", &hello(app, &given.pact)).await;
    assert_eq!(sent["errors"], json!([]));
    let live = app.listen(given.paul, "subscription { partnerActivity { kind } }");
    (given, live)
}

async fn rsvp(app: &TestApp, given: &Scene) {
    let query = "mutation($input: RsvpInput!) { rsvp(input: $input) { errors { code } } }";
    let seat = json!({ "occurrenceId": given.meeting["id"], "answer": "GOING" });
    let answer = app.as_member(given.mike, query, input(&seat)).await;
    assert_eq!(answer.at("/rsvp/errors"), json!([]));
}

/// The ways in which Mike still reaches Paul.
async fn reaches(app: &TestApp, given: &Scene, live: &mut Listening) -> Vec<&'static str> {
    let query = "query($member: ID!, $circle: ID!, $peering: ID!, $pact: ID!) {
        member(id: $member) { handle }
        peering: node(id: $peering) { __typename }
        pact: node(id: $pact) { __typename }
        circle(id: $circle) { memberCount members { nodes { member { handle } } } }
        me { peerings { totalCount } pacts { totalCount } } }";
    let variables = json!({ "member": *given.mike.member.global(), "circle": *given.circle.global(),
        "peering": given.peering, "pact": given.pact });
    let seen = app.as_member(given.paul, query, variables).await.ok();
    let seats =
        "query($id: ID!) { meeting: node(id: $id) { ... on MeetingOccurrence { seatsTaken } } }";
    let seats = app.as_member(given.host, seats, json!({ "id": given.meeting["id"] }));
    let seats = seats.await.at("/meeting/seatsTaken");
    app.drain().await;
    let lines = app.notifications().await;
    let mut lines = lines
        .iter()
        .filter(|line| line.kind == Kind::PactNudgeReceived);
    let pushed = lines.any(|line| line.state == State::Planned);
    live.heard();
    check_in(app, given.mike).await;
    let heard = live.heard();
    let words = json!({ "pactId": given.pact, "sharing": "WORDS" });
    let changed = pacts::send(app, given.paul, "updatePactSide", words).await;
    let there = [
        seen["member"]["handle"] == "mike",
        !seen["peering"].is_null(),
        seen["me"]["peerings"]["totalCount"] == 1,
        !seen["pact"].is_null(),
        seen["me"]["pacts"]["totalCount"] == 1,
        seen["circle"]["members"].to_string().contains("\"mike\""),
        seen["circle"]["memberCount"] == 3,
        seats == 1,
        heard
            .iter()
            .any(|event| event.to_string().contains("CHECKED_IN")),
        pushed,
        changed["errors"] == json!([]),
    ];
    let ways = WAYS.into_iter().zip(there);
    ways.filter_map(|(way, is)| is.then_some(way)).collect()
}

/// Ignores the answer: a purged member cannot check in.
async fn check_in(app: &TestApp, who: SignedIn) {
    let query = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let today = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "mood": 3 });
    let _: Value = app.as_member(who, query, input(&today)).await.data;
}

/// Every way but these.
fn all_but(closed: &[&str]) -> Vec<&'static str> {
    let open = WAYS.into_iter().filter(|way| !closed.contains(way));
    open.collect()
}

const OF_THE_PEERING: [&str; 2] = ["node of the peering", "list of peerings"];
const OF_THE_PACT: [&str; 5] = [
    "node of the pact",
    "list of pacts",
    "live event",
    "push",
    "mutation",
];
const OF_THE_CIRCLE: [&str; 3] = [
    "list of the circle",
    "count of the circle",
    "seat at the meeting",
];

#[both]
async fn before_anything_happens_every_way_is_open(app: TestApp) {
    let (given, mut live) = before(&app).await;
    assert_eq!(reaches(&app, &given, &mut live).await, WAYS);
}

#[both]
async fn a_member_pending_deletion_reaches_nobody_in_any_way(app: TestApp) {
    let (given, mut live) = before(&app).await;
    delete(&app, given.mike).await;
    assert_eq!(reaches(&app, &given, &mut live).await, [""; 0]);
}

#[both]
async fn undoing_a_deletion_restores_every_way_but_the_seat(app: TestApp) {
    let (given, mut live) = before(&app).await;
    delete(&app, given.mike).await;
    undo(&app, given.mike).await;
    let open = reaches(&app, &given, &mut live).await;
    assert_eq!(open, all_but(&["seat at the meeting"]));
}

#[both]
async fn a_purged_member_reaches_nobody_in_any_way(app: TestApp) {
    let (given, mut live) = before(&app).await;
    delete(&app, given.mike).await;
    app.advance(TimeDelta::days(31));
    app.drain().await;
    assert_eq!(reaches(&app, &given, &mut live).await, [""; 0]);
}

#[both]
async fn the_end_of_a_peering_closes_its_ways(app: TestApp) {
    let (given, mut live) = before(&app).await;
    let ended = peerings::leave(&app, given.mike, "endPeering", &given.peering).await;
    assert_eq!(ended["errors"], json!([]));
    let closed = [&OF_THE_PEERING[..], &OF_THE_PACT[..]].concat();
    assert_eq!(reaches(&app, &given, &mut live).await, all_but(&closed));
}

#[both]
async fn the_end_of_a_pact_closes_its_ways(app: TestApp) {
    let (given, mut live) = before(&app).await;
    let ended = pacts::end(&app, given.mike, &given.pact).await;
    assert_eq!(ended["errors"], json!([]));
    let open = reaches(&app, &given, &mut live).await;
    assert_eq!(open, all_but(&OF_THE_PACT));
}

#[both]
async fn leaving_a_circle_closes_its_ways(app: TestApp) {
    let (given, mut live) = before(&app).await;
    let query =
        "mutation($input: LeaveCircleInput!) { leaveCircle(input: $input) { errors { code } } }";
    let circle = json!({ "circleId": *given.circle.global() });
    let left = app.as_member(given.mike, query, input(&circle)).await;
    assert_eq!(left.at("/leaveCircle/errors"), json!([]));
    let open = reaches(&app, &given, &mut live).await;
    assert_eq!(open, all_but(&OF_THE_CIRCLE));
}
