//! The consequences of a fact in every other domain: what nobody may see, hear or do any more.

mod matrix;

use api::account::service::set_role;
use api::circle::service::{Appointed, appoint, without_facilitator};
use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use entity::account::Role;
use entity::notification::Kind;
use entity::{CircleId, circle_membership};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{FromDatabase, TestApp, TestDatabase, both};

use crate::account::{PASSPHRASE, input, join, signed_in};
use crate::circles::circle_of;
use crate::circles::invitations::inbox;
use crate::meetings::notifications as notifications_of;
use crate::pacts::{agreed, hello, nudge};
use crate::peerings::{answer, proposed};

/// Mike and Paul, who are partners with a pact and members of the host's circle, which has a meeting. Both have full
/// accounts.
struct Scene {
    host: SignedIn,
    mike: SignedIn,
    paul: SignedIn,
    circle: CircleId,
    peering: Value,
    pact: Value,
    meeting: Value,
}

async fn scene(app: &TestApp) -> Scene {
    let joined = async |handle: &str| {
        let payload = join(app, &format!("{handle}@example.org"), handle).await;
        signed_in(app, &payload)
    };
    let (mike, paul) = (joined("mike").await, joined("paul").await);
    let host = app.facilitator("host").await;
    let circle = circle_of(app, host, &[mike, paul]).await;
    let peering = proposed(app, mike, paul).await["id"].clone();
    answer(app, paul, &peering, true).await;
    let pact = agreed(app, mike, paul, &peering).await;
    let id: entity::MeetingId = app.app.ids.next();
    let tea = json!({ "id": id.0, "title": "Tea and talk", "format": "IN_PERSON",
        "place": "The back room", "timeZone": "Europe/London", "localDate": "2026-04-30",
        "localTime": "19:30", "durationMinutes": 90, "circleId": *circle.global() });
    let schedule = "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) {
        occurrence { id meeting { id } } errors { code } } }";
    let meeting = app.as_member(host, schedule, input(&tea)).await;
    let meeting = meeting.at("/scheduleMeeting/occurrence");
    Scene {
        host,
        mike,
        paul,
        circle,
        peering,
        pact,
        meeting,
    }
}

async fn delete(app: &TestApp, who: SignedIn) {
    let query = "mutation($input: DeleteAccountInput!) {
        deleteAccount(input: $input) { errors { code } } }";
    let answer = app.as_member(who, query, input(&json!({ "passphrase": PASSPHRASE })));
    assert_eq!(answer.await.at("/deleteAccount/errors"), json!([]));
}

async fn undo(app: &TestApp, who: SignedIn) {
    let query = "mutation { undoAccountDeletion { errors { code } } }";
    let answer = app.as_member(who, query, json!({})).await;
    assert_eq!(answer.at("/undoAccountDeletion/errors"), json!([]));
}

/// Everything about the others that a member can read.
async fn sees(app: &TestApp, viewer: SignedIn, other: SignedIn, given: &Scene) -> Value {
    let query = "query($member: ID!, $circle: ID!, $meeting: ID!, $peering: ID!, $pact: ID!) {
        member(id: $member) { handle }
        circle(id: $circle) { name memberCount members { totalCount nodes { member { handle } } }
            checkIns { nodes { note } } }
        meeting(id: $meeting) { title place }
        peering: node(id: $peering) { __typename }
        pact: node(id: $pact) { __typename }
        upcomingMeetings { totalCount nodes { id } }
        me { circles { totalCount nodes { id } } peerings { totalCount nodes { id } }
            pacts { totalCount nodes { id } } } }";
    let variables = json!({
        "member": *other.member.global(), "circle": *given.circle.global(),
        "meeting": given.meeting["meeting"]["id"], "peering": given.peering, "pact": given.pact,
    });
    app.as_member(viewer, query, variables).await.ok()
}

/// What a member pending deletion sees.
fn nothing_visible() -> Value {
    let none = json!({ "totalCount": 0, "nodes": [] });
    json!({ "member": null, "circle": null, "meeting": null, "peering": null, "pact": null,
        "upcomingMeetings": none, "me": { "circles": none, "peerings": none, "pacts": none } })
}

