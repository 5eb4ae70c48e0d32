//! Finding meetings: members see only the meetings that are open to them.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use entity::circle_membership::CircleRole;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{OCCURRENCE, circle_with, code, rsvp, scheduled};

async fn titles(app: &TestApp, who: SignedIn, list: &str) -> Vec<String> {
    let query = "{ me { nextMeetings { ...T } } upcomingMeetings { ...T } }
        fragment T on MeetingOccurrenceConnection { nodes { meeting { title } } }";
    let data = app.as_member(who, query, json!({})).await.ok();
    let nodes = data
        .pointer(&format!("{list}/nodes"))
        .unwrap()
        .as_array()
        .unwrap();
    let title = |node: &Value| node["meeting"]["title"].as_str().unwrap().to_owned();
    nodes.iter().map(title).collect()
}

#[both]
async fn only_members_of_its_circle_see_a_circles_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let stranger = app.facilitator("stranger").await;
    let (mike, outside) = (app.member("mike").await, app.member("outside").await);
    let elsewhere = app.member("elsewhere").await;
    let members = [(host, CircleRole::Facilitator), (mike, CircleRole::Member)];
    let circle = circle_with(&app, &members).await.global();
    circle_with(&app, &[(elsewhere, CircleRole::Facilitator)]).await;
    let open = scheduled(&app, host, json!({ "title": "Open" })).await;
    let of_circle = json!({ "title": "Circle", "circleId": circle.as_str() });
    let circles = scheduled(&app, host, of_circle).await;

    for (who, inside) in [
        (host, true),
        (mike, true),
        (stranger, false),
        (outside, false),
        (elsewhere, false),
    ] {
        for (occurrence, there) in [(&open, true), (&circles, inside)] {
            let query = "query($o: ID!, $m: ID!) { occurrence(id: $o) { id } meeting(id: $m) {
                id occurrences { nodes { id } } } }";
            let ids = json!({ "o": occurrence["id"], "m": occurrence["meeting"]["id"] });
            let found = app.as_member(who, query, ids).await.ok();
            let expected = if there {
                json!({ "occurrence": { "id": occurrence["id"] },
                    "meeting": { "id": occurrence["meeting"]["id"],
                        "occurrences": { "nodes": [{ "id": occurrence["id"] }] } } })
            } else {
                json!({ "occurrence": null, "meeting": null })
            };
            assert_eq!(found, expected, "{who:?}");
            let answer = rsvp(&app, who, occurrence, "GOING").await;
            assert_eq!(code(&answer), if there { "" } else { "NOT_FOUND" });
        }
        let expected: &[&str] = if inside {
            &["Open", "Circle"]
        } else {
            &["Open"]
        };
        assert_eq!(titles(&app, who, "/upcomingMeetings").await, expected);
        assert_eq!(titles(&app, who, "/me/nextMeetings").await, expected);
    }
    for query in [
        "{ upcomingMeetings { nodes { id } } }",
        "{ meeting(id: \"x\") { id } }",
        "{ occurrence(id: \"x\") { id } }",
    ] {
        assert_eq!(
            app.anonymous(query, json!({})).await.code(),
            "UNAUTHENTICATED"
        );
    }
}

#[both]
async fn only_the_host_and_members_who_are_going_see_place_and_link(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let colleague = app.facilitator("colleague").await;
    let tea = scheduled(&app, host, json!({})).await;
    let way_in = async |who| {
        let query = "query($o: ID!, $m: ID!) { occurrence(id: $o) { meeting { place joinUrl } }
            meeting(id: $m) { place joinUrl } upcomingMeetings { nodes { meeting { place joinUrl } } } }";
        let ids = json!({ "o": tea["id"], "m": tea["meeting"]["id"] });
        let data = app.as_member(who, query, ids).await.ok();
        let shown = data["meeting"].clone();
        assert_eq!(data["occurrence"]["meeting"], shown);
        assert_eq!(data["upcomingMeetings"]["nodes"][0]["meeting"], shown);
        shown != json!({ "place": null, "joinUrl": null })
    };
    assert!(way_in(host).await);
    assert!(!way_in(colleague).await);
    assert!(!way_in(mike).await);
    rsvp(&app, mike, &tea, "GOING").await;
    assert!(way_in(mike).await);
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    assert!(!way_in(mike).await);
}

#[both]
async fn lists_hold_meetings_that_are_not_over_in_order(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let at = |title: &str, date: &str, time: &str| json!({ "title": title, "localDate": date, "localTime": time });
    let mut on = Vec::new();
    for changes in [
        at("third", "2026-03-13", "09:00"),
        at("first", "2026-03-12", "19:00"),
        at("off", "2026-03-12", "19:15"),
        at("second", "2026-03-12", "19:30"),
        at("over", "2026-03-11", "10:00"),
    ] {
        let occurrence = scheduled(&app, host, changes).await;
        rsvp(&app, mike, &occurrence, "GOING").await;
        on.push(occurrence);
    }
    rsvp(&app, mike, &on[0], "NOT_GOING").await;
    let cancel = "mutation($input: CancelMeetingInput!) { cancelMeeting(input: $input) { errors { code } } }";
    let input = json!({ "input": { "occurrenceId": on[2]["id"] } });
    app.as_member(host, cancel, input).await.ok();

    // The first has begun, and is not over.
    app.app
        .clock
        .set("2026-03-12T20:29:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        titles(&app, mike, "/upcomingMeetings").await,
        ["first", "second", "third"]
    );
    assert_eq!(
        titles(&app, mike, "/me/nextMeetings").await,
        ["first", "second"]
    );
    app.app
        .clock
        .set("2026-03-12T20:30:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(titles(&app, mike, "/me/nextMeetings").await, ["second"]);
}

#[both]
async fn a_page_of_meetings_costs_one_statement(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    for n in 0..7 {
        // Some start at the same instant.
        let time = format!("19:{:02}", n / 2);
        scheduled(&app, host, json!({ "localTime": time })).await;
    }
    let ask = async |arguments: &str| {
        let query = format!(
            "{{ upcomingMeetings({arguments}) {{ nodes {{ ...F }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} {OCCURRENCE}"
        );
        let answer = app.as_member(mike, &query, json!({})).await;
        assert_eq!(answer.statements, 1);
        answer.at("/upcomingMeetings")
    };
    let all = ask("first: 100").await["nodes"].as_array().unwrap().clone();
    assert_eq!(all.len(), 7);
    let mut paged = Vec::new();
    let mut page = ask("first: 3").await;
    loop {
        paged.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        let after = page["pageInfo"]["endCursor"].as_str().unwrap();
        page = ask(&format!("first: 3, after: {after:?}")).await;
    }
    assert_eq!(paged, all);
    let before = page["pageInfo"]["startCursor"].as_str().unwrap();
    let back = ask(&format!("last: 2, before: {before:?}")).await;
    assert_eq!(back["nodes"].as_array().unwrap(), &all[4..6]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);
}

#[both]
async fn members_do_not_see_the_answers_of_others(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let tea = scheduled(&app, host, json!({})).await;
    rsvp(&app, mike, &tea, "GOING").await;
    let query = "query($o: ID!) { occurrence(id: $o) { seatsTaken viewerAnswer } }";
    for (who, answer) in [
        (mike, json!("GOING")),
        (sam, json!(null)),
        (host, json!(null)),
    ] {
        let seen = app.as_member(who, query, json!({ "o": tea["id"] })).await;
        assert_eq!(
            seen.at("/occurrence"),
            json!({ "seatsTaken": 1, "viewerAnswer": answer })
        );
    }
}
