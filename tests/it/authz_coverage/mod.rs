//! The authorization of every root field: called without a session, by the owner of the objects, and by two others, a
//! member and a facilitator. A field without a case fails: add its arguments to `cases.rs`.

mod cases;
mod documents;

use std::collections::BTreeSet;

use api::viewer::{SignedIn, Viewer};
use serde_json::{Value, json};
use support::{Answer, Listening, Schema, TestApp, TestDatabase, both};
use uuid::Uuid;

use self::cases::{Case, Objects, cases, taken};
use self::documents::{documents, places};
use crate::profile::hide;

#[tokio::test]
async fn every_field_has_a_case_for_every_id_it_takes() {
    let app = TestApp::configured(TestDatabase::sqlite().await, "").await;
    let schema = Schema::introspect().await;
    let invented = Objects::invented(&app);
    let (cases, taken) = (cases(&app, &invented), taken(&app, &invented, Uuid::nil()));
    let mut without = BTreeSet::new();
    for (_, field) in schema.root_fields() {
        let name = field["name"].as_str().unwrap();
        let given = |cases: &[Case], place: &str| {
            let mut of_field = cases.iter().filter(|case| case.0 == name);
            of_field.any(|(_, variables)| variables.pointer(place).is_some_and(|id| !id.is_null()))
        };
        if !given(&cases, "") {
            without.insert(name.to_owned());
        }
        for (kind, cases) in [("ID", &cases), ("UUID", &taken)] {
            let places = places(&schema, field, kind).into_iter();
            let places = places.filter(|place| !given(cases, place));
            // This id finds nothing: it only distinguishes the member's own requests.
            let places = places
                .filter(|place| (name, place.as_str()) != ("requestPassphraseReset", "/input/id"));
            without.extend(places.map(|place| format!("{name}{place}")));
        }
    }
    assert_eq!(without, BTreeSet::new());
    let there: BTreeSet<&str> = schema
        .root_fields()
        .map(|(_, field)| field["name"].as_str().unwrap())
        .collect();
    let mut named = cases.iter().chain(&taken).map(|case| case.0);
    assert_eq!(named.find(|name| !there.contains(name)), None);
}

/// The fields that need no session. None of them may reveal anything about a member.
const PUBLIC: [&str; 14] = [
    "emotions",
    "installation",
    "lifeContexts",
    "refreshDashboard",
    "refreshSession",
    "requestPassphraseReset",
    "resetPassphrase",
    "serverTime",
    "signIn",
    "signInToDashboard",
    "signUp",
    "topics",
    "undoEmailChange",
    "verifyEmail",
];

/// The fields that need a facilitator's account, whatever their arguments. (`scheduleMeeting` is not one of them: in
/// another's circle it refuses a facilitator as well.)
const FACILITATOR_FIELDS: [&str; 1] = ["createCircle"];

fn is_refused(answer: &Answer, name: &str) -> bool {
    answer.errors.len() == 1
        && answer.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        && answer.data[name].is_null()
}

/// A request for one root field.
struct RootRequest {
    root: String,
    name: &'static str,
    document: String,
    variables: Value,
}

/// The requests of these cases.
fn requests(schema: &Schema, cases: Vec<Case>) -> Vec<RootRequest> {
    let requests = cases.into_iter().flat_map(|(name, variables)| {
        let mut fields = schema.root_fields();
        let (root, field) = fields.find(|(_, field)| field["name"] == name).unwrap();
        let documents = documents(schema, root, field);
        documents.into_iter().map(move |document| RootRequest {
            root: root.to_owned(),
            name,
            document,
            variables: variables.clone(),
        })
    });
    requests.collect()
}

/// As [`requests`], without subscriptions.
fn single_requests(schema: &Schema, cases: Vec<Case>) -> impl Iterator<Item = RootRequest> {
    let requests = requests(schema, cases).into_iter();
    requests.filter(|request| request.root != "Subscription")
}

