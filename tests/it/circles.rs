//! Circles: their members, who can change them, and who can see them.

pub mod invitations;

use api::circle::service as circles;
use api::error::Fault;
use api::fact::Fact;
use api::node_id::NodeId as _;
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::circle_membership::{self, CircleRole};
use entity::{CircleId, circle};
use sea_orm::{ActiveValue::Set, EntityTrait as _, QuerySelect as _};
use serde_json::{Value, json};
use support::{Answer, TestApp, both};

use crate::profile::{hide, problem, problems};

const CIRCLE: &str =
    "id name purpose viewerRole memberCount members { nodes { role member { handle } } }";

/// Creates a circle that `host` runs, with these members.
pub async fn circle_of(app: &TestApp, host: SignedIn, members: &[SignedIn]) -> CircleId {
    let id: CircleId = app.app.ids.next();
    let made = create(
        app,
        host,
        json!({"id": id.0, "name": "Tuesday", "purpose": "Talk"}),
    )
    .await;
    assert_eq!(made["errors"], json!([]));
    for member in members {
        put_in(app, id, *member).await;
    }
    id
}

/// Adds a member to a circle, as if by an accepted invitation.
pub async fn put_in(app: &TestApp, circle: CircleId, member: SignedIn) {
    let (app, member) = (&app.app, member.member);
    let put: Result<(), Fault> = transact!(app, |tx| {
        // Locks the circle, as every change of its members does.
        let locked = circle::Entity::find_by_id(circle).lock_exclusive();
        locked.one(tx).await?;
        let row = circle_membership::ActiveModel {
            circle_id: Set(circle),
            member_id: Set(member),
            role: Set(CircleRole::Member),
            joined_at: Set(app.clock.now()),
        };
        let put = circle_membership::Entity::insert(row);
        put.exec_without_returning(tx).await?;
        app.follow(tx, Fact::CircleRoleChanged { circle, member })
            .await?;
        Ok(Done::Keep(()))
    });
    put.unwrap();
}

/// The pending invitations of a member.
pub async fn invitations_of(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query =
        "{ me { circleInvitations { totalCount nodes { id circleName circlePurpose memberCount role
        invitedAt expiresAt invitedBy { handle } } } } }";
    let read = app.as_member(who, query, json!({})).await;
    let read = read.at("/me/circleInvitations");
    let nodes = read["nodes"].as_array().unwrap().clone();
    assert_eq!(read["totalCount"], json!(nodes.len()));
    nodes
}

/// Answers an invitation. Returns the payload.
pub async fn answer(app: &TestApp, who: SignedIn, id: &Value, accept: bool) -> Value {
    let query = format!(
        "mutation($input: AnswerCircleInvitationInput!) {{ answerCircleInvitation(input: $input) {{
            circle {{ {CIRCLE} }} errors {{ code path }} }} }}"
    );
    let input = json!({ "input": { "invitationId": id, "accept": accept } });
    let answer = app.as_member(who, &query, input).await;
    answer.at("/answerCircleInvitation")
}

/// Accepts every pending invitation of a member.
pub async fn accept_all(app: &TestApp, who: SignedIn) {
    for invitation in invitations_of(app, who).await {
        let answered = answer(app, who, &invitation["id"], true).await;
        assert_eq!(answered["errors"], json!([]));
    }
}

/// Invites a member, who accepts. Returns the circle as the member sees it.
async fn join(
    app: &TestApp,
    host: SignedIn,
    circle: CircleId,
    member: SignedIn,
    role: Value,
) -> Value {
    let invited = add(app, host, circle, member, role).await;
    assert_eq!(invited["errors"], json!([]));
    accept_all(app, member).await;
    read_circle(app, member, circle).await
}

async fn create(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let query = format!(
        "mutation($input: CreateCircleInput!) {{ createCircle(input: $input) {{
            circle {{ {CIRCLE} }} errors {{ code path }} }} }}"
    );
    let answer = app.as_member(who, &query, json!({ "input": input })).await;
    answer.at("/createCircle")
}

