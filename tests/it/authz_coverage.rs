//! Every field of the roots, asked by nobody and by somebody else. A field without a case does not pass:
//! say here what it is called with.

use std::collections::{BTreeMap, BTreeSet};

use api::account::{SignedIn, Viewer};
use api::graphql::node::NodeId as _;
use chrono::TimeDelta;
use entity::{
    CheckInId, CircleId, DeviceId, MeetingId, MemberId, NotificationId, OccurrenceId, PactId,
    PactNudgeId, PeeringId, SessionId,
};
use serde_json::{Value, json};
use support::{Answer, Listening, Schema, TestApp, both};
use uuid::Uuid;

use crate::profile::hide;

both!(
    a_subscription_tells_nothing_of_another_man,
    nobody_gets_further_than_the_door,
    what_is_another_facilitators_is_as_what_is_not_there,
    what_is_another_members_is_as_what_is_not_there,
    a_member_is_let_in_everywhere_but_where_it_takes_a_facilitator
);

/// What somebody may ask who has not signed in. Nothing is to be added here that says something of anybody.
const PUBLIC: [&str; 9] = [
    "lifeContexts",
    "refreshSession",
    "requestPassphraseReset",
    "resetPassphrase",
    "serverTime",
    "signIn",
    "signUp",
    "topics",
    "verifyEmail",
];

/// What it takes a facilitator's account for, whatever it is asked of. (Of a circle that is not his, a meeting is as
/// impossible for a facilitator.)
const FACILITATORS: [&str; 1] = ["createCircle"];

/// A thing of each kind that has an id.
struct Things {
    check_in: Value,
    circle: Value,
    device: Value,
    meeting: Value,
    member: Value,
    notification: Value,
    nudge: Value,
    occurrence: Value,
    pact: Value,
    peering: Value,
    session: Value,
}

impl Things {
    /// Ids of nothing.
    fn invented(app: &TestApp) -> Self {
        let ids = &app.app.ids;
        Self {
            check_in: json!(*ids.next::<CheckInId>().global()),
            circle: json!(*ids.next::<CircleId>().global()),
            device: json!(*ids.next::<DeviceId>().global()),
            meeting: json!(*ids.next::<MeetingId>().global()),
            member: json!(*ids.next::<MemberId>().global()),
            notification: json!(*ids.next::<NotificationId>().global()),
            occurrence: json!(*ids.next::<OccurrenceId>().global()),
            nudge: json!(*ids.next::<PactNudgeId>().global()),
            pact: json!(*ids.next::<PactId>().global()),
            peering: json!(*ids.next::<PeeringId>().global()),
            session: json!(*ids.next::<SessionId>().global()),
        }
    }

    /// The things of a man who runs a circle that meets. The member is one who is hidden: the others are
    /// there for every member.
    async fn of(app: &TestApp, mike: SignedIn) -> Self {
        let hidden = app.member("hidden").await;
        let circle = crate::circles::circle_of(app, mike, &[hidden]).await;
        hide(app, hidden, true).await;
        let partner = app.member("partner").await;
        let peering = crate::peerings::partners(app, mike, partner).await;
        let pact = crate::pacts::agreed(app, mike, partner, &peering).await;
        let nudge = crate::pacts::nudged(app, partner, &pact).await["id"].clone();
        let device = app.register(mike, "mikes-phone").await["id"].clone();
        let schedule = "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) {
            occurrence { id meeting { id } } } }";
        let input = json!({ "input": meeting(app, &json!(*circle.global())) });
        let made = app.as_member(mike, schedule, input).await;
        let made = made.at("/scheduleMeeting/occurrence");
        let rsvp = "mutation($id: ID!) { rsvp(input: { occurrenceId: $id, answer: GOING }) {
            errors { code } } }";
        app.as_member(mike, rsvp, json!({ "id": made["id"] }))
            .await
            .ok();
        // The reminder an hour before is in his inbox; the meeting is still to come.
        app.advance(TimeDelta::minutes(90));
        app.drain().await;
        let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { checkIn { id } } }";
        let id: Uuid = app.app.ids.next();
        let check_in = app.as_member(mike, check_in, json!({ "id": id })).await;
        let inbox = app
            .as_member(mike, "{ me { notifications { nodes { id } } } }", json!({}))
            .await;
        Self {
            check_in: check_in.at("/checkIn/checkIn/id"),
            circle: json!(*circle.global()),
            device,
            meeting: made["meeting"]["id"].clone(),
            member: json!(*hidden.member.global()),
            notification: inbox.at("/me/notifications/nodes/0/id"),
            occurrence: made["id"].clone(),
            nudge,
            pact,
            peering,
            session: json!(*mike.session.global()),
        }
    }

    fn all(&self) -> [&Value; 11] {
        [
            &self.check_in,
            &self.circle,
            &self.device,
            &self.meeting,
            &self.member,
            &self.notification,
            &self.nudge,
            &self.occurrence,
            &self.pact,
            &self.peering,
            &self.session,
        ]
    }
}