/// A member and a facilitator who are not connected to anybody.
async fn others(app: &TestApp, number: usize) -> [SignedIn; 2] {
    let member = app.member(&format!("sam-{number}")).await;
    [member, app.facilitator(&format!("fred-{number}")).await]
}

/// A facilitator, a hidden member, and the facilitator's objects.
async fn owner(app: &TestApp, number: usize) -> (SignedIn, SignedIn, Objects) {
    let mike = app.facilitator(&format!("mike-{number}")).await;
    let hidden = app.member(&format!("hidden-{number}")).await;
    (mike, hidden, Objects::of(app, mike, hidden).await)
}

#[both]
async fn only_public_fields_answer_without_a_session(app: TestApp) {
    let schema = Schema::introspect().await;
    let (_, _, objects) = owner(&app, 0).await;
    let mut other_than_listed = BTreeSet::new();
    for request in requests(&schema, cases(&app, &objects)) {
        let (name, document) = (request.name, request.document);
        if request.root == "Subscription" {
            let mut nobody = Listening::begin(&app.schema, Viewer::Anonymous, &document);
            assert_eq!(nobody.refused().await, "UNAUTHENTICATED", "{name}");
            continue;
        }
        let answer = app.anonymous(&document, request.variables).await;
        let refused = is_refused(&answer, name);
        assert!(
            refused || answer.errors.is_empty(),
            "{name}: {:?}",
            answer.errors
        );
        // The refusal comes before any statement.
        assert!(
            !refused || answer.statements == 0,
            "{name} asks the database first"
        );
        if refused == PUBLIC.contains(&name) {
            other_than_listed.insert(name);
        }
    }
    assert_eq!(other_than_listed, BTreeSet::new());
}

/// The types whose values always belong to the viewer.
const VIEWER_TYPES: [&str; 2] = ["Me", "Progress"];

/// Whether an answer holds nothing but the viewer's own data.
fn is_nothing(found: &Value) -> bool {
    match found {
        Value::Null => true,
        Value::Array(all) => all.iter().all(is_nothing),
        Value::Object(of) => {
            let own = of.get("__typename").and_then(Value::as_str);
            let is_data = |name: &str| !["__typename", "errors"].contains(&name);
            own.is_some_and(|own| VIEWER_TYPES.contains(&own))
                || of.iter().all(|(name, of)| !is_data(name) || is_nothing(of))
        }
        _ => false,
    }
}

/// Calls each field that takes an id with another member's id and with an unknown one. Only the owner gets another
/// answer.
#[both]
async fn another_members_objects_look_like_unknown_ones(app: TestApp) {
    let schema = Schema::introspect().await;
    let invented = Objects::invented(&app);
    let takes_an_id = |name: &str| {
        let mut fields = schema.root_fields();
        let field = fields.find(|(_, field)| field["name"] == name);
        field.is_some_and(|(_, field)| !places(&schema, field, "ID").is_empty())
    };
    let of_nothing = single_requests(&schema, cases(&app, &invented));
    let of_nothing = of_nothing.filter(|request| takes_an_id(request.name));
    for (at, nothing) in of_nothing.enumerate() {
        let (name, document) = (nothing.name, &nothing.document);
        let (mike, hidden, objects) = owner(&app, at).await;
        let of_his = single_requests(&schema, cases(&app, &objects))
            .filter(|request| takes_an_id(request.name));
        let of_his = of_his.into_iter().nth(at).unwrap().variables;
        let before = state(&app, mike, &objects).await;
        let mut not_there = Value::Null;
        for other in others(&app, at).await {
            let there = app.as_member(other, document, of_his.clone()).await;
            let nothing = app
                .as_member(other, document, nothing.variables.clone())
                .await;
            assert_eq!(there.data, nothing.data, "{name}");
            assert_eq!(there.errors, nothing.errors, "{name}");
            assert!(is_nothing(&there.data[name]), "{name}: {}", there.data);
            not_there = nothing.data;
        }
        assert_eq!(state(&app, mike, &objects).await, before, "{name}");

        hide(&app, hidden, false).await;
        let his = app.as_member(mike, document, of_his).await;
        assert_eq!(his.errors, Vec::<Value>::new(), "{name}");
        let after = state(&app, mike, &objects).await;
        assert!(
            his.data != not_there || after != before,
            "{name}: {}",
            his.data
        );
        if nothing.root == "Query" {
            assert!(!is_nothing(&his.data[name]), "{name}");
        }
    }
}

