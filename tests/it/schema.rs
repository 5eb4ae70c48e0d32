//! Rules for the schema as a whole.

use std::collections::BTreeSet;

use api::node_id::NodeId as _;
use serde_json::{Value, json};
use support::{Schema, TestApp, both};

#[both]
async fn me_without_a_session_gets_unauthenticated(app: TestApp) {
    let query = "{ serverTime me { memberId } }";
    let nobody = app.anonymous(query, json!({})).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    assert_eq!(nobody.data["serverTime"], "2026-03-10T12:00:00.000Z");
    assert_eq!(nobody.data["me"], json!(null));

    let mike = app.member("mike").await;
    let himself = app.as_member(mike, query, json!({})).await;
    assert_eq!(himself.statements, 0);
    assert!(himself.at("/me/memberId").is_string());
}

#[both]
async fn nodes_are_fetched_by_id_and_those_of_others_are_null(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    crate::peerings::in_a_circle(&app, &[mike, sam]).await;
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { checkIn { id } } }";
    let id: uuid::Uuid = app.app.ids.next();
    let answer = app.as_member(mike, check_in, json!({ "id": id })).await;
    let check_in = answer.at("/checkIn/checkIn/id");
    let member = app.as_member(mike, "{ me { memberId } }", json!({})).await;
    let member = member.at("/me/memberId");

    let query = "query($ids: [ID!]!, $one: ID!) {
        nodes(ids: $ids) { __typename id ... on Member { handle } }
        node(id: $one) { ... on CheckIn { localDate } }
    }";
    let variables = json!({ "ids": [member, "nonsense", check_in], "one": check_in });
    let his = app.as_member(mike, query, variables.clone()).await.ok();
    let as_a_member = json!({ "__typename": "Member", "id": member, "handle": "mike" });
    assert_eq!(
        his["nodes"],
        json!([as_a_member, null, { "__typename": "CheckIn", "id": check_in }])
    );
    assert_eq!(his["node"]["localDate"], "2026-03-10");

    let others = app.as_member(sam, query, variables.clone()).await.ok();
    assert_eq!(others["nodes"], json!([as_a_member, null, null]));
    assert_eq!(others["node"], json!(null));

    let nobody = app.anonymous(query, variables).await;
    assert_eq!(nobody.data["node"], json!(null));
    assert_eq!(nobody.errors[0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[both]
async fn a_list_returns_its_total_count_on_request(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    crate::circles::circle_of(&app, host, &[mike]).await;
    let schedule = "mutation($input: ScheduleMeetingInput!) {
        scheduleMeeting(input: $input) { occurrence { id } errors { message } } }";
    let rsvp = "mutation($id: ID!) { rsvp(input: { occurrenceId: $id, answer: GOING }) { errors { code } } }";
    for day in 1..=3 {
        let id: uuid::Uuid = app.app.ids.next();
        let input = json!({ "id": id, "title": "Tea", "format": "IN_PERSON", "timeZone": "Europe/London",
            "localDate": format!("2026-04-0{day}"), "localTime": "19:30", "durationMinutes": 60 });
        let made = app
            .as_member(host, schedule, json!({ "input": input }))
            .await;
        let occurrence = made.at("/scheduleMeeting/occurrence/id");
        if day > 1 {
            app.as_member(mike, rsvp, json!({ "id": occurrence }))
                .await
                .ok();
        }
    }
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id, visibility: CIRCLE }) { errors { code } }
        startPause(input: { id: $id, firstDate: \"2026-03-12\", lastDate: \"2026-03-12\" }) { errors { code } } }";
    let id: uuid::Uuid = app.app.ids.next();
    app.as_member(mike, check_in, json!({ "id": id }))
        .await
        .ok();

    let lists = |asked: &str| {
        format!(
            "{{ upcomingMeetings(first: 1) {{ nodes {{ id }} {asked} }}
                me {{ nextMeetings(first: 1) {{ nodes {{ id }} {asked} }}
                    checkIns(first: 0) {{ nodes {{ id }} {asked} }}
                    notifications {{ nodes {{ id }} {asked} }}
                    circles {{ nodes {{ members(first: 1) {{ nodes {{ role }} {asked} }} }} {asked} }} }} }}"
        )
    };
    let without = app.as_member(mike, &lists(""), json!({})).await;
    let with = app.as_member(mike, &lists("totalCount"), json!({})).await;
    // The members of a circle are counted with the circle.
    assert_eq!(with.statements, without.statements + 5);
    let lists = with.ok();
    let count = |list: &str| lists.pointer(&format!("{list}/totalCount")).cloned();
    assert_eq!(count("/upcomingMeetings"), Some(json!(3)));
    assert_eq!(count("/me/nextMeetings"), Some(json!(2)));
    assert_eq!(count("/me/checkIns"), Some(json!(1)));
    assert_eq!(count("/me/notifications"), Some(json!(0)));
    assert_eq!(count("/me/circles"), Some(json!(1)));
    assert_eq!(count("/me/circles/nodes/0/members"), Some(json!(2)));
}