async fn add(
    app: &TestApp,
    who: SignedIn,
    circle: CircleId,
    member: SignedIn,
    role: Value,
) -> Value {
    let query = format!(
        "mutation($circle: ID!, $member: ID!, $role: CircleRole) {{
            addCircleMember(input: {{circleId: $circle, memberId: $member, role: $role}}) {{
                circle {{ {CIRCLE} }} errors {{ code path }} }} }}"
    );
    let variables = json!({
        "circle": *circle.global(), "member": *member.member.global(), "role": role,
    });
    app.as_member(who, &query, variables)
        .await
        .at("/addCircleMember")
}

async fn remove(app: &TestApp, who: SignedIn, circle: CircleId, member: SignedIn) -> Value {
    let query = format!(
        "mutation($circle: ID!, $member: ID!) {{
            removeCircleMember(input: {{circleId: $circle, memberId: $member}}) {{
                circle {{ {CIRCLE} }} errors {{ code path }} }} }}"
    );
    let variables = json!({ "circle": *circle.global(), "member": *member.member.global() });
    app.as_member(who, &query, variables)
        .await
        .at("/removeCircleMember")
}

async fn leave(app: &TestApp, who: SignedIn, circle: &str) -> Value {
    let query = "mutation($circle: ID!) { leaveCircle(input: {circleId: $circle}) {
        circleId errors { code path } } }";
    let answer = app.as_member(who, query, json!({ "circle": circle })).await;
    answer.at("/leaveCircle")
}

async fn query_circle(app: &TestApp, who: SignedIn, circle: CircleId) -> Answer {
    let query = format!("query($id: ID!) {{ circle(id: $id) {{ {CIRCLE} }} }}");
    let variables = json!({ "id": *circle.global() });
    app.as_member(who, &query, variables).await
}

async fn read_circle(app: &TestApp, who: SignedIn, circle: CircleId) -> Value {
    query_circle(app, who, circle).await.at("/circle")
}

/// The handles of a circle's members in alphabetical order, with an asterisk behind each facilitator.
fn roster(circle: &Value) -> Vec<String> {
    let nodes = circle["members"]["nodes"].as_array().unwrap().iter();
    let mut members: Vec<_> = nodes
        .map(|member| {
            let star = if member["role"] == "FACILITATOR" {
                "*"
            } else {
                ""
            };
            format!("{}{star}", member["member"]["handle"].as_str().unwrap())
        })
        .collect();
    members.sort_unstable();
    members
}

#[both]
async fn a_facilitator_makes_a_circle_once(app: TestApp) {
    let host = app.facilitator("host").await;
    let id: CircleId = app.app.ids.next();
    let input = json!({"id": id.0, "name": " Tuesday ", "purpose": "Talk,\r\nand walk."});
    let made = create(&app, host, input.clone()).await;
    let circle = json!({
        "id": *id.global(), "name": "Tuesday", "purpose": "Talk,\nand walk.", "viewerRole": "FACILITATOR",
        "memberCount": 1,
        "members": {"nodes": [{"role": "FACILITATOR", "member": {"handle": "host"}}]},
    });
    assert_eq!(made, json!({"circle": circle, "errors": []}));
    assert_eq!(create(&app, host, input.clone()).await, made);
    assert_eq!(read_circle(&app, host, id).await, circle);

    let mut other_content = input.clone();
    other_content["name"] = json!("Wednesday");
    let refused = create(&app, host, other_content).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.id"));
    let another = app.facilitator("another").await;
    let refused = create(&app, another, input).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.id"));
    assert_eq!(refused["circle"], json!(null));
    assert_eq!(read_circle(&app, host, id).await, circle);
}

#[both]
async fn only_facilitators_make_circles(app: TestApp) {
    let mike = app.member("mike").await;
    let id: CircleId = app.app.ids.next();
    let input = json!({"id": id.0, "name": "Tuesday", "purpose": "Talk"});
    let refused = create(&app, mike, input).await;
    assert_eq!(problems(&refused), problem("NOT_ALLOWED", "input"));
    assert_eq!(read_circle(&app, mike, id).await, json!(null));
}

