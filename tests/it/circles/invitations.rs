//! Invitations: a member joins a circle only by accepting, and declining reveals nothing.

use api::error::Fault;
use api::fact::Fact;
use api::node_id::NodeId as _;
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::account::Role;
use entity::notification::{Kind, SkipReason, State};
use entity::{CircleId, circle_invitation};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{
    accept_all, add, answer, circle_of, invitations_of, join, leave, read_circle, remove, roster,
};
use crate::profile::{hide, problem, problems};

const NONE: [Value; 0] = [];

async fn consents(app: &TestApp, who: SignedIn) -> Value {
    let query = "{ me { consents { nodes { purpose circleId givenAt withdrawnAt } } } }";
    let read = app.as_member(who, query, json!({})).await;
    read.at("/me/consents/nodes")
}

/// The notifications in a member's inbox.
pub async fn inbox(app: &TestApp, who: SignedIn) -> Value {
    let query = "{ me { notifications { nodes { kind subjectId } } } }";
    let read = app.as_member(who, query, json!({})).await;
    read.at("/me/notifications/nodes")
}

#[both]
async fn a_member_joins_only_by_accepting_an_invitation(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let other = app.member("other").await;
    let circle = circle_of(&app, host, &[]).await;
    let invited = add(&app, host, circle, mike, json!(null)).await;
    assert_eq!(roster(&invited["circle"]), ["host*"]);
    assert_eq!(add(&app, host, circle, mike, json!(null)).await, invited);
    assert_eq!(read_circle(&app, mike, circle).await, json!(null));
    let [waiting] = &invitations_of(&app, mike).await[..] else {
        panic!("there is one invitation");
    };
    let id = &waiting["id"];
    assert_eq!(invitations_of(&app, other).await, NONE);
    assert_eq!(invitations_of(&app, host).await, NONE);
    for who in [other, host] {
        let refused = answer(&app, who, id, true).await;
        assert_eq!(
            problems(&refused),
            problem("NOT_FOUND", "input.invitationId")
        );
    }
    let joined = answer(&app, mike, id, true).await;
    assert_eq!(roster(&joined["circle"]), ["host*", "mike"]);
    // Accepting again answers the same, and declining is too late.
    assert_eq!(answer(&app, mike, id, true).await, joined);
    let late = answer(&app, mike, id, false).await;
    assert_eq!(problems(&late), problem("CONFLICT", "input.invitationId"));
    assert_eq!(invitations_of(&app, mike).await, NONE);
}

#[both]
async fn an_invitation_shows_the_circle_but_not_its_members(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let paul = app.member("paul").await;
    let circle = circle_of(&app, host, &[paul]).await;
    add(&app, host, circle, mike, json!(null)).await;
    let [shown] = &invitations_of(&app, mike).await[..] else {
        panic!("there is one invitation");
    };
    let expected = json!({
        "id": shown["id"], "circleName": "Tuesday", "circlePurpose": "Talk", "memberCount": 2,
        "role": "MEMBER", "invitedAt": "2026-03-10T12:00:00.000Z", "expiresAt": "2026-03-24T12:00:00.000Z",
        "invitedBy": { "handle": "host" },
    });
    assert_eq!(*shown, expected);
    let query = "query($id: ID!) { node(id: $id) { __typename id } }";
    let node = async |who| {
        let read = app.as_member(who, query, json!({ "id": shown["id"] }));
        read.await.at("/node")
    };
    assert_eq!(node(mike).await["__typename"], "CircleInvitation");
    assert_eq!(node(paul).await, json!(null));
    assert_eq!(node(host).await, json!(null));
}