/// Apps make ids themselves. An id in use is refused, and its object is neither shown nor changed.
#[both]
async fn a_taken_id_reveals_only_that_it_is_taken(app: TestApp) {
    let schema = Schema::introspect().await;
    let (mike, _, objects) = owner(&app, 0).await;
    let sign_up: Uuid = app.app.ids.next();
    let new = cases(&app, &objects);
    let (_, mut new) = new.into_iter().find(|case| case.0 == "signUp").unwrap();
    new["input"]["id"] = json!(sign_up);
    new["input"]["email"] = json!("another@example.org");
    let sign_up_document =
        "mutation($input: SignUpInput!) { signUp(input: $input) { errors { code } } }";
    let made = app.anonymous(sign_up_document, new).await;
    assert_eq!(made.at("/signUp/errors"), json!([]));

    let before = state(&app, mike, &objects).await;
    let [member, facilitator] = others(&app, 0).await;
    for request in requests(&schema, taken(&app, &objects, sign_up)) {
        let name = request.name;
        for (who, is_facilitator) in [(member, false), (facilitator, true)] {
            let answer = app
                .as_member(who, &request.document, request.variables.clone())
                .await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{name}");
            let payload = &answer.data[name];
            assert!(is_nothing(payload), "{name}: {payload}");
            let expected = match name {
                "createCircle" | "scheduleMeeting" if !is_facilitator => "NOT_ALLOWED",
                // The peering and the pact are visible to neither.
                "proposePact" | "sendPactNudge" => "NOT_FOUND",
                "signIn" => "WRONG_CREDENTIALS",
                "resetPassphrase" | "verifyEmail" => "WRONG_CODE",
                _ => "CONFLICT",
            };
            assert_eq!(payload["errors"][0]["code"], expected, "{name}");
        }
        if !PUBLIC.contains(&name) {
            let his = app
                .as_member(mike, &request.document, request.variables)
                .await;
            assert!(!is_nothing(&his.data[name]), "{name}: {}", his.data);
        }
    }
    assert_eq!(state(&app, mike, &objects).await, before);
}

/// Reads every field and everything under it: the owner finds each object somewhere, and nobody else finds any.
#[both]
async fn only_the_owner_finds_the_objects(app: TestApp) {
    let schema = Schema::introspect().await;
    let (mike, hidden, objects) = owner(&app, 0).await;
    let his: BTreeSet<&str> = objects.all().map(|id| id.as_str().unwrap()).into();
    let shown = |answer: &Answer| -> BTreeSet<&str> {
        let text = answer.data.to_string();
        his.iter()
            .filter(|id| text.contains(**id))
            .copied()
            .collect()
    };
    for (at, request) in single_requests(&schema, cases(&app, &objects)).enumerate() {
        for other in others(&app, at).await {
            let answer = app
                .as_member(other, &request.document, request.variables.clone())
                .await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{}", request.name);
            assert_eq!(shown(&answer), BTreeSet::new(), "{}", request.name);
        }
    }
    hide(&app, hidden, false).await;
    let mut found = BTreeSet::new();
    // Without the objects' ids, except for a circle, whose members are too deep for the selection under `me`.
    let lists = ["changes", "circle", "me", "upcomingMeetings"];
    let own = single_requests(&schema, cases(&app, &objects))
        .filter(|request| lists.contains(&request.name));
    for request in own {
        let answer = app
            .as_member(mike, &request.document, request.variables)
            .await;
        assert_eq!(answer.errors, Vec::<Value>::new(), "{}", request.name);
        found.extend(shown(&answer));
    }
    assert_eq!(found, his);
}