#[both]
async fn a_new_circles_invalid_fields_are_named(app: TestApp) {
    let host = app.facilitator("host").await;
    let version_four = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    let input = json!({"id": version_four, "name": "a".repeat(81), "purpose": " "});
    let refused = create(&app, host, input).await;
    let expected = [
        ("INVALID", "input.id"),
        ("TOO_LONG", "input.name"),
        ("REQUIRED", "input.purpose"),
    ];
    let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
    assert_eq!(problems(&refused), expected);
}

#[both]
async fn a_circle_is_visible_to_its_members_only(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let (outsider, third) = (app.member("outsider").await, app.facilitator("third").await);
    let circle = circle_of(&app, host, &[mike]).await;
    assert_eq!(
        roster(&read_circle(&app, mike, circle).await),
        ["host*", "mike"]
    );
    assert_eq!(
        read_circle(&app, mike, circle).await["viewerRole"],
        json!("MEMBER")
    );
    assert_eq!(read_circle(&app, outsider, circle).await, json!(null));
    assert_eq!(read_circle(&app, third, circle).await, json!(null));
    let query = "query($id: ID!) { circle(id: $id) { name } }";
    let nobody = app
        .anonymous(query, json!({ "id": *circle.global() }))
        .await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    for id in ["nonsense", mike.member.global().as_str()] {
        let found = app.as_member(mike, query, json!({ "id": id })).await;
        assert_eq!(found.at("/circle"), json!(null));
    }
}

#[both]
async fn only_a_facilitator_of_the_circle_can_change_its_members(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let (other, third) = (app.member("other").await, app.facilitator("third").await);
    let circle = circle_of(&app, host, &[mike]).await;
    let unknown: CircleId = app.app.ids.next();
    for (who, circle, code) in [
        (mike, circle, "NOT_ALLOWED"),
        (other, circle, "NOT_FOUND"),
        (third, circle, "NOT_FOUND"),
        (third, unknown, "NOT_FOUND"),
    ] {
        let refused = add(&app, who, circle, other, json!(null)).await;
        assert_eq!(problems(&refused), problem(code, "input.circleId"));
        assert_eq!(refused["circle"], json!(null));
        let refused = remove(&app, who, circle, host).await;
        assert_eq!(problems(&refused), problem(code, "input.circleId"));
    }
    assert_eq!(
        roster(&read_circle(&app, host, circle).await),
        ["host*", "mike"]
    );
}

#[both]
async fn a_member_joins_once_and_is_removed_once(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[]).await;
    let joined = join(&app, host, circle, mike, json!(null)).await;
    assert_eq!(roster(&joined), ["host*", "mike"]);
    let added = add(&app, host, circle, mike, json!(null)).await;
    assert_eq!(roster(&added["circle"]), ["host*", "mike"]);
    assert_eq!(add(&app, host, circle, mike, json!("MEMBER")).await, added);
    let removed = remove(&app, host, circle, mike).await;
    assert_eq!(roster(&removed["circle"]), ["host*"]);
    assert_eq!(remove(&app, host, circle, mike).await, removed);
    assert_eq!(read_circle(&app, mike, circle).await, json!(null));
}

#[both]
async fn only_facilitators_run_circles(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let second = app.facilitator("second").await;
    let circle = circle_of(&app, host, &[]).await;
    let refused = add(&app, host, circle, mike, json!("FACILITATOR")).await;
    assert_eq!(problems(&refused), problem("NOT_ALLOWED", "input.role"));
    let joined = join(&app, host, circle, second, json!("FACILITATOR")).await;
    assert_eq!(roster(&joined), ["host*", "second*"]);
    // An invitation without a role does not change the role.
    let added = add(&app, host, circle, second, json!(null)).await;
    assert_eq!(roster(&added["circle"]), ["host*", "second*"]);
    let joined = join(&app, second, circle, mike, json!(null)).await;
    assert_eq!(roster(&joined), ["host*", "mike", "second*"]);
}

