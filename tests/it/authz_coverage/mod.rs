//! Every field of the roots, asked by nobody, by whose the things are, and by two others: a member and a facilitator. A
//! field without a case does not pass: say in `cases.rs` what it is called with.

mod cases;
mod documents;

use std::collections::BTreeSet;

use api::viewer::{SignedIn, Viewer};
use serde_json::{Value, json};
use support::{Answer, Listening, Schema, TestApp, TestDatabase, both};
use uuid::Uuid;

use self::cases::{Case, Things, cases, taken};
use self::documents::{document, places};
use crate::profile::hide;

#[tokio::test]
async fn every_field_has_a_case_for_every_id_it_takes() {
    let app = TestApp::configured(TestDatabase::sqlite().await, "").await;
    let schema = Schema::introspect().await;
    let invented = Things::invented(&app);
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
            // Nothing is found by it: it tells the member's own requests apart.
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

/// What somebody may ask who has not signed in. Nothing is to be added here that says something of anybody.
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

/// What it takes a facilitator's account for, whatever it is asked of. (Of a circle that is not his, a meeting is as
/// impossible for a facilitator.)
const FACILITATORS: [&str; 1] = ["createCircle"];

fn is_refused(answer: &Answer, name: &str) -> bool {
    answer.errors.len() == 1
        && answer.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
        && answer.data[name].is_null()
}

/// What is asked of a field.
struct Asked {
    root: String,
    name: &'static str,
    document: String,
    variables: Value,
}

/// What these cases ask.
fn asked(schema: &Schema, cases: Vec<Case>) -> Vec<Asked> {
    let asked = cases.into_iter().map(|(name, variables)| {
        let mut fields = schema.root_fields();
        let (root, field) = fields.find(|(_, field)| field["name"] == name).unwrap();
        let document = document(schema, root, field);
        let root = root.to_owned();
        Asked {
            root,
            name,
            document,
            variables,
        }
    });
    asked.collect()
}

/// As [`asked`], without subscriptions.
fn asked_once(schema: &Schema, cases: Vec<Case>) -> impl Iterator<Item = Asked> {
    let asked = asked(schema, cases).into_iter();
    asked.filter(|asked| asked.root != "Subscription")
}

/// Two who have nothing to do with anybody: a member, and a facilitator, who may do the most.
async fn others(app: &TestApp, number: usize) -> [SignedIn; 2] {
    let member = app.member(&format!("sam-{number}")).await;
    [member, app.facilitator(&format!("fred-{number}")).await]
}

/// A man who runs a circle, and his things.
async fn owner(app: &TestApp, number: usize) -> (SignedIn, SignedIn, Things) {
    let mike = app.facilitator(&format!("mike-{number}")).await;
    let hidden = app.member(&format!("hidden-{number}")).await;
    (mike, hidden, Things::of(app, mike, hidden).await)
}

#[both]
async fn nobody_gets_further_than_the_door(app: TestApp) {
    let schema = Schema::introspect().await;
    let (_, _, things) = owner(&app, 0).await;
    let mut other_than_listed = BTreeSet::new();
    for asked in asked(&schema, cases(&app, &things)) {
        let (name, document) = (asked.name, asked.document);
        if asked.root == "Subscription" {
            let mut nobody = Listening::begin(&app.schema, Viewer::Anonymous, &document);
            assert_eq!(nobody.refused().await, "UNAUTHENTICATED", "{name}");
            continue;
        }
        let answer = app.anonymous(&document, asked.variables).await;
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
    assert_eq!(other_than_listed, BTreeSet::new());
}

/// What an answer may bring in any case: it is of whoever asks.
const HIS_OWN: [&str; 2] = ["Me", "Progress"];

/// That something tells of nothing but whoever asks.
fn is_nothing(found: &Value) -> bool {
    match found {
        Value::Null => true,
        Value::Array(all) => all.iter().all(is_nothing),
        Value::Object(of) => {
            let own = of.get("__typename").and_then(Value::as_str);
            let told = |name: &str| !["__typename", "errors"].contains(&name);
            own.is_some_and(|own| HIS_OWN.contains(&own))
                || of.iter().all(|(name, of)| !told(name) || is_nothing(of))
        }
        _ => false,
    }
}

/// Of each field that takes an id, with another man's and with one of nothing. He himself is answered otherwise.
#[both]
async fn what_is_another_mans_is_as_what_is_not_there(app: TestApp) {
    let schema = Schema::introspect().await;
    let invented = Things::invented(&app);
    let takes_an_id = |name: &str| {
        let mut fields = schema.root_fields();
        let field = fields.find(|(_, field)| field["name"] == name);
        field.is_some_and(|(_, field)| !places(&schema, field, "ID").is_empty())
    };
    let of_nothing = asked_once(&schema, cases(&app, &invented));
    let of_nothing = of_nothing.filter(|asked| takes_an_id(asked.name));
    for (at, nothing) in of_nothing.enumerate() {
        let (name, document) = (nothing.name, &nothing.document);
        let (mike, hidden, things) = owner(&app, at).await;
        let of_his =
            asked_once(&schema, cases(&app, &things)).filter(|asked| takes_an_id(asked.name));
        let of_his = of_his.into_iter().nth(at).unwrap().variables;
        let before = state(&app, mike, &things).await;
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
        assert_eq!(state(&app, mike, &things).await, before, "{name}");

        hide(&app, hidden, false).await;
        let his = app.as_member(mike, document, of_his).await;
        assert_eq!(his.errors, Vec::<Value>::new(), "{name}");
        let after = state(&app, mike, &things).await;
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

/// Apps make ids themselves. One that is in use is refused, and nothing is told or changed of what has it.
#[both]
async fn an_id_that_is_anothers_already_says_no_more_than_that(app: TestApp) {
    let schema = Schema::introspect().await;
    let (mike, _, things) = owner(&app, 0).await;
    let sign_up: Uuid = app.app.ids.next();
    let new = cases(&app, &things);
    let (_, mut new) = new.into_iter().find(|case| case.0 == "signUp").unwrap();
    new["input"]["id"] = json!(sign_up);
    new["input"]["email"] = json!("another@example.org");
    let sign_up_document =
        "mutation($input: SignUpInput!) { signUp(input: $input) { errors { code } } }";
    let made = app.anonymous(sign_up_document, new).await;
    assert_eq!(made.at("/signUp/errors"), json!([]));

    let before = state(&app, mike, &things).await;
    let [member, facilitator] = others(&app, 0).await;
    for asked in asked(&schema, taken(&app, &things, sign_up)) {
        let name = asked.name;
        for (who, is_facilitator) in [(member, false), (facilitator, true)] {
            let answer = app
                .as_member(who, &asked.document, asked.variables.clone())
                .await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{name}");
            let payload = &answer.data[name];
            assert!(is_nothing(payload), "{name}: {payload}");
            let expected = match name {
                "createCircle" | "scheduleMeeting" if !is_facilitator => "NOT_ALLOWED",
                // What it is for is not there for either.
                "proposePact" | "sendPactNudge" => "NOT_FOUND",
                "signIn" => "WRONG_CREDENTIALS",
                "resetPassphrase" | "verifyEmail" => "WRONG_CODE",
                _ => "CONFLICT",
            };
            assert_eq!(payload["errors"][0]["code"], expected, "{name}");
        }
        if !PUBLIC.contains(&name) {
            let his = app.as_member(mike, &asked.document, asked.variables).await;
            assert!(!is_nothing(&his.data[name]), "{name}: {}", his.data);
        }
    }
    assert_eq!(state(&app, mike, &things).await, before);
}

/// Whatever is asked for, and everything that hangs under it: whose things they are finds each of them somewhere, and
/// nobody else any.
#[both]
async fn nothing_shows_another_mans_things_and_his_own_are_there(app: TestApp) {
    let schema = Schema::introspect().await;
    let (mike, hidden, things) = owner(&app, 0).await;
    let his: BTreeSet<&str> = things.all().map(|id| id.as_str().unwrap()).into();
    let shown = |answer: &Answer| -> BTreeSet<&str> {
        let text = answer.data.to_string();
        his.iter()
            .filter(|id| text.contains(**id))
            .copied()
            .collect()
    };
    for (at, asked) in asked_once(&schema, cases(&app, &things)).enumerate() {
        for other in others(&app, at).await {
            let answer = app
                .as_member(other, &asked.document, asked.variables.clone())
                .await;
            assert_eq!(answer.errors, Vec::<Value>::new(), "{}", asked.name);
            assert_eq!(shown(&answer), BTreeSet::new(), "{}", asked.name);
        }
    }
    hide(&app, hidden, false).await;
    let mut found = BTreeSet::new();
    // By no id of theirs, but for the members of a circle, who are deeper than that.
    let lists = ["changes", "circle", "me", "upcomingMeetings"];
    let own = asked_once(&schema, cases(&app, &things)).filter(|asked| lists.contains(&asked.name));
    for asked in own {
        let answer = app.as_member(mike, &asked.document, asked.variables).await;
        assert_eq!(answer.errors, Vec::<Value>::new(), "{}", asked.name);
        found.extend(shown(&answer));
    }
    assert_eq!(found, his);
}

/// Every field is asked as a member and as a facilitator, each time another: some end the session. Neither is taken
/// for nobody, and nothing breaks.
#[both]
async fn a_member_is_let_in_everywhere_but_where_it_takes_a_facilitator(app: TestApp) {
    let schema = Schema::introspect().await;
    let mut closed_to_members = BTreeSet::new();
    let cases = cases(&app, &Things::invented(&app));
    for (at, asked) in asked_once(&schema, cases).enumerate() {
        let name = asked.name;
        let [tom, sam] = others(&app, at).await;
        for (who, is_facilitator) in [(tom, false), (sam, true)] {
            let answer = app
                .as_member(who, &asked.document, asked.variables.clone())
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
    assert_eq!(closed_to_members, BTreeSet::from(FACILITATORS));
}

/// Everything there is to hear of a man happens to each of three in turn, who are facilitators and a member. He hears it, and
/// the others hear nothing.
#[both]
async fn a_subscription_tells_nothing_of_another_man(app: TestApp) {
    let schema = Schema::introspect().await;
    let mike = app.facilitator("mike").await;
    let hidden = app.member("hidden").await;
    let [member, facilitator] = others(&app, 0).await;
    let asked = asked(&schema, cases(&app, &Things::invented(&app)));
    let subscriptions = asked.iter().filter(|asked| asked.root == "Subscription");
    let mut listening: Vec<_> = subscriptions
        .map(|asked| {
            let all = [mike, member, facilitator];
            (asked.name, all.map(|who| app.listen(who, &asked.document)))
        })
        .collect();
    assert!(!listening.is_empty());
    let mut only_he_hears = |who: usize| {
        for (name, listening) in &mut listening {
            for (at, device) in listening.iter_mut().enumerate() {
                assert_eq!(device.heard().is_empty(), at != who, "{name}: {at}");
            }
        }
    };
    Things::of(&app, mike, hidden).await;
    only_he_hears(0);
    for (at, who) in [(1, member), (2, facilitator)] {
        let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { errors { code } } }";
        let id: Uuid = app.app.ids.next();
        app.as_member(who, check_in, json!({ "id": id })).await.ok();
        app.tell(who, "an event").await;
        let man = app.member(&format!("man-{at}")).await;
        crate::peerings::partners(&app, man, who).await;
        app.drain().await;
        only_he_hears(at);
    }
}

/// Mike's things, as he sees them.
async fn state(app: &TestApp, mike: SignedIn, things: &Things) -> Value {
    let query = "query($circle: ID!, $occurrence: ID!) {
        circle(id: $circle) { viewerRole memberCount }
        occurrence(id: $occurrence) { status seatsTaken version meeting { title version } }
        me { devices { id } sessions { id } unreadNotificationCount checkIns { totalCount }
            pauses { totalCount } peerings { nodes { id state } }
            commitments { nodes { id version words state days { dueOn answer carriedTo } } }
            pacts { nodes { id version state nudges { nodes { id answer } } } }
            ladder { version } ladderRequests { nodes { id agreedAt } } ladderTellings { nodes { id } } }
    }";
    let variables = json!({ "circle": things.circle, "occurrence": things.occurrence });
    app.as_member(mike, query, variables).await.ok()
}