#[both]
async fn an_invitation_is_pushed_once_and_without_details(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    let circle = circle_of(&app, host, &[]).await;
    for _ in 0..4 {
        add(&app, host, circle, mike, json!(null)).await;
        app.drain().await;
        remove(&app, host, circle, mike).await;
    }
    add(&app, host, circle, mike, json!(null)).await;
    app.drain().await;
    let id = &invitations_of(&app, mike).await[0]["id"];
    assert_eq!(
        inbox(&app, mike).await,
        json!([{ "kind": "CIRCLE_INVITATION", "subjectId": id }])
    );
    let pushed = app.outbox();
    assert_eq!(pushed.len(), 1);
    let text = format!("{:?}", pushed[0]);
    assert!(
        !text.contains("Tuesday") && !text.contains("host"),
        "{text}"
    );

    // Nor by many circles: one facilitator's invitations are pushed twice a day.
    for _ in 0..4 {
        let circle = circle_of(&app, host, &[]).await;
        add(&app, host, circle, mike, json!(null)).await;
        app.drain().await;
    }
    assert_eq!(app.outbox().len(), 2);
    assert_eq!(invitations_of(&app, mike).await.len(), 5);
}

#[both]
async fn a_declined_invitation_looks_pending_to_the_facilitator(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let paul = app.member("paul").await;
    let circle = circle_of(&app, host, &[]).await;
    for (member, phone) in [(mike, "mikes-phone"), (paul, "pauls-phone")] {
        app.register(member, phone).await;
        add(&app, host, circle, member, json!(null)).await;
    }
    app.drain().await;
    let pushed_before = app.outbox().len();
    let id = invitations_of(&app, mike).await[0]["id"].clone();
    let no = json!({ "circle": null, "errors": [] });
    for _ in 0..2 {
        assert_eq!(answer(&app, mike, &id, false).await, no);
    }
    assert_eq!(invitations_of(&app, mike).await, NONE);
    let alike = async || {
        let to_mike = add(&app, host, circle, mike, json!(null)).await;
        let to_paul = add(&app, host, circle, paul, json!(null)).await;
        assert_eq!(to_mike, to_paul);
        assert_eq!(to_mike["errors"], json!([]));
    };
    alike().await;
    for member in [mike, paul] {
        remove(&app, host, circle, member).await;
    }
    alike().await;
    // Both invitations expire and are repeated: the one who declined gets nothing.
    app.advance(TimeDelta::days(15));
    alike().await;
    app.drain().await;
    assert_eq!(invitations_of(&app, mike).await, NONE);
    assert_eq!(invitations_of(&app, paul).await.len(), 1);
    assert_eq!(app.outbox().len(), pushed_before + 1);
    app.advance(TimeDelta::days(15));
    alike().await;
    assert_eq!(invitations_of(&app, mike).await.len(), 1);
}

#[both]
async fn a_member_who_left_gets_no_invitation_for_thirty_days(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    let circle = circle_of(&app, host, &[mike]).await;
    leave(&app, mike, &circle.global()).await;
    for days in [0, 16, 13] {
        app.advance(TimeDelta::days(days));
        let invited = add(&app, host, circle, mike, json!(null)).await;
        assert_eq!(invited["errors"], json!([]));
        assert_eq!(roster(&invited["circle"]), ["host*"]);
        app.drain().await;
        assert_eq!(invitations_of(&app, mike).await, NONE);
    }
    assert_eq!(app.outbox().len(), 0);
    app.advance(TimeDelta::days(15));
    add(&app, host, circle, mike, json!(null)).await;
    assert_eq!(invitations_of(&app, mike).await.len(), 1);
}

#[both]
async fn an_invitation_expires_after_fourteen_days(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[]).await;
    add(&app, host, circle, mike, json!(null)).await;
    let id = invitations_of(&app, mike).await[0]["id"].clone();
    app.advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    assert_eq!(invitations_of(&app, mike).await.len(), 1);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(invitations_of(&app, mike).await, NONE);
    let late = answer(&app, mike, &id, true).await;
    assert_eq!(problems(&late), problem("NOT_FOUND", "input.invitationId"));
    api::circle::service::housekeep(&app.app).await.unwrap();
    let db = app.app.db.pool();
    let rows = circle_invitation::Entity::find().all(db).await.unwrap();
    assert_eq!(rows[0].ended_at, Some(app.now()));
    app.advance(TimeDelta::days(61));
    api::circle::service::housekeep(&app.app).await.unwrap();
    let rows = circle_invitation::Entity::find().all(db).await.unwrap();
    assert_eq!(rows, []);
}