#[both]
async fn a_circle_keeps_a_facilitator(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let second = app.facilitator("second").await;
    let circle = circle_of(&app, host, &[mike]).await;
    let id = circle.global();
    let last = problem("NOT_ALLOWED", "input.circleId");
    assert_eq!(problems(&leave(&app, host, &id).await), last);
    assert_eq!(problems(&remove(&app, host, circle, host).await), last);
    assert_eq!(
        problems(&add(&app, host, circle, host, json!("MEMBER")).await),
        last
    );
    // A facilitator whose account is pending deletion does not count.
    join(&app, host, circle, second, json!("FACILITATOR")).await;
    hide(&app, second, true).await;
    assert_eq!(problems(&leave(&app, host, &id).await), last);
    hide(&app, second, false).await;
    let left = leave(&app, host, &id).await;
    assert_eq!(left, json!({"circleId": *id, "errors": []}));
    assert_eq!(
        roster(&read_circle(&app, mike, circle).await),
        ["mike", "second*"]
    );
}

#[both]
async fn of_two_facilitators_who_leave_at_once_one_stays(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let second = app.facilitator("second").await;
    for _ in 0..6 {
        let circle = circle_of(&app, host, &[mike]).await;
        join(&app, host, circle, second, json!("FACILITATOR")).await;
        let id = circle.global();
        let (one, other) = tokio::join!(leave(&app, host, &id), leave(&app, second, &id));
        let refused = [problems(&one), problems(&other)].concat();
        assert_eq!(refused, problem("NOT_ALLOWED", "input.circleId"));
        assert_eq!(
            read_circle(&app, mike, circle).await["memberCount"],
            json!(2)
        );
    }
}

#[both]
async fn a_member_can_leave_at_any_time(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[mike]).await;
    let id = circle.global();
    let left = json!({"circleId": *id, "errors": []});
    assert_eq!(leave(&app, mike, &id).await, left);
    assert_eq!(leave(&app, mike, &id).await, left);
    assert_eq!(read_circle(&app, mike, circle).await, json!(null));
    assert_eq!(roster(&read_circle(&app, host, circle).await), ["host*"]);
    // The answer does not reveal whether the circle exists.
    let unknown = app.app.ids.next::<CircleId>().global();
    let left = json!({"circleId": *unknown, "errors": []});
    assert_eq!(leave(&app, mike, &unknown).await, left);
}

#[both]
async fn a_hidden_member_is_not_shown_in_the_circle(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let (paul, other) = (app.member("paul").await, app.member("other").await);
    let circle = circle_of(&app, host, &[mike, paul]).await;
    hide(&app, mike, true).await;
    hide(&app, other, true).await;
    let without = read_circle(&app, paul, circle).await;
    assert_eq!(roster(&without), ["host*", "paul"]);
    assert_eq!(without["memberCount"], json!(2));
    let refused = add(&app, host, circle, other, json!(null)).await;
    assert_eq!(problems(&refused), problem("NOT_FOUND", "input.memberId"));
    hide(&app, mike, false).await;
    assert_eq!(
        read_circle(&app, paul, circle).await["memberCount"],
        json!(3)
    );
}

/// Walks a connection by pages of two, from the front and from the back.
async fn both_ways(app: &TestApp, who: SignedIn, list: &str, name: &str) -> [Vec<String>; 2] {
    let mut ways = [Vec::new(), Vec::new()];
    for (way, size, place, more, cursor) in [
        (0, "first: 2", "after", "hasNextPage", "endCursor"),
        (1, "last: 2", "before", "hasPreviousPage", "startCursor"),
    ] {
        let mut from = json!(null);
        loop {
            let query = list.replace("ARGS", &format!("({size}, {place}: $from)"));
            let query = format!("query($from: String) {{ {query} }}");
            let data = app
                .as_member(who, &query, json!({ "from": from }))
                .await
                .ok();
            let page = data.pointer(name).unwrap();
            let nodes = page["nodes"].as_array().unwrap().iter();
            let names = nodes.map(|node| {
                let name = node.pointer("/member/handle").unwrap_or(&node["name"]);
                name.as_str().unwrap().to_owned()
            });
            let at = if way == 0 { ways[0].len() } else { 0 };
            ways[way].splice(at..at, names);
            if page["pageInfo"][more] == json!(false) {
                break;
            }
            from = page["pageInfo"][cursor].clone();
        }
    }
    ways
}

