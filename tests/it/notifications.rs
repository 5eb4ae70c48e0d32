//! The in-app inbox: its lines, and when they count as read.

use api::node_id::NodeId as _;
use api::notification::check::housekeep;
use api::outbox::Announcement;
use api::outbox::withdraw;
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, SkipReason, State};
use entity::push_delivery::DeliveryState;
use serde_json::{Value, json};
use support::{Answer, TestApp, both};

async fn inbox(app: &TestApp, who: SignedIn, args: &str) -> Answer {
    let query = format!(
        "{{ me {{ notifications{args} {{
            nodes {{ id kind subjectId at readAt }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
        }} }} }}"
    );
    app.as_member(who, &query, json!({})).await
}

async fn ids(app: &TestApp, who: SignedIn, args: &str) -> Vec<Value> {
    let nodes = inbox(app, who, args).await.at("/me/notifications/nodes");
    let nodes = nodes.as_array().unwrap();
    nodes.iter().map(|node| node["id"].clone()).collect()
}

async fn unread(app: &TestApp, who: SignedIn) -> Value {
    let query = "{ me { unreadNotificationCount } }";
    let answer = app.as_member(who, query, json!({})).await;
    assert_eq!(answer.statements, 1);
    answer.at("/me/unreadNotificationCount")
}

async fn mark(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let query = "mutation($input: MarkNotificationsReadInput!) {
        markNotificationsRead(input: $input) {
            me { unreadNotificationCount } errors { code path }
        }
    }";
    let answer = app.as_member(who, query, json!({ "input": input })).await;
    answer.at("/markNotificationsRead")
}

async fn add_five_lines(app: &TestApp, who: SignedIn) {
    for n in 0..5 {
        app.tell(who, &format!("event-{n}")).await;
        if n != 2 {
            app.advance(TimeDelta::minutes(1));
        }
    }
}

#[both]
async fn an_inbox_lists_due_lines_newest_first(app: TestApp) {
    let mike = app.member("mike").await;
    app.tell(mike, "first").await;
    let later = app.now() + TimeDelta::hours(1);
    app.tell_at(mike, "later", later, later + TimeDelta::hours(1))
        .await;
    let now = inbox(&app, mike, "").await.at("/me/notifications/nodes");
    assert_eq!(now.as_array().unwrap().len(), 1);
    assert_eq!(now[0]["kind"], "MEETING_CANCELLED");
    assert_eq!(now[0]["at"], "2026-03-10T12:00:00.000Z");
    assert_eq!(now[0]["readAt"], json!(null));
    app.app.clock.set(later).unwrap();
    let then = inbox(&app, mike, "").await.at("/me/notifications/nodes");
    assert_eq!(then[0]["at"], "2026-03-10T13:00:00.000Z");
    assert_eq!(then[1], now[0]);
}