fn meeting(app: &TestApp, circle: &Value) -> Value {
    json!({ "id": app.app.ids.next::<Uuid>(), "circleId": circle, "title": "Tea", "format": "IN_PERSON",
        "timeZone": "Europe/London", "localDate": "2026-03-10", "localTime": "14:00", "durationMinutes": 60 })
}

const PASSPHRASE: &str = "orchid tram velvet 42";

type Case = (&'static str, Value);

fn input(input: &Value) -> Value {
    json!({ "input": input })
}

fn no_arguments() -> Value {
    json!({})
}

/// What each field is called with.
fn cases(app: &TestApp, of: &Things) -> BTreeMap<&'static str, Value> {
    let mut cases = BTreeMap::from_iter(about_accounts(app, of));
    cases.extend(about_partners(app, of));
    cases.extend(about_the_rest(app, of));
    cases
}

fn about_accounts(app: &TestApp, of: &Things) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    vec![
        (
            "changePassphrase",
            input(&json!({ "current": PASSPHRASE, "new": "copper lantern drift 77" })),
        ),
        ("confirmEmailChange", input(&json!({ "code": "12345678" }))),
        ("deleteAccount", input(&json!({ "passphrase": PASSPHRASE }))),
        (
            "refreshSession",
            input(&json!({ "refreshToken": "nonsense" })),
        ),
        (
            "requestEmailChange",
            input(&json!({ "newEmail": "new@example.org", "passphrase": PASSPHRASE })),
        ),
        (
            "requestPassphraseReset",
            input(&json!({ "email": "nobody@example.org" })),
        ),
        (
            "resetPassphrase",
            input(&json!({ "email": "nobody@example.org", "code": "12345678",
            "passphrase": PASSPHRASE })),
        ),
        ("revokeSession", input(&json!({ "sessionId": of.session }))),
        (
            "signIn",
            input(
                &json!({ "email": "nobody@example.org", "passphrase": PASSPHRASE,
            "deviceName": "A phone" }),
            ),
        ),
        ("signOut", no_arguments()),
        ("signOutEverywhereElse", no_arguments()),
        (
            "signUp",
            input(
                &json!({ "id": id(), "email": "new@example.org", "passphrase": PASSPHRASE,
            "handle": "newcomer", "timeZone": "Europe/London", "country": "GB", "locale": "en-GB",
            "adult": true, "termsVersion": "2026-11" }),
            ),
        ),
        ("undoAccountDeletion", no_arguments()),
        (
            "verifyEmail",
            input(&json!({ "signUpId": id(), "code": "12345678", "deviceName": "A phone" })),
        ),
    ]
}