#[both]
async fn an_invitation_ends_when_its_facilitator_stops_running_the_circle(app: TestApp) {
    let host = app.facilitator("host").await;
    let second = app.facilitator("second").await;
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    app.register(mike, "mikes-phone").await;
    let circle = circle_of(&app, host, &[]).await;
    join(&app, host, circle, second, json!("FACILITATOR")).await;
    add(&app, second, circle, mike, json!(null)).await;
    add(&app, host, circle, paul, json!(null)).await;
    let id = invitations_of(&app, mike).await[0]["id"].clone();
    // The facilitator steps down, and runs the circle again: his earlier invitations are over.
    for role in ["MEMBER", "FACILITATOR"] {
        add(&app, host, circle, second, json!(role)).await;
    }
    assert_eq!(invitations_of(&app, mike).await, NONE);
    let late = answer(&app, mike, &id, true).await;
    assert_eq!(problems(&late), problem("NOT_FOUND", "input.invitationId"));
    app.drain().await;
    assert_eq!(app.outbox().len(), 0);
    add(&app, second, circle, mike, json!(null)).await;
    assert_eq!(invitations_of(&app, mike).await.len(), 1);
    leave(&app, second, &circle.global()).await;
    assert_eq!(invitations_of(&app, mike).await, NONE);
    // Others' invitations stay pending.
    assert_eq!(invitations_of(&app, paul).await.len(), 1);
}

#[both]
async fn an_invitation_ends_when_either_is_hidden(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[]).await;
    add(&app, host, circle, mike, json!(null)).await;
    let id = invitations_of(&app, mike).await[0]["id"].clone();
    hide(&app, host, true).await;
    assert_eq!(invitations_of(&app, mike).await, NONE);
    let refused = answer(&app, mike, &id, true).await;
    assert_eq!(
        problems(&refused),
        problem("NOT_FOUND", "input.invitationId")
    );
    hide(&app, host, false).await;
    // A request for deletion ends the invitation for good.
    let (parts, member) = (&app.app, mike.member);
    let asked: Result<(), Fault> = transact!(parts, |tx| {
        let fact = Fact::DeletionRequested { member };
        parts.follow(tx, fact).await?;
        Ok(Done::Keep(()))
    });
    asked.unwrap();
    let rows = circle_invitation::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(rows[0].ended_at, Some(app.now()));
}

#[both]
async fn a_withdrawn_invitation_is_gone(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    let circle = circle_of(&app, host, &[]).await;
    add(&app, host, circle, mike, json!(null)).await;
    let id = invitations_of(&app, mike).await[0]["id"].clone();
    for _ in 0..2 {
        let back = remove(&app, host, circle, mike).await;
        assert_eq!(back["errors"], json!([]));
    }
    assert_eq!(invitations_of(&app, mike).await, NONE);
    let late = answer(&app, mike, &id, true).await;
    assert_eq!(problems(&late), problem("NOT_FOUND", "input.invitationId"));
    app.drain().await;
    assert_eq!(app.outbox().len(), 0);
    assert_eq!(inbox(&app, mike).await, json!([]));
}

#[both]
async fn a_removed_member_finds_it_in_the_inbox_without_a_push(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    let circle = circle_of(&app, host, &[mike]).await;
    for _ in 0..2 {
        remove(&app, host, circle, mike).await;
    }
    app.drain().await;
    let line = json!([{ "kind": "REMOVED_FROM_CIRCLE", "subjectId": *circle.global() }]);
    assert_eq!(inbox(&app, mike).await, line);
    let notifications = app.notifications().await;
    assert_eq!(notifications[0].kind, Kind::RemovedFromCircle);
    assert_eq!(notifications[0].state, State::Skipped);
    assert_eq!(notifications[0].skip_reason, Some(SkipReason::InboxOnly));
    assert_eq!(app.outbox().len(), 0);
}

