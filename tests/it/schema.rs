//! What holds for the schema as a whole.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Schema, TestApp, both};

both!(
    a_list_says_how_long_it_is_when_asked,
    nobody_is_told_to_sign_in_and_a_member_is_himself,
    anything_with_an_id_is_fetched_by_it_and_what_is_not_ones_own_is_absent
);

async fn nobody_is_told_to_sign_in_and_a_member_is_himself(app: TestApp) {
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

async fn anything_with_an_id_is_fetched_by_it_and_what_is_not_ones_own_is_absent(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
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

async fn a_list_says_how_long_it_is_when_asked(app: TestApp) {
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
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { errors { code } } }";
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
    // The men of a circle are counted with it.
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
        // Something is said, in a sentence.
        let text = described["description"].as_str().unwrap_or_default().trim();
        if text.len() < 3 || !text.ends_with(['.', '!', '?']) {
            bare.push(place);
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn names_are_fit_for_code_generators_and_keep_one_convention() {
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
                if is_id != says_so && named(&field["type"]) != "UUID" && !is_text(field) {
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

/// An installation names itself; its id is none of ours.
fn is_text(field: &Value) -> bool {
    field["name"] == "installationId"
}

fn named(of: &Value) -> &str {
    match of["name"].as_str() {
        Some(name) => name,
        None => named(&of["ofType"]),
    }
}