fn about_partners(app: &TestApp, of: &Things) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    vec![
        ("partnerActivity", no_arguments()),
        (
            "proposePeering",
            input(&json!({ "id": id(), "memberId": of.member })),
        ),
        (
            "answerPeering",
            input(&json!({ "peeringId": of.peering, "accept": true })),
        ),
        (
            "withdrawPeering",
            input(&json!({ "peeringId": of.peering })),
        ),
        ("endPeering", input(&json!({ "peeringId": of.peering }))),
        (
            "proposePact",
            input(
                &json!({ "id": id(), "peeringId": of.peering, "sharing": "NOTHING", "nudgeStyle": "PLAIN" }),
            ),
        ),
        (
            "answerPact",
            input(&json!({ "pactId": of.pact, "accept": true })),
        ),
        (
            "updatePactSide",
            input(&json!({ "pactId": of.pact, "sharing": "WORDS" })),
        ),
        ("renewPact", input(&json!({ "pactId": of.pact }))),
        ("endPact", input(&json!({ "pactId": of.pact }))),
        (
            "sendPactNudge",
            input(&json!({ "id": id(), "pactId": of.pact, "template": "JUST_HELLO" })),
        ),
        (
            "answerPactNudge",
            input(&json!({ "nudgeId": of.nudge, "answer": "ALL_RIGHT" })),
        ),
    ]
}

fn about_the_rest(app: &TestApp, of: &Things) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    vec![
        ("changes", json!({ "first": 10 })),
        ("circle", json!({ "id": of.circle })),
        ("lifeContexts", no_arguments()),
        ("me", no_arguments()),
        ("meeting", json!({ "id": of.meeting })),
        ("member", json!({ "id": of.member })),
        ("node", json!({ "id": of.check_in })),
        ("nodes", json!({ "ids": of.all() })),
        ("occurrence", json!({ "id": of.occurrence })),
        ("serverTime", no_arguments()),
        ("topics", no_arguments()),
        ("upcomingMeetings", no_arguments()),
        ("checkInRecorded", no_arguments()),
        ("notificationReceived", no_arguments()),
        (
            "addCircleMember",
            input(&json!({ "circleId": of.circle, "memberId": of.member })),
        ),
        (
            "cancelMeeting",
            input(&json!({ "occurrenceId": of.occurrence })),
        ),
        ("checkIn", input(&json!({ "id": id() }))),
        (
            "createCircle",
            input(&json!({ "id": id(), "name": "Monday", "purpose": "Talk" })),
        ),
        ("leaveCircle", input(&json!({ "circleId": of.circle }))),
        (
            "markNotificationsRead",
            input(&json!({ "upToId": of.notification })),
        ),
        (
            "registerDevice",
            input(
                &json!({ "address": "anothers-phone", "addressKind": "FCM_FID",
            "platform": "IOS", "appVersion": "1.0.0", "locale": "en-GB" }),
            ),
        ),
        (
            "removeCircleMember",
            input(&json!({ "circleId": of.circle, "memberId": of.member })),
        ),
        ("removeTopic", input(&json!({ "topic": "grief" }))),
        (
            "rsvp",
            input(&json!({ "occurrenceId": of.occurrence, "answer": "GOING" })),
        ),
        ("scheduleMeeting", input(&meeting(app, &of.circle))),
        (
            "setCheckInReminder",
            input(&json!({ "localTime": "08:00", "enabled": true })),
        ),
        (
            "setQuietHours",
            input(&json!({ "enabled": true, "from": "23:00", "until": "06:30" })),
        ),
        ("setLifeContexts", input(&json!({ "lifeContexts": [] }))),
        (
            "setTopic",
            input(&json!({ "topic": "grief", "stance": "LIVING_WITH" })),
        ),
        ("unregisterDevice", input(&json!({ "deviceId": of.device }))),
        (
            "updateMeeting",
            input(&json!({ "meetingId": of.meeting, "expectedVersion": 1, "title": "Mine" })),
        ),
        ("updateProfile", input(&json!({ "bio": "Hello" }))),
    ]
}