#[both]
async fn a_facilitator_invites_thirty_members_a_day(app: TestApp) {
    let host = app.facilitator("host").await;
    let circles = [
        circle_of(&app, host, &[]).await,
        circle_of(&app, host, &[]).await,
    ];
    let mut members = Vec::new();
    for n in 0..31 {
        members.push(app.member(&format!("man{n}")).await);
    }
    for (n, member) in members[..30].iter().enumerate() {
        let invited = add(&app, host, circles[n % 2], *member, json!(null)).await;
        assert_eq!(invited["errors"], json!([]));
    }
    let refused = add(&app, host, circles[0], members[30], json!(null)).await;
    assert_eq!(problems(&refused), problem("TOO_SOON", "input.memberId"));
    // Repeating a pending invitation is not limited.
    let again = add(&app, host, circles[0], members[0], json!(null)).await;
    assert_eq!(again["errors"], json!([]));
    app.advance(TimeDelta::days(1));
    let invited = add(&app, host, circles[0], members[30], json!(null)).await;
    assert_eq!(invited["errors"], json!([]));
}

#[both]
async fn an_invited_facilitator_who_lost_the_role_joins_as_a_member(app: TestApp) {
    let host = app.facilitator("host").await;
    let second = app.facilitator("second").await;
    let circle = circle_of(&app, host, &[]).await;
    add(&app, host, circle, second, json!("FACILITATOR")).await;
    let set = api::account::service::set_role(&app.app, "second@example.org", Role::Member);
    set.await.unwrap();
    accept_all(&app, second).await;
    assert_eq!(
        roster(&read_circle(&app, host, circle).await),
        ["host*", "second"]
    );
}

#[both]
async fn joining_gives_a_consent_and_leaving_withdraws_it(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = circle_of(&app, host, &[]).await;
    join(&app, host, circle, mike, json!(null)).await;
    let mut given = json!([{ "purpose": "CIRCLE_SHARING", "circleId": *circle.global(),
        "givenAt": "2026-03-10T12:00:00.000Z", "withdrawnAt": null }]);
    assert_eq!(consents(&app, mike).await, given);
    app.advance(TimeDelta::minutes(1));
    leave(&app, mike, &circle.global()).await;
    given[0]["withdrawnAt"] = json!("2026-03-10T12:01:00.000Z");
    assert_eq!(consents(&app, mike).await, given);
}

async fn checked_in(app: &TestApp, who: SignedIn) {
    let check_in = "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
    let id: Uuid = app.app.ids.next();
    let input = json!({ "id": id, "mood": 3, "visibility": "CIRCLE" });
    let done = app
        .as_member(who, check_in, json!({ "input": input }))
        .await;
    assert_eq!(done.at("/checkIn/errors"), json!([]));
}

async fn circle_check_ins(app: &TestApp, who: SignedIn, circle: CircleId) -> Value {
    let query = "query($id: ID!) { circle(id: $id) { checkIns { nodes { member { handle } localDate } } } }";
    let read = app.as_member(who, query, json!({ "id": *circle.global() }));
    read.await.at("/circle/checkIns/nodes")
}

#[both]
async fn neither_side_reads_check_ins_from_before_the_member_joined(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let paul = app.member("paul").await;
    let circle = circle_of(&app, host, &[paul]).await;
    for member in [mike, paul] {
        checked_in(&app, member).await;
    }
    app.advance(TimeDelta::minutes(1));
    join(&app, host, circle, mike, json!(null)).await;
    assert_eq!(circle_check_ins(&app, mike, circle).await, json!([]));
    let pauls = json!([{ "member": { "handle": "paul" }, "localDate": "2026-03-10" }]);
    assert_eq!(circle_check_ins(&app, host, circle).await, pauls);
    app.advance(TimeDelta::days(1));
    checked_in(&app, mike).await;
    let mikes = json!({ "member": { "handle": "mike" }, "localDate": "2026-03-11" });
    assert_eq!(circle_check_ins(&app, paul, circle).await[0], mikes);
}