#[both]
async fn a_member_pending_deletion_sees_nobody(app: TestApp) {
    let given = scene(&app).await;
    let before = sees(&app, given.mike, given.paul, &given).await;
    assert_eq!(before["member"]["handle"], "paul");
    delete(&app, given.mike).await;
    assert_eq!(
        sees(&app, given.mike, given.paul, &given).await,
        nothing_visible()
    );
    // Nobody sees Mike either, and the others still see each other.
    let others = sees(&app, given.paul, given.mike, &given).await;
    assert_eq!(others["member"], json!(null));
    assert_eq!(others["peering"], json!(null));
    assert_eq!(others["circle"]["memberCount"], 2);
    assert_eq!(
        others["circle"]["members"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[both]
async fn a_member_pending_deletion_reaches_nobody(app: TestApp) {
    let given = scene(&app).await;
    delete(&app, given.mike).await;
    let sent = nudge(&app, given.mike, "sendPactNudge", &hello(&app, &given.pact)).await;
    assert_eq!(sent["errors"][0]["code"], "NOT_FOUND");
    let occurrence = &given.meeting["id"];
    for (mutation, fields) in [
        ("endPeering", json!({ "peeringId": given.peering })),
        ("endPact", json!({ "pactId": given.pact })),
        (
            "updatePactSide",
            json!({ "pactId": given.pact, "sharing": "WORDS" }),
        ),
        (
            "rsvp",
            json!({ "occurrenceId": occurrence, "answer": "GOING" }),
        ),
        (
            "addCircleMember",
            json!({ "circleId": *given.circle.global(), "memberId": *given.paul.member.global() }),
        ),
        (
            "proposePeering",
            json!({ "id": app.app.ids.next::<uuid::Uuid>(), "memberId": *given.host.member.global() }),
        ),
    ] {
        let payload = app.mutate(given.mike, mutation, fields, "").await;
        let code = payload["errors"][0]["code"].clone();
        assert_eq!(code, "NOT_FOUND", "{mutation}");
    }
    let still = crate::pacts::pacts(&app, given.paul).await;
    assert_eq!(still.len(), 0);
}

#[both]
async fn a_member_pending_deletion_causes_no_live_events(app: TestApp) {
    let given = scene(&app).await;
    let activity = "subscription { partnerActivity { kind refetch } }";
    let mut heard = app.listen(given.paul, activity);
    let nothing: Vec<Value> = Vec::new();
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let today = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "mood": 3 });
    let first = app.as_member(given.mike, check_in, input(&today)).await;
    assert_eq!(first.at("/checkIn/errors"), json!([]));
    let events = heard.heard();
    assert!(
        events
            .iter()
            .any(|event| event.to_string().contains("CHECKED_IN")),
        "a partner hears of a check-in: {events:?}"
    );
    delete(&app, given.mike).await;
    heard.heard();
    app.advance(chrono::TimeDelta::days(1));
    let next = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "mood": 4 });
    let next = app.as_member(given.mike, check_in, input(&next)).await;
    assert_eq!(next.at("/checkIn/errors"), json!([]));
    assert_eq!(heard.heard(), nothing);
}

#[both]
async fn undoing_a_deletion_restores_everything(app: TestApp) {
    let given = scene(&app).await;
    let before = sees(&app, given.mike, given.paul, &given).await;
    let theirs = sees(&app, given.paul, given.mike, &given).await;
    delete(&app, given.mike).await;
    undo(&app, given.mike).await;
    assert_eq!(sees(&app, given.mike, given.paul, &given).await, before);
    assert_eq!(sees(&app, given.paul, given.mike, &given).await, theirs);
}

async fn roles(app: &TestApp, viewer: SignedIn, circle: CircleId) -> Vec<(String, String)> {
    let query =
        "query($id: ID!) { circle(id: $id) { members { nodes { role member { handle } } } } }";
    let found = app.as_member(viewer, query, json!({ "id": *circle.global() }));
    let nodes = found.await.at("/circle/members/nodes");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let nodes = nodes.as_array().unwrap().iter();
    nodes
        .map(|node| (text(&node["member"]["handle"]), text(&node["role"])))
        .collect()
}

#[both]
async fn a_facilitator_without_the_role_runs_nothing(app: TestApp) {
    let given = scene(&app).await;
    set_role(&app.app, "host@example.org", Role::Member)
        .await
        .unwrap();
    let code = async |mutation: &str, fields: Value| {
        let payload = app.mutate(given.host, mutation, fields, "").await;
        payload["errors"][0]["code"].clone()
    };
    let other = app.member("other").await;
    let membership = |who: SignedIn| json!({ "circleId": *given.circle.global(), "memberId": *who.member.global() });
    assert_eq!(
        code("addCircleMember", membership(other)).await,
        "NOT_ALLOWED"
    );
    assert_eq!(
        code("removeCircleMember", membership(given.mike)).await,
        "NOT_ALLOWED"
    );
    let link = json!({ "meetingId": given.meeting["meeting"]["id"], "expectedVersion": 1,
        "joinUrl": "https://elsewhere.example/" });
    assert_eq!(code("updateMeeting", link).await, "NOT_ALLOWED");
    let off = json!({ "occurrenceId": given.meeting["id"] });
    assert_eq!(code("cancelMeeting", off).await, "NOT_ALLOWED");
    let there = roles(&app, given.mike, given.circle).await;
    assert!(there.iter().all(|(_, role)| role == "MEMBER"), "{there:?}");
    // Getting the role back does not restore the circles.
    set_role(&app.app, "host@example.org", Role::Facilitator)
        .await
        .unwrap();
    assert_eq!(
        code("addCircleMember", membership(other)).await,
        "NOT_ALLOWED"
    );
}