/// A document that asks for a field with its arguments as variables, as the schema has them.
fn document(root: &str, field: &Value) -> String {
    let name = field["name"].as_str().unwrap();
    let arguments = field["args"].as_array().unwrap();
    let of = |argument: &Value| argument["name"].as_str().unwrap().to_owned();
    // A list is asked for without its page.
    let arguments: Vec<_> = arguments
        .iter()
        .filter(|argument| argument["type"]["kind"] == "NON_NULL")
        .collect();
    let declared: Vec<String> = arguments
        .iter()
        .map(|argument| format!("${}: {}", of(argument), written(&argument["type"])))
        .collect();
    let passed: Vec<String> = arguments
        .iter()
        .map(|argument| format!("{0}: ${0}", of(argument)))
        .collect();
    let brackets = |inner: &[String]| match inner {
        [] => String::new(),
        inner => format!("({})", inner.join(", ")),
    };
    let selection = match innermost(&field["type"]) {
        ("SCALAR" | "ENUM", _) => "",
        (_, payload) if payload.ends_with("Payload") => "{ errors { code message path } }",
        _ => "{ __typename }",
    };
    let root = root.to_lowercase();
    format!(
        "{root}{} {{ {name}{} {selection} }}",
        brackets(&declared),
        brackets(&passed)
    )
}

fn written(of: &Value) -> String {
    match of["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => of["name"].as_str().unwrap().to_owned(),
    }
}

fn innermost(of: &Value) -> (&str, &str) {
    match of["name"].as_str() {
        Some(name) => (of["kind"].as_str().unwrap(), name),
        None => innermost(&of["ofType"]),
    }
}

/// Whether a field takes the id of something, in an argument or in its input.
fn takes_an_id(schema: &Schema, field: &Value) -> bool {
    let is_id = |of: &Value| innermost(&of["type"]).1 == "ID";
    field["args"].as_array().unwrap().iter().any(|argument| {
        let (kind, name) = innermost(&argument["type"]);
        let input = schema
            .types()
            .find(|of| kind == "INPUT_OBJECT" && of["name"] == name);
        let fields = input.and_then(|input| input["inputFields"].as_array());
        is_id(argument) || fields.is_some_and(|fields| fields.iter().any(is_id))
    })
}

fn is_refused(answer: &Answer, name: &str) -> bool {
    answer.errors.len() == 1
        && answer.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        && answer.data[name].is_null()
}

async fn nobody_gets_further_than_the_door(app: TestApp) {
    let schema = Schema::introspect().await;
    let mike = app.facilitator("mike").await;
    let mut cases = cases(&app, &Things::of(&app, mike).await);
    let mut without_a_case = BTreeSet::new();
    let mut other_than_listed = BTreeSet::new();
    for (root, field) in schema.root_fields() {
        let name = field["name"].as_str().unwrap();
        let Some(variables) = cases.remove(name) else {
            without_a_case.insert(name);
            continue;
        };
        let document = document(root, field);
        if root == "Subscription" {
            let mut nobody = Listening::begin(&app.schema, Viewer::Anonymous, &document);
            assert_eq!(nobody.refused().await, "UNAUTHENTICATED", "{name}");
            continue;
        }
        let answer = app.anonymous(&document, variables).await;
        let refused = is_refused(&answer, name);
        assert!(
            refused || answer.errors.is_empty(),
            "{name}: {:?}",
            answer.errors
        );
        // It is refused before the database hears of it.
        assert!(
            !refused || answer.statements == 0,
            "{name} asks the database first"
        );
        if refused == PUBLIC.contains(&name) {
            other_than_listed.insert(name);
        }
    }
    assert_eq!(without_a_case, BTreeSet::new());
    assert_eq!(other_than_listed, BTreeSet::new());
    assert_eq!(
        cases.into_keys().collect::<Vec<_>>(),
        [""; 0],
        "there is no such field"
    );
}

async fn what_is_another_facilitators_is_as_what_is_not_there(app: TestApp) {
    let sam = app.facilitator("sam").await;
    what_is_mikes_is_to_him_as_what_is_not_there(app, sam).await;
}

async fn what_is_another_members_is_as_what_is_not_there(app: TestApp) {
    let sam = app.member("sam").await;
    what_is_mikes_is_to_him_as_what_is_not_there(app, sam).await;
}