#[both]
async fn an_inbox_is_paged_forwards_and_backwards(app: TestApp) {
    let mike = app.member("mike").await;
    add_five_lines(&app, mike).await;
    let all = ids(&app, mike, "").await;
    assert_eq!(all.len(), 5);
    let mut seen = Vec::new();
    let mut args = "(first: 2)".to_owned();
    loop {
        let page = inbox(&app, mike, &args).await.at("/me/notifications");
        let nodes = page["nodes"].as_array().unwrap();
        seen.extend(nodes.iter().map(|node| node["id"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        args = format!("(first: 2, after: {})", page["pageInfo"]["endCursor"]);
    }
    assert_eq!(seen, all);

    let mut seen = Vec::new();
    let mut args = "(last: 2)".to_owned();
    loop {
        let page = inbox(&app, mike, &args).await.at("/me/notifications");
        let nodes = page["nodes"].as_array().unwrap();
        seen.splice(0..0, nodes.iter().map(|node| node["id"].clone()));
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
        args = format!("(last: 2, before: {})", page["pageInfo"]["startCursor"]);
    }
    assert_eq!(seen, all);

    let too_many = inbox(&app, mike, "(first: 101)").await;
    assert_eq!(too_many.code(), "BAD_USER_INPUT");
}

#[both]
async fn unread_lines_are_counted_in_one_statement(app: TestApp) {
    let mike = app.member("mike").await;
    assert_eq!(unread(&app, mike).await, 0);
    add_five_lines(&app, mike).await;
    assert_eq!(unread(&app, mike).await, 5);
    assert_eq!(inbox(&app, mike, "").await.statements, 1);
}

#[both]
async fn a_line_keeps_the_time_it_was_first_read(app: TestApp) {
    let mike = app.member("mike").await;
    add_five_lines(&app, mike).await;
    let all = ids(&app, mike, "").await;
    let two = json!({ "notificationIds": [all[0], all[3]] });
    let marked = mark(&app, mike, two.clone()).await;
    assert_eq!(
        marked,
        json!({ "me": { "unreadNotificationCount": 3 }, "errors": [] })
    );
    let before = inbox(&app, mike, "").await.ok();
    app.advance(TimeDelta::minutes(5));
    assert_eq!(mark(&app, mike, two).await, marked);
    assert_eq!(inbox(&app, mike, "").await.ok(), before);

    let code = |answer: Value| answer["errors"][0]["code"].clone();
    assert_eq!(code(mark(&app, mike, json!({})).await), "REQUIRED");
    let nonsense = mark(
        &app,
        mike,
        json!({ "notificationIds": [all[1], "nonsense"] }),
    )
    .await;
    assert_eq!(
        nonsense["errors"][0]["path"],
        json!(["input", "notificationIds", "1"])
    );
    assert_eq!(unread(&app, mike).await, 3);
}

#[both]
async fn all_lines_up_to_one_are_marked_as_read_at_once(app: TestApp) {
    let mike = app.member("mike").await;
    add_five_lines(&app, mike).await;
    let all = ids(&app, mike, "").await;
    // Two lines fell due at the same moment, and the id tells them apart.
    let marked = mark(&app, mike, json!({ "upToId": all[2] })).await;
    assert_eq!(marked["me"]["unreadNotificationCount"], 2);
    let nodes = inbox(&app, mike, "").await.at("/me/notifications/nodes");
    let read = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["readAt"].is_string());
    assert_eq!(read.collect::<Vec<_>>(), [false, false, true, true, true]);
}

#[both]
async fn a_member_cannot_read_or_mark_the_inbox_of_another(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    add_five_lines(&app, mike).await;
    let mikes = ids(&app, mike, "").await;
    assert_eq!(ids(&app, sam, "").await, Vec::<Value>::new());
    let passed_over = mark(&app, sam, json!({ "notificationIds": mikes })).await;
    assert_eq!(passed_over["errors"], json!([]));
    let point = mark(&app, sam, json!({ "upToId": mikes[0] })).await;
    assert_eq!(point["errors"][0]["code"], "NOT_FOUND");
    assert_eq!(unread(&app, mike).await, 5);

    let query = "query($id: ID!) { node(id: $id) { id ... on Notification { kind } } }";
    let by = async |who| {
        let answer = app.as_member(who, query, json!({ "id": mikes[0] })).await;
        answer.at("/node")
    };
    let mikes_own = json!({ "id": mikes[0], "kind": "MEETING_CANCELLED" });
    assert_eq!(by(mike).await, mikes_own);
    assert_eq!(by(sam).await, json!(null));
}

#[both]
async fn a_notification_announced_again_is_sent_once(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    app.tell(mike, "event").await;
    app.tell(mike, "event").await;
    app.drain().await;
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(app.notifications().await.len(), 1);
    assert_eq!(app.outbox().len(), 1);
}

#[both]
async fn a_withdrawn_notification_is_not_sent_and_can_be_announced_again(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    let at = app.now() + TimeDelta::hours(1);
    let end = at + TimeDelta::hours(2);
    app.tell_at(mike, "event", at, end).await;
    let given = &app.app;
    let withdrawn = async || {
        let done = transact!(given, |tx| {
            withdraw(tx, mike.member, "event").await?;
            Ok(Done::Keep(()))
        });
        done.unwrap();
    };
    withdrawn().await;
    app.travel(at).await;
    assert!(app.outbox().is_empty());
    assert_eq!(unread(&app, mike).await, 0);

    // Announced again: first for later than before, then for sooner.
    let (later, sooner) = (at + TimeDelta::minutes(50), at + TimeDelta::minutes(20));
    app.tell_at(mike, "event", later, end).await;
    withdrawn().await;
    app.tell_at(mike, "event", sooner, end).await;
    app.travel(sooner - TimeDelta::seconds(1)).await;
    assert!(app.outbox().is_empty());
    app.travel(sooner).await;
    assert_eq!(app.outbox().len(), 1);
    // A notification that was sent cannot be withdrawn. It becomes read instead.
    assert_eq!(unread(&app, mike).await, 1);
    withdrawn().await;
    assert_eq!(unread(&app, mike).await, 0);
    assert_eq!(ids(&app, mike, "").await.len(), 1);
    app.travel(end).await;
    assert_eq!(app.outbox().len(), 1);
}

#[both]
async fn an_expired_notification_is_not_sent(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    app.tell(mike, "event").await;
    app.advance(TimeDelta::hours(4));
    app.drain().await;
    let rows = app.notifications().await;
    assert_eq!(rows[0].state, State::Skipped);
    assert_eq!(rows[0].skip_reason, Some(SkipReason::Expired));
    assert!(app.deliveries().await.is_empty());
    assert_eq!(unread(&app, mike).await, 1);
}

#[both]
async fn an_old_line_leaves_the_inbox(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    let far = app.now() + TimeDelta::days(100);
    app.tell_at(mike, "far", far, far + TimeDelta::hours(1))
        .await;
    app.tell(mike, "event").await;
    app.drain().await;
    assert_eq!(app.deliveries().await[0].state, DeliveryState::Accepted);
    app.advance(TimeDelta::days(90));
    housekeep(&app.app).await.unwrap();
    assert_eq!(app.notifications().await.len(), 2);
    app.advance(TimeDelta::seconds(1));
    housekeep(&app.app).await.unwrap();
    let left = app.notifications().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].dedup_key, "far");
    assert!(app.deliveries().await.is_empty());
}