/// Calls every field as a new member and as a new facilitator, because some fields end the session. Neither gets a
/// top-level error.
#[both]
async fn only_facilitator_fields_refuse_a_member(app: TestApp) {
    let schema = Schema::introspect().await;
    let mut closed_to_members = BTreeSet::new();
    let cases = cases(&app, &Objects::invented(&app));
    for (at, request) in single_requests(&schema, cases).enumerate() {
        let name = request.name;
        let [tom, sam] = others(&app, at).await;
        for (who, is_facilitator) in [(tom, false), (sam, true)] {
            let answer = app
                .as_member(who, &request.document, request.variables.clone())
                .await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{name}");
            let refusals = answer.data[name]["errors"].as_array();
            let mut refusals = refusals.into_iter().flatten();
            if refusals.any(|refusal| refusal["code"] == "NOT_ALLOWED") {
                assert!(!is_facilitator, "{name}");
                closed_to_members.insert(name);
            }
        }
    }
    assert_eq!(closed_to_members, BTreeSet::from(FACILITATOR_FIELDS));
}

/// Causes every kind of event for three viewers in turn. Each hears his own events, and the others hear nothing.
#[both]
async fn a_subscription_delivers_only_the_viewers_own_events(app: TestApp) {
    let schema = Schema::introspect().await;
    let mike = app.facilitator("mike").await;
    let hidden = app.member("hidden").await;
    let [member, facilitator] = others(&app, 0).await;
    let requests = requests(&schema, cases(&app, &Objects::invented(&app)));
    let subscriptions = requests
        .iter()
        .filter(|request| request.root == "Subscription");
    let mut listening: Vec<_> = subscriptions
        .map(|request| {
            let all = [mike, member, facilitator];
            (
                request.name,
                all.map(|who| app.listen(who, &request.document)),
            )
        })
        .collect();
    assert!(!listening.is_empty());
    let mut assert_only_hears = |who: usize| {
        for (name, listening) in &mut listening {
            for (at, device) in listening.iter_mut().enumerate() {
                assert_eq!(device.heard().is_empty(), at != who, "{name}: {at}");
            }
        }
    };
    Objects::of(&app, mike, hidden).await;
    assert_only_hears(0);
    for (at, who) in [(1, member), (2, facilitator)] {
        let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { errors { code } } }";
        let id: Uuid = app.app.ids.next();
        app.as_member(who, check_in, json!({ "id": id })).await.ok();
        app.tell(who, "an event").await;
        let partner = app.member(&format!("man-{at}")).await;
        crate::peerings::partners(&app, partner, who).await;
        app.drain().await;
        assert_only_hears(at);
    }
}

/// The state of Mike's objects, as he sees them on another device: some fields sign his own out.
async fn state(app: &TestApp, mike: SignedIn, objects: &Objects) -> Value {
    let mike = SignedIn {
        session: app.app.ids.next(),
        ..mike
    };
    let query = "query($circle: ID!, $occurrence: ID!) {
        circle(id: $circle) { viewerRole memberCount }
        occurrence(id: $occurrence) { status seatsTaken version meeting { title version } }
        me { devices { id } sessions { id } unreadNotificationCount checkIns { totalCount }
            pauses { totalCount } peerings { nodes { id state } }
            commitments { nodes { id version words state days { dueOn answer carriedTo } } }
            pacts { nodes { id version state nudges { nodes { id answer } } } }
            ladder { version } ladderRequests { nodes { id agreedAt } } ladderTellings { nodes { id } } }
    }";
    let variables = json!({ "circle": objects.circle, "occurrence": objects.occurrence });
    app.as_member(mike, query, variables).await.ok()
}