#[tokio::test]
async fn everything_in_the_schema_is_described() {
    let schema = Schema::introspect().await;
    let mut bare = Vec::new();
    for (place, described) in schema.described() {
        // At least a short sentence.
        let text = described["description"].as_str().unwrap_or_default().trim();
        if text.len() < 3 || !text.ends_with(['.', '!', '?']) {
            bare.push(place);
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn names_suit_code_generators_and_follow_one_convention() {
    let schema = Schema::introspect().await;
    let reserved = [
        "Type",
        "Selection",
        "Data",
        "Fragments",
        "Schema",
        "Error",
        "Set",
        "Operation",
    ];
    let mut faults = BTreeSet::new();
    for kind in schema.types() {
        let name = kind["name"].as_str().unwrap();
        if reserved.contains(&name) {
            faults.insert(format!("{name} is a name of generated code"));
        }
        if kind["kind"] == "INPUT_OBJECT" {
            for field in kind["inputFields"].as_array().unwrap() {
                let field_name = field["name"].as_str().unwrap();
                let is_id = named(&field["type"]) == "ID";
                let says_so = field_name.ends_with("Id") || field_name.ends_with("Ids");
                if is_id != says_so && named(&field["type"]) != "UUID" && !is_plain_text(field) {
                    faults.insert(format!("{name}.{field_name}: an id is called xId"));
                }
            }
        }
        if let Some(fields) = kind["fields"]
            .as_array()
            .filter(|_| name.ends_with("Payload"))
        {
            for field in fields {
                let is_errors = field["name"] == "errors";
                if is_errors != (field["type"]["kind"] == "NON_NULL")
                    && named(&field["type"]) != "Boolean"
                {
                    let field = &field["name"];
                    faults.insert(format!("{name}.{field}: only errors is always there"));
                }
            }
        }
    }
    for (root, field) in schema.root_fields() {
        let arguments = field["args"].as_array().unwrap();
        let one_input = match arguments.as_slice() {
            [] => true,
            [one] => one["name"] == "input",
            _ => false,
        };
        if root == "Mutation" && !one_input {
            faults.insert(format!("{root}.{}: one argument, input", field["name"]));
        }
        let payload = named(&field["type"]);
        if root == "Mutation" && !payload.ends_with("Payload") {
            faults.insert(format!("{root}.{}: answers a payload", field["name"]));
        }
    }
    assert_eq!(faults, BTreeSet::new());
}

/// Fields that are loaded with the object they belong to, and so are never null.
const LOADED_WITH_PARENT: [&str; 8] = [
    "CircleInvitation.invitedBy",
    "CircleMember.member",
    "LadderRequest.member",
    "LadderTelling.member",
    "MeetingOccurrence.meeting",
    "Pact.partner",
    "Peering.partner",
    "SharedCheckIn.member",
];

#[tokio::test]
async fn a_failing_field_nulls_no_siblings() {
    let schema = Schema::introspect().await;
    let is_list = |name: &str| {
        ["Connection", "Edge", "Page"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let things: BTreeSet<&str> = schema
        .types()
        .filter(|kind| implements(kind, "Node") || named(kind).ends_with("Connection"))
        .map(named)
        .collect();
    let mut faults = BTreeSet::new();
    for (root, field) in schema.root_fields() {
        if root != "Subscription" && field["type"]["kind"] == "NON_NULL" {
            faults.insert(format!("{root}.{}", text(&field["name"])));
        }
    }
    for kind in schema.types().filter(|kind| !is_list(named(kind))) {
        for field in kind["fields"].as_array().into_iter().flatten() {
            let place = format!("{}.{}", named(kind), text(&field["name"]));
            let crosses = things.contains(named(&field["type"]));
            let never_null = field["type"]["kind"] == "NON_NULL";
            if crosses && never_null && !LOADED_WITH_PARENT.contains(&place.as_str()) {
                faults.insert(place);
            }
        }
    }
    assert_eq!(faults, BTreeSet::new());
}

#[tokio::test]
async fn every_payload_lists_its_errors_in_the_same_way() {
    let schema = Schema::introspect().await;
    let errors: BTreeSet<&str> = schema
        .types()
        .filter(|kind| implements(kind, "UserError"))
        .map(named)
        .collect();
    let mut payloads = BTreeSet::new();
    for kind in schema
        .types()
        .filter(|kind| named(kind).ends_with("Payload"))
    {
        payloads.insert(named(kind));
        let mut fields = kind["fields"].as_array().into_iter().flatten();
        let field = fields.find(|field| field["name"] == "errors");
        let field = field.unwrap_or_else(|| panic!("{} has no errors", named(kind)));
        let kinds = ["/type", "/type/ofType", "/type/ofType/ofType"];
        let kinds = kinds.map(|at| text(&field.pointer(at).unwrap()["kind"]));
        assert_eq!(kinds, ["NON_NULL", "LIST", "NON_NULL"], "{}", named(kind));
        assert!(errors.contains(named(&field["type"])), "{}", named(kind));
    }
    let mutations = schema.root_fields().filter(|(root, _)| *root == "Mutation");
    let answered: BTreeSet<_> = mutations.map(|(_, field)| named(&field["type"])).collect();
    assert_eq!(payloads, answered);
}

#[tokio::test]
async fn every_custom_scalar_has_the_url_of_its_specification() {
    let schema = Schema::introspect().await;
    let mut scalars = 0;
    for kind in schema.types().filter(|kind| kind["kind"] == "SCALAR") {
        scalars += 1;
        let place = kind["specifiedByURL"].as_str().unwrap_or_default();
        assert!(place.starts_with("https://"), "{}", named(kind));
    }
    assert!(scalars >= 6, "{scalars}");
}

#[test]
fn every_deprecation_has_a_reason_and_a_date() {
    assert_eq!(undated(&api::schema::sdl()), Vec::<&str>::new());
    let made_up = "
        type A {
            a: Int @deprecated(reason: \"Use `b`. Since 2027-01-31.\")
            b: Int @deprecated(reason: \"Use `c`.\")
            c: Int @deprecated
            d(e: Int @deprecated(reason: \"2027-01-31\")): Int
        }";
    let fields: Vec<_> = undated(made_up).iter().map(|line| &line[..1]).collect();
    assert_eq!(fields, ["b", "c", "d"]);
}

/// Returns the lines of a schema that deprecate something without a reason or a date.
fn undated(sdl: &str) -> Vec<&str> {
    let is_date = |word: &&str| chrono::NaiveDate::parse_from_str(word, "%Y-%m-%d").is_ok();
    let reason_and_date = |line: &str| {
        let (_, reason) = line.split_once("@deprecated(reason: \"")?;
        let (reason, _) = reason.split_once('"')?;
        let words = || {
            reason
                .split([' ', '.', ','])
                .filter(|word| !word.is_empty())
        };
        (words().any(|word| is_date(&word)) && words().count() > 1).then_some(())
    };
    let lines = sdl.lines().map(str::trim);
    let deprecating =
        lines.filter(|line| line.contains("@deprecated") && !line.starts_with("directive"));
    deprecating
        .filter(|line| reason_and_date(line).is_none())
        .collect()
}

/// Invites a member to a circle.
async fn invite(app: &TestApp, member: api::viewer::SignedIn) {
    let other = app.facilitator("other").await;
    let circle = crate::circles::circle_of(app, other, &[]).await;
    let asked = "mutation($circle: ID!, $member: ID!) {
        addCircleMember(input: { circleId: $circle, memberId: $member }) { errors { code } } }";
    let ids = json!({ "circle": *circle.global(), "member": *member.member.global() });
    app.as_member(other, asked, ids).await.ok();
}

#[both]
#[expect(clippy::too_many_lines, reason = "one list of all lists")]
async fn a_cursor_is_invalid_in_another_list(app: TestApp) {
    let host = app.facilitator("host").await;
    crate::circles::circle_of(&app, host, &[]).await;
    let input = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "title": "Tea", "format": "IN_PERSON",
        "timeZone": "Europe/London", "localDate": "2026-04-01", "localTime": "19:30", "durationMinutes": 60 });
    let made = "mutation($input: ScheduleMeetingInput!, $id: UUID!) {
        scheduleMeeting(input: $input) { errors { message } } checkIn(input: { id: $id, visibility: CIRCLE }) { errors { code } }
        startPause(input: { id: $id, firstDate: \"2026-03-12\", lastDate: \"2026-03-12\" }) { errors { code } } }";
    let id: uuid::Uuid = app.app.ids.next();
    let made = app.as_member(host, made, json!({ "input": input, "id": id }));
    made.await.ok();
    let partner = app.member("partner").await;
    let peering = crate::peerings::partners(&app, host, partner).await;
    let pact = crate::pacts::agreed(&app, host, partner, &peering).await;
    crate::pacts::nudged(&app, host, &pact).await;
    // When a wish changes, the partner keeps the former one as received words.
    for wish in ["Softly", "Loudly"] {
        let input = json!({ "pactId": pact, "nudgeWish": wish });
        crate::pacts::sent(&app, partner, "updatePactSide", input).await;
    }
    crate::commitments::daily(&app, host, &peering).await;

    crate::ladder::tell_each_other(&app, host, partner, &peering).await;
    app.drain().await;

    invite(&app, host).await;

    let lists = [
        (
            "CircleInvitation",
            "{ me { circleInvitations(#) { edges { cursor } } } }",
        ),
        (
            "MeetingOccurrence",
            "{ upcomingMeetings(#) { edges { cursor } } }",
        ),
        ("CheckIn", "{ me { checkIns(#) { edges { cursor } } } }"),
        ("Circle", "{ me { circles(#) { edges { cursor } } } }"),
        (
            "CircleMember",
            "{ me { circles { nodes { members(#) { edges { cursor } } } } } }",
        ),
        (
            "Notification",
            "{ me { notifications(#) { edges { cursor } } } }",
        ),
        ("Pause", "{ me { pauses(#) { edges { cursor } } } }"),
        (
            "SharedCheckIn",
            "{ me { circles { nodes { checkIns(#) { edges { cursor } } } } } }",
        ),
        (
            "Commitment",
            "{ me { commitments(#) { edges { cursor } } } }",
        ),
        (
            "LadderLogEntry",
            "{ me { ladderLog(#) { edges { cursor } } } }",
        ),
        (
            "LadderRequest",
            "{ me { ladderRequests(#) { edges { cursor } } } }",
        ),
        (
            "LadderTelling",
            "{ me { ladderTellings(#) { edges { cursor } } } }",
        ),
        ("Consent", "{ me { consents(#) { edges { cursor } } } }"),
        ("Pact", "{ me { pacts(#) { edges { cursor } } } }"),
        (
            "PactNudge",
            "{ me { pacts { nodes { nudges(#) { edges { cursor } } } } } }",
        ),
        (
            "ReceivedWords",
            "{ me { received(#) { edges { cursor } } } }",
        ),
        ("Peering", "{ me { peerings(#) { edges { cursor } } } }"),
        ("", "{ changes(#) { cursor: endCursor } }"),
    ];
    let mut cursors = Vec::new();
    for (of, list) in lists {
        let ask = list.replace('#', "first: 1");
        let answer = app.as_member(host, &ask, json!({})).await.ok().to_string();
        let cursor = answer
            .split_once("\"cursor\":\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        assert!(cursor.is_some(), "{answer}");
        cursors.extend(cursor.map(|(cursor, _)| (of, cursor.to_owned())));
    }
    for (of, list) in lists {
        for (other, cursor) in &cursors {
            let ask = list.replace('#', &format!("first: 1, after: \"{cursor}\""));
            let answer = app.as_member(host, &ask, json!({})).await;
            assert_eq!(
                answer.errors.is_empty(),
                of == *other,
                "{other} for {of}: {answer:?}"
            );
        }
    }
    let schema = Schema::introspect().await;
    let all = schema
        .types()
        .filter_map(|kind| named(kind).strip_suffix("Connection"));
    let all: BTreeSet<_> = all.chain([""]).collect();
    assert_eq!(all, lists.map(|(of, _)| of).into());
}

fn implements(kind: &Value, interface: &str) -> bool {
    let mut interfaces = kind["interfaces"].as_array().into_iter().flatten();
    interfaces.any(|one| one["name"] == interface)
}

fn text(of: &Value) -> &str {
    of.as_str().unwrap_or_default()
}

/// Whether the field is an id that is plain text: an installation names itself.
fn is_plain_text(field: &Value) -> bool {
    field["name"] == "installationId"
}

fn named(of: &Value) -> &str {
    match of["name"].as_str() {
        Some(name) => name,
        None => named(&of["ofType"]),
    }
}