async fn what_is_mikes_is_to_him_as_what_is_not_there(app: TestApp, sam: SignedIn) {
    let schema = Schema::introspect().await;
    let mike = app.facilitator("mike").await;
    let things = Things::of(&app, mike).await;
    let (mut theirs, mut invented) = (cases(&app, &things), cases(&app, &Things::invented(&app)));
    let before = state(&app, mike, &things).await;
    let mut asked = 0;
    for (root, field) in schema.root_fields() {
        if !takes_an_id(&schema, field) {
            continue;
        }
        let name = field["name"].as_str().unwrap();
        let document = document(root, field);
        let of_theirs = theirs.remove(name).expect("a case");
        let of_nothing = invented.remove(name).expect("a case");
        let there = app.as_member(sam, &document, of_theirs).await;
        let not_there = app.as_member(sam, &document, of_nothing).await;
        assert_eq!(there.data, not_there.data, "{name}");
        assert_eq!(there.errors, not_there.errors, "{name}");
        if root == "Query" {
            let nothing = |found: &Value| {
                found.is_null()
                    || found
                        .as_array()
                        .is_some_and(|all| all.iter().all(Value::is_null))
            };
            assert!(nothing(&there.data[name]), "{name}: {}", there.data);
        }
        asked += 1;
    }
    assert!(asked >= 15, "{asked}");
    assert_eq!(state(&app, mike, &things).await, before);
}

/// Every field is asked as a member and as a facilitator, each time another: some end the session. Neither is taken
/// for nobody, and nothing breaks.
async fn a_member_is_let_in_everywhere_but_where_it_takes_a_facilitator(app: TestApp) {
    let schema = Schema::introspect().await;
    let mut cases = cases(&app, &Things::invented(&app));
    let mut closed_to_members = BTreeSet::new();
    let fields = schema.root_fields();
    let fields = fields.filter(|(root, _)| *root != "Subscription");
    for (at, (root, field)) in fields.enumerate() {
        let name = field["name"].as_str().unwrap();
        let document = document(root, field);
        let variables = cases.remove(name).expect("a case");
        let tom = app.member(&format!("tom{at}")).await;
        let sam = app.facilitator(&format!("sam{at}")).await;
        for (who, is_facilitator) in [(tom, false), (sam, true)] {
            let answer = app.as_member(who, &document, variables.clone()).await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{name}");
            let refusals = answer.data[name]["errors"].as_array();
            let mut refusals = refusals.into_iter().flatten();
            if refusals.any(|refusal| refusal["code"] == "NOT_ALLOWED") {
                assert!(!is_facilitator, "{name}");
                closed_to_members.insert(name);
            }
        }
    }
    assert_eq!(closed_to_members, BTreeSet::from(FACILITATORS));
}

async fn a_subscription_tells_nothing_of_another_man(app: TestApp) {
    let schema = Schema::introspect().await;
    // Another facilitator, who may do the most.
    let (mike, sam) = (app.facilitator("mike").await, app.facilitator("sam").await);
    let fields = schema
        .root_fields()
        .filter(|(root, _)| *root == "Subscription");
    let mut listening: Vec<_> = fields
        .map(|(root, field)| {
            let document = document(root, field);
            let both = [mike, sam].map(|who| app.listen(who, &document));
            (field["name"].as_str().unwrap(), both)
        })
        .collect();
    // Everything there is to hear of a man happens to him here.
    Things::of(&app, mike).await;
    for (name, [his, others]) in &mut listening {
        assert!(!his.heard().is_empty(), "{name} is not heard by himself");
        assert_eq!(others.heard(), [Value::Null; 0], "{name}");
    }
    assert!(!listening.is_empty());
}

/// Mike's things, as he sees them.
async fn state(app: &TestApp, mike: SignedIn, things: &Things) -> Value {
    let query = "query($circle: ID!, $occurrence: ID!) {
        circle(id: $circle) { viewerRole memberCount }
        occurrence(id: $occurrence) { status seatsTaken version meeting { title version } }
        me { peerings { nodes { id state } } pacts { nodes { id version nudges { nodes { id answer } } } }
            devices { id } sessions { id } unreadNotificationCount checkIns { totalCount } }
    }";
    let variables = json!({ "circle": things.circle, "occurrence": things.occurrence });
    app.as_member(mike, query, variables).await.ok()
}