#[both]
async fn a_meeting_reminder_has_its_occurrence_as_subject(app: TestApp) {
    let mike = app.member("mike").await;
    let subject: uuid::Uuid = app.app.ids.next();
    let now = app.now();
    app.announce(&Announcement {
        member: mike.member,
        kind: Kind::MeetingReminder,
        dedup_key: "meeting".to_owned(),
        subject: Some(subject),
        not_before: now,
        expires_at: now + TimeDelta::hours(1),
        caused_by: None,
    })
    .await;
    let nodes = inbox(&app, mike, "").await.at("/me/notifications/nodes");
    let global = entity::OccurrenceId(subject).global();
    assert_eq!(nodes[0]["subjectId"], json!(global.as_str()));

    // He is not going to any such meeting, so the reminder is cancelled when it is due.
    app.register(mike, "mikes-phone").await;
    app.drain().await;
    assert!(app.outbox().is_empty());
    assert_eq!(app.notifications().await[0].state, State::Cancelled);
    assert_eq!(unread(&app, mike).await, 0);
}

/// Returns the kinds of the unread lines in the list. Asserts that the unread count agrees.
async fn listed_unread(app: &TestApp, who: SignedIn) -> Vec<String> {
    let lines = inbox(app, who, "(first: 100)")
        .await
        .at("/me/notifications/nodes");
    let lines = lines.as_array().unwrap().iter();
    let kinds: Vec<_> = lines
        .filter(|line| line["readAt"].is_null())
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(unread(app, who).await, kinds.len());
    kinds
}

#[both]
async fn a_check_in_marks_its_reminder_as_read(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "his-phone").await;
    let set = "mutation { setCheckInReminder(input: { localTime: \"18:00\", enabled: true }) { errors { code } } }";
    app.as_member(mike, set, json!({})).await.ok();
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { errors { code } } }";
    for day in 0..10 {
        let evening = app.now() + TimeDelta::hours(7);
        app.travel(evening).await;
        assert_eq!(
            listed_unread(&app, mike).await,
            ["CHECK_IN_REMINDER"],
            "{day}"
        );
        let id: uuid::Uuid = app.app.ids.next();
        app.as_member(mike, check_in, json!({ "id": id }))
            .await
            .ok();
        assert_eq!(
            listed_unread(&app, mike).await,
            Vec::<String>::new(),
            "{day}"
        );
        app.travel(evening + TimeDelta::hours(17)).await;
    }
    // They stay in the inbox, and other phones sync that they are read.
    assert_eq!(ids(&app, mike, "(first: 100)").await.len(), 10);
    let changes = "{ changes(first: 100) { edges { node { ... on Notification { readAt } } } } }";
    let changes = app
        .as_member(mike, changes, json!({}))
        .await
        .at("/changes/edges");
    let rows = changes.as_array().unwrap().iter();
    let rows: Vec<_> = rows.filter_map(|edge| edge["node"].get("readAt")).collect();
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|read_at| read_at.is_string()), "{rows:?}");
}

#[both]
async fn a_line_is_read_when_its_subject_is_over(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let peering = crate::peerings::partners(&app, sam, mike).await;
    app.drain().await;
    // Mike accepted, so his line is read. Sam has not read the answer.
    assert_eq!(listed_unread(&app, mike).await, Vec::<String>::new());
    assert_eq!(listed_unread(&app, sam).await, ["PEERING_ACCEPTED"]);

    let pact = crate::pacts::proposal(&app, &peering);
    let pact = crate::pacts::sent(&app, sam, "proposePact", pact).await;
    app.drain().await;
    assert_eq!(listed_unread(&app, mike).await, ["PACT_PROPOSED"]);
    crate::pacts::end(&app, sam, &pact["id"]).await;
    assert_eq!(listed_unread(&app, mike).await, Vec::<String>::new());

    crate::peerings::leave(&app, mike, "endPeering", &peering).await;
    assert_eq!(listed_unread(&app, sam).await, Vec::<String>::new());
}