/// The role of `who` in the circle, or `None`.
async fn role_of(app: &TestApp, viewer: SignedIn, given: &Scene, who: &str) -> Option<String> {
    let there = roles(app, viewer, given.circle).await;
    let found = there.into_iter().find(|(handle, _)| handle == who);
    found.map(|(_, role)| role)
}

#[both]
async fn a_circle_is_handed_to_its_longest_standing_facilitator(app: TestApp) {
    let given = scene(&app).await;
    let earlier = app.now() - chrono::TimeDelta::days(1);
    circle_membership::Entity::update_many()
        .col_expr(circle_membership::Column::JoinedAt, Expr::value(earlier))
        .filter(circle_membership::Column::MemberId.eq(given.mike.member))
        .exec(app.app.db.pool())
        .await
        .unwrap();
    for email in ["paul@example.org", "mike@example.org"] {
        set_role(&app.app, email, Role::Facilitator).await.unwrap();
    }
    set_role(&app.app, "host@example.org", Role::Member)
        .await
        .unwrap();
    let role = async |who| role_of(&app, given.paul, &given, who).await.unwrap();
    assert_eq!(role("host").await, "MEMBER");
    assert_eq!(role("mike").await, "FACILITATOR");
    assert_eq!(role("paul").await, "MEMBER");
    let line = json!({ "kind": "RUNS_CIRCLE", "subjectId": *given.circle.global() });
    let has_it = async |who| inbox(&app, who).await.as_array().unwrap().contains(&line);
    assert!(has_it(given.mike).await);
    assert!(!has_it(given.paul).await);
    // The same for a deletion. Undoing it restores the role in the circle.
    delete(&app, given.mike).await;
    app.drain().await;
    assert_eq!(role("paul").await, "FACILITATOR");
    assert!(has_it(given.paul).await);
    undo(&app, given.mike).await;
    assert_eq!(role("mike").await, "FACILITATOR");
    // The notification counts as read once the member no longer runs the circle.
    set_role(&app.app, "paul@example.org", Role::Member)
        .await
        .unwrap();
    let notifications = notifications_of(&app, given.paul, Kind::RunsCircle).await;
    assert!(notifications[0].read_at.is_some());
}

/// The service with an inbox of its operators.
struct WithOperatorsInbox(TestApp);

impl FromDatabase for WithOperatorsInbox {
    async fn from_database(database: TestDatabase) -> Self {
        let inbox = format!("[operations]\ninbox = \"{OPERATORS}\"\n");
        Self(TestApp::configured(database, &inbox).await)
    }
}

const OPERATORS: &str = "operators@example.org";

#[both]
async fn a_circle_without_a_facilitator_is_reported_and_can_be_given_one(
    WithOperatorsInbox(app): WithOperatorsInbox,
) {
    let given = scene(&app).await;
    let unled = async || without_facilitator(app.app.db.pool()).await.unwrap();
    assert_eq!(unled().await, []);
    set_role(&app.app, "host@example.org", Role::Member)
        .await
        .unwrap();
    assert_eq!(unled().await, [given.circle]);
    app.drain().await;
    let letters = app.mail_to(OPERATORS);
    assert_eq!(letters.len(), 1);
    let how = format!("belay circle appoint {} MEMBER_ID", given.circle);
    assert!(letters[0].text.contains(&how), "{}", letters[0].text);
    let give = async |circle, who: SignedIn| appoint(&app.app, circle, who.member).await.unwrap();
    assert_eq!(give(given.circle, given.paul).await, Appointed::MayNotRun);
    set_role(&app.app, "paul@example.org", Role::Facilitator)
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(give(given.circle, given.paul).await, Appointed::Succeeded);
    }
    let notifications = notifications_of(&app, given.paul, Kind::RunsCircle).await;
    assert_eq!(notifications.len(), 1);
    assert_eq!(unled().await, []);
    let nowhere = app.app.ids.next();
    assert_eq!(give(nowhere, given.paul).await, Appointed::NoCircle);
    delete(&app, given.mike).await;
    assert_eq!(give(given.circle, given.mike).await, Appointed::NoMember);
}
