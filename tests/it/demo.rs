//! `belay demo`: what a developer sees in the first minute.

use std::collections::HashMap;

use serde_json::{Value, json};
use support::{Program, TestServer, eventually};

/// The night before the clocks change in London.
const EVE: &str = "2026-03-28T22:00:00Z";

fn after<'a>(written: &'a str, words: &str) -> &'a str {
    let (_, rest) = written
        .split_once(words)
        .unwrap_or_else(|| panic!("no {words:?} in:\n{written}"));
    rest
}

fn token<'a>(written: &'a str, whose: &str) -> &'a str {
    let header = after(written, whose).lines().next().unwrap();
    after(header, "Bearer ").trim_end_matches("\"}")
}

/// The paragraph that is printed after `heading`.
fn pasted<'a>(written: &'a str, heading: &str) -> &'a str {
    after(written, heading)
        .trim_start()
        .split("\n\n")
        .next()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_printed_queries_work_and_nudges_come_as_time_passes() {
    let mut server = TestServer::run(Program::new(&format!("demo --at {EVE}"))).await;
    server.said_after("Nudges and mail appear below").await;
    let written = server.written();
    let mike = token(&written, "the member ");

    let home = server
        .graphql(Some(mike), pasted(&written, "The home screen:"), json!({}))
        .await;
    assert_eq!(home["errors"], Value::Null, "{home:#}");
    let me = &home["data"]["me"];
    assert_eq!(me["profile"]["handle"], "Mike");
    assert_eq!(me["checkIns"]["nodes"].as_array().unwrap().len(), 7);
    assert_eq!(me["nextMeetings"]["nodes"].as_array().unwrap().len(), 3);
    let shown_up = me["progress"]["daysShownUp"].as_i64().unwrap();

    let heading = "for 90 days):";
    let meetings = server
        .graphql(Some(mike), pasted(&written, heading), json!({}))
        .await;
    assert_eq!(meetings["errors"], Value::Null, "{meetings:#}");

    let heading = "sent twice it counts once:";
    for _ in 0..2 {
        let answer = server
            .graphql(Some(mike), pasted(&written, heading), json!({}))
            .await;
        let payload = &answer["data"]["checkIn"];
        assert_eq!(payload["errors"], json!([]), "{answer:#}");
        assert_eq!(payload["progress"]["daysShownUp"], shown_up + 1);
    }

    let tomasz = token(&written, "the facilitator ");
    let role = server
        .graphql(Some(tomasz), "{ me { account { role } } }", json!({}))
        .await;
    assert_eq!(
        role["data"]["me"]["account"]["role"], "FACILITATOR",
        "{role:#}"
    );

    let sign_in =
        "mutation($input: SignInInput!) { signIn(input: $input) { me { profile { handle } } } }";
    let input = json!({ "email": "mike@example.org", "passphrase": "three knots and a quiet wall",
        "deviceName": "GraphiQL" });
    let signed_in = server
        .graphql(None, sign_in, json!({ "input": input }))
        .await;
    assert_eq!(
        signed_in["data"]["signIn"]["me"]["profile"]["handle"], "Mike",
        "{signed_in:#}"
    );

    let advance = r#"{"advance": {"minutes": 1}}"#;
    let moved = server.post("/dev/clock", "application/json", advance).await;
    assert_eq!(moved.status(), 200);
    eventually("nudges", async || {
        let written = server.written();
        // The meeting's reminder, and two who have not checked in today.
        written.contains("to phone-of-mike\n") && written.contains("to phone-of-tomasz\n")
    })
    .await;
}

const CLOCK: &str = "/dev/clock";
const JSON: &str = "application/json";

/// The upcoming open meetings that the member has not answered.
async fn to_answer(server: &TestServer, mike: &str) -> Vec<Value> {
    let query =
        "{ upcomingMeetings(first: 50) { nodes { id viewerAnswer meeting { circle { id } } } } }";
    let answer = server.graphql(Some(mike), query, json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer:#}");
    let nodes = answer["data"]["upcomingMeetings"]["nodes"].as_array();
    let is_open =
        |node: &&Value| node["viewerAnswer"].is_null() && node["meeting"]["circle"].is_null();
    nodes.unwrap().iter().filter(is_open).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_and_meetings_survive_the_printed_time_travel_and_longer_ones() {
    let mut server = TestServer::run(Program::new(&format!("demo --at {EVE}"))).await;
    server.said_after("Nudges and mail appear below").await;
    let written = server.written();
    let mike = token(&written, "the member ");
    let printed = after(&written, "-d '").split('\'').next().unwrap();
    for journey in [
        printed,
        r#"{"advance": {"days": 2}}"#,
        r#"{"advance": {"days": 7}}"#,
    ] {
        let moved = server.post(CLOCK, JSON, journey.to_owned()).await;
        assert_eq!(moved.status(), 200, "{journey}");
        let open = to_answer(&server, mike).await;
        let rsvp = "mutation($input: RsvpInput!) { rsvp(input: $input) { errors { code } } }";
        let input = json!({ "occurrenceId": open[0]["id"], "answer": "GOING" });
        let answer = server
            .graphql(Some(mike), rsvp, json!({ "input": input }))
            .await;
        assert_eq!(answer["data"]["rsvp"]["errors"], json!([]), "{answer:#}");
    }

    let sent: Vec<Value> = server
        .get("/dev/outbox?kind=push")
        .await
        .json()
        .await
        .unwrap();
    let mut alike: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for push in &sent {
        let second = &push["at"].as_str().unwrap()[..19];
        let words = &push["message"]["android"]["notification"]["body_loc_key"];
        let address = push["address"].as_str().unwrap();
        let same = alike.entry((second, words.as_str().unwrap())).or_default();
        assert!(!same.contains(&address), "twice at {second}: {push:#}");
        same.push(address);
    }
    assert!(!alike.is_empty());
    let crowds: Vec<_> = alike.iter().filter(|(_, same)| same.len() > 2).collect();
    assert!(crowds.is_empty(), "{crowds:?}");
}

#[tokio::test]
async fn a_taken_address_is_reported_before_the_community_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::new("demo")
        .env("BELAY_HTTP__BIND", &address)
        .run()
        .await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains(&address) && ended.said.contains("BELAY_HTTP__BIND=127.0.0.1:"),
        "{}",
        ended.said
    );
    assert!(!ended.said.contains("community"), "{}", ended.said);
}

#[tokio::test]
async fn the_demo_refuses_to_run_in_production() {
    let ended = Program::new("demo")
        .env("BELAY_MODE", "production")
        .env("BELAY_DATABASE__URL", "sqlite:///var/lib/belay/belay.db")
        .env("BELAY_MAIL__FROM", "belay@example.org")
        .env("BELAY_MAIL__TRANSPORT", "smtp")
        .env("BELAY_MAIL__SMTP__HOST", "mail.example.org")
        .env("BELAY_PUSH__TRANSPORT", "off")
        .run()
        .await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("production"), "{}", ended.said);
}