const PAGE_INFO: &str = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

#[both]
async fn the_members_come_in_pages(app: TestApp) {
    let host = app.facilitator("host").await;
    let circle = circle_of(&app, host, &[]).await;
    let mut expected = vec!["host".to_owned()];
    for handle in ["mike", "paul", "john", "alan"] {
        // Two join at the same instant, the others apart.
        if handle != "paul" {
            app.advance(TimeDelta::microseconds(1_500));
        }
        let member = app.member(handle).await;
        put_in(&app, circle, member).await;
        expected.push(handle.to_owned());
    }
    let id = circle.global();
    let list = format!(
        "circle(id: {:?}) {{ members ARGS {{ nodes {{ member {{ handle }} }} {PAGE_INFO} }} }}",
        id.as_str()
    );
    let [forward, backward] = both_ways(&app, host, &list, "/circle/members").await;
    assert_eq!(forward, backward);
    let mut sorted = forward.clone();
    // Members who joined at the same instant come in either order, but always in the same one.
    if sorted[1] == "paul" {
        sorted.swap(1, 2);
    }
    assert_eq!(sorted, expected);
    let query = "query($id: ID!, $after: String) {
        circle(id: $id) { name members(after: $after) { nodes { role } } } }";
    let variables = json!({"id": *id, "after": "nonsense"});
    let refused = app.as_member(host, query, variables).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert_eq!(
        refused.data["circle"],
        json!({"name": "Tuesday", "members": null})
    );
}

#[both]
async fn my_circles_come_in_pages(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let mut expected = Vec::new();
    for name in ["One", "Two", "Three", "Four", "Five"] {
        app.advance(TimeDelta::seconds(1));
        let id: CircleId = app.app.ids.next();
        create(
            &app,
            host,
            json!({"id": id.0, "name": name, "purpose": "Talk"}),
        )
        .await;
        if name != "Three" {
            put_in(&app, id, mike).await;
            expected.push(name.to_owned());
        }
    }
    let list = format!("me {{ circles ARGS {{ nodes {{ name }} {PAGE_INFO} }} }}");
    let [forward, backward] = both_ways(&app, mike, &list, "/me/circles").await;
    assert_eq!(forward, expected);
    assert_eq!(backward, expected);
}

#[both]
async fn a_roster_costs_the_same_however_long_it_is(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[mike]).await;
    let short = query_circle(&app, mike, circle).await;
    for n in 0..10 {
        let member = app.member(&format!("man{n}")).await;
        put_in(&app, circle, member).await;
    }
    let long = query_circle(&app, mike, circle).await;
    // The circle, its members, and their profiles.
    assert_eq!((short.statements, long.statements), (3, 3));
    assert_eq!(long.at("/circle/memberCount"), json!(12));
}

#[both]
async fn other_domains_can_query_memberships(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let outsider = app.member("outsider").await;
    let circle = circle_of(&app, host, &[mike]).await;
    let db = app.app.db.pool();
    for (who, member, facilitator, shares) in [
        (host, true, true, true),
        (mike, true, false, true),
        (outsider, false, false, false),
    ] {
        let who = who.member;
        assert_eq!(circles::is_member(db, circle, who).await.unwrap(), member);
        assert_eq!(
            circles::is_facilitator(db, circle, who).await.unwrap(),
            facilitator
        );
        let shared = circles::shares_circle(db, mike.member, who).await.unwrap();
        assert_eq!(shared, shares);
    }
}
