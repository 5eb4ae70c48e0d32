//! The statements that `changes` and `nodes` cost.

use api::node_id::NodeId as _;
use entity::CheckInId;
use serde_json::{Value, json};
use support::{TestApp, TestServer, both};

use super::{Phone, ask, meeting, rsvp};

#[both]
async fn a_sync_without_changes_costs_one_statement(app: TestApp) {
    let mike = app.member("mike").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let again = ask(&app, mike, phone.after.as_deref(), 100).await;
    assert_eq!(again.statements, 1);
    let page = again.at("/changes");
    assert_eq!(page["edges"], json!([]));
    assert_eq!(page["hasMore"], false);
    assert_eq!(page["endCursor"], json!(phone.after));
}

/// Stores check-ins of a hundred days, bypassing their service.
async fn hundred_days(app: &TestApp, who: api::viewer::SignedIn) {
    use api::transact;
    use api::tx::Done;
    let app = &app.app;
    let mut day = app.clock.now().date_naive();
    let written = transact!(app, |tx| {
        let mut changes = api::tx::Changes::new();
        for _ in 0..100 {
            let id: CheckInId = app.ids.next();
            super::races::put_check_in(tx, app, who.member, id, day).await?;
            changes.put(who.member, id);
            day = day.pred_opt().unwrap();
        }
        api::feed::write(app, tx, changes).await?;
        Ok(Done::Keep(()))
    });
    written.unwrap();
}

#[both]
async fn a_page_costs_one_statement_and_one_for_each_kind(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.anonymous("{ topics { slug } }", json!({})).await.ok();
    hundred_days(&app, mike).await;
    let mut phone = Phone::new(mike);
    let first = ask(&app, mike, None, 1).await;
    assert_eq!(first.statements, 2);
    phone.after = Some(first.at("/changes/endCursor").as_str().unwrap().to_owned());
    let check_ins = ask(&app, mike, phone.after.as_deref(), 100).await;
    assert_eq!(check_ins.statements, 2);
    let page = check_ins.at("/changes");
    assert_eq!(page["edges"].as_array().unwrap().len(), 100);
    assert_eq!(page["hasMore"], false);

    for n in 0..3 {
        let tea = meeting(&app, host, None).await;
        rsvp(&app, mike, &tea, "GOING").await;
        app.tell(mike, &format!("event {n}")).await;
    }
    app.drain().await;
    let mixed = ask(&app, mike, page["endCursor"].as_str(), 100).await;
    assert_eq!(mixed.statements, 1 + 3);
    assert_eq!(mixed.at("/changes/edges").as_array().unwrap().len(), 9);
}

/// The limits count what a document asks for, whatever there is: so one item is enough here.
#[both]
async fn the_limits_allow_a_full_page_with_every_field_of_every_kind(app: TestApp) {
    let mike = app.member("mike").await;
    let query = "{ changes(first: 100) { endCursor hasMore resetRequired edges { subjectId deleted changedAt
        node { __typename id
        ... on Member { handle bio story ageBand country region languages home: timeZone mailLanguage contactModes
            replyPace availability { day parts } memberSince edition: version lifeContexts { slug name }
            topics { stance visibility topic { slug name description } } }
        ... on CheckIn { clientId localDate timeZone dayStartHour mood createdAt updatedAt }
        ... on Meeting { title description format circleId timeZone place joinUrl viewerRuns version }
        ... on MeetingOccurrence { startsAt endsAt localDate localTime timeZone capacity seatsTaken seatsLeft
            status viewerAnswer version meeting { id } }
        ... on Notification { kind subjectId at readAt }
        ... on Peering { state proposedByYou proposedAt expiresAt since partner { id handle } }
        ... on Pact { pactState: state proposedByYou proposedAt expiresAt since endsOn version partner { id handle }
            yourSide { sharing sharingUntil } partnerSide { sharing nudgeStyle nudgeWish } }
        ... on PactNudge { pactId fromYou template text sentAt answer answeredAt }
        ... on Commitment { words yours peeringId dueOn weekdays nextDueOn standing: state version createdAt endedAt
            told: partner { id handle } days { dueOn answer answeredAt carriedTo } } } } } }";
    let server = TestServer::start(app.database(), "").await;
    let token = TestServer::token(mike);
    let page = server.graphql(Some(&token), query, json!({})).await;
    assert!(page.get("errors").is_none(), "{page}");
    let handle = page.pointer("/data/changes/edges/0/node/handle");
    assert_eq!(handle, Some(&json!("mike")), "{page}");
}

#[both]
async fn many_ids_cost_one_statement_for_each_kind(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    app.anonymous("{ topics { slug } }", json!({})).await.ok();
    hundred_days(&app, mike).await;
    let mut phone = Phone::new(mike);
    let circle = crate::circles::circle_of(&app, host, &[mike])
        .await
        .global();
    for _ in 0..3 {
        let tea = meeting(&app, host, Some(circle.as_str())).await;
        rsvp(&app, mike, &tea, "GOING").await;
    }
    app.tell(mike, "an event").await;
    app.drain().await;
    phone.sync(&app).await;
    let device = app.register(mike, "mikes-phone").await["id"].clone();
    // One id of each kind, an invalid one, and one twice.
    let mut ids: Vec<Value> = phone
        .kept
        .keys()
        .rev()
        .take(90)
        .map(|id| json!(id))
        .collect();
    for kind in [
        "Member",
        "CheckIn",
        "Meeting",
        "MeetingOccurrence",
        "Notification",
    ] {
        ids.push(phone.all(kind)[0]["id"].clone());
    }
    ids.extend([
        device,
        json!(circle.as_str()),
        json!("nonsense"),
        ids[0].clone(),
    ]);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let found = app.as_member(mike, query, json!({ "ids": ids })).await;
    assert_eq!(found.statements, 7);
    let found = found.at("/nodes");
    let found: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["id"])
        .collect();
    let nonsense = json!("nonsense");
    let expected: Vec<&Value> = ids
        .iter()
        .map(|id| if *id == nonsense { &Value::Null } else { id })
        .collect();
    assert_eq!(found, expected);
}
