//! Who is notified of what: synced phones, inboxes and pushes.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, State};
use sea_orm::EntityTrait as _;
use serde_json::json;
use support::{TestApp, both};

use super::{answer, in_a_circle, leave, partners, peerings, proposed};
use crate::changes::Phone;

const NOTHING: [&str; 0] = [];

async fn three_in_a_circle(app: &TestApp) -> [SignedIn; 3] {
    let members = [
        app.member("mike").await,
        app.member("paul").await,
        app.member("sam").await,
    ];
    in_a_circle(app, &members).await;
    members
}

async fn synced_phone(app: &TestApp, who: SignedIn) -> Phone {
    let mut phone = Phone::new(who);
    phone.sync(app).await;
    phone
}

#[both]
async fn each_change_is_synced_to_the_phones_that_may_see_it(app: TestApp) {
    let [mike, paul, sam] = three_in_a_circle(&app).await;
    let mut mikes = synced_phone(&app, mike).await;
    let mut pauls = synced_phone(&app, paul).await;
    let mut sams = synced_phone(&app, sam).await;

    let id = proposed(&app, mike, paul).await["id"].clone();
    assert_eq!(mikes.news(&app).await, ["Peering"]);
    assert_eq!(pauls.news(&app).await, ["Peering"]);
    assert_eq!(pauls.all("Peering")[0]["partner"]["handle"], "mike");
    for _ in 0..2 {
        answer(&app, paul, &id, false).await;
    }
    // The proposer's phone learns nothing of the answer.
    assert_eq!(mikes.news(&app).await, NOTHING);
    assert_eq!(pauls.news(&app).await, ["no Peering"]);

    proposed(&app, paul, mike).await;
    assert_eq!(mikes.news(&app).await, ["Peering"]);
    assert_eq!(pauls.news(&app).await, ["Peering"]);
    assert_eq!(mikes.all("Peering")[0]["state"], "ACTIVE");
    for _ in 0..2 {
        leave(&app, paul, "endPeering", &id).await;
    }
    assert_eq!(mikes.news(&app).await, ["no Peering"]);
    assert_eq!(pauls.news(&app).await, ["no Peering"]);

    let id = proposed(&app, mike, sam).await["id"].clone();
    assert_eq!(sams.news(&app).await, ["Peering"]);
    assert_eq!(mikes.news(&app).await, ["Peering"]);
    leave(&app, mike, "withdrawPeering", &id).await;
    assert_eq!(sams.news(&app).await, ["no Peering"]);
    assert_eq!(mikes.news(&app).await, ["no Peering"]);
}

/// Proposes a peering, and asserts that the recipient never learns of it: no list entry, no sync, no notification.
async fn propose_unnoticed(app: &TestApp, from: SignedIn, to: SignedIn) {
    let mut his = synced_phone(app, to).await;
    let told = app.notifications().await.len();
    let asked = proposed(app, from, to).await;
    assert_eq!(asked["state"], "PROPOSED");
    assert_eq!(asked["since"], json!(null));
    assert_eq!(peerings(app, from).await, [asked]);
    app.advance(TimeDelta::days(7));
    api::matching::service::housekeep(&app.app).await.unwrap();
    assert_eq!(peerings(app, from).await, [json!(null); 0]);
    assert_eq!(peerings(app, to).await, [json!(null); 0]);
    assert_eq!(his.news(app).await, NOTHING);
    assert_eq!(app.notifications().await.len(), told);
}

#[both]
async fn for_thirty_days_after_an_end_no_proposal_reaches_the_other(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let id = partners(&app, mike, paul).await;
    leave(&app, mike, "endPeering", &id).await;
    propose_unnoticed(&app, paul, mike).await;
    propose_unnoticed(&app, mike, paul).await;
    app.advance(TimeDelta::days(16));
    proposed(&app, paul, mike).await;
    assert_eq!(peerings(&app, mike).await[0]["state"], "PROPOSED");
}

#[both]
async fn after_a_decline_a_proposal_back_reaches_nobody(app: TestApp) {
    let [mike, paul, _] = three_in_a_circle(&app).await;
    let id = proposed(&app, mike, paul).await["id"].clone();
    answer(&app, paul, &id, false).await;
    app.advance(TimeDelta::days(7));
    api::matching::service::housekeep(&app.app).await.unwrap();
    propose_unnoticed(&app, paul, mike).await;
}

#[both]
async fn members_who_propose_to_each_other_after_an_end_are_partners_again(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let id = partners(&app, mike, paul).await;
    leave(&app, mike, "endPeering", &id).await;
    assert_eq!(proposed(&app, paul, mike).await["state"], "PROPOSED");
    assert_eq!(proposed(&app, mike, paul).await["state"], "ACTIVE");
}

#[both]
async fn a_hidden_member_is_removed_from_the_phones_of_partners(app: TestApp) {
    let [mike, paul, sam] = three_in_a_circle(&app).await;
    partners(&app, mike, paul).await;
    let declined = proposed(&app, sam, paul).await["id"].clone();
    answer(&app, paul, &declined, false).await;
    let mut mikes = synced_phone(&app, mike).await;
    let mut sams = synced_phone(&app, sam).await;
    for (hidden, told) in [(true, "no Peering"), (false, "Peering")] {
        crate::profile::hide(&app, paul, hidden).await;
        assert_eq!(mikes.news(&app).await, [told]);
        assert_eq!(sams.news(&app).await, [told]);
    }
}

#[both]
async fn an_expired_proposal_is_removed_from_phones(app: TestApp) {
    let [mike, paul, sam] = three_in_a_circle(&app).await;
    proposed(&app, mike, paul).await;
    let declined = proposed(&app, mike, sam).await["id"].clone();
    answer(&app, sam, &declined, false).await;
    partners(&app, paul, sam).await;
    let mut mikes = synced_phone(&app, mike).await;
    let mut pauls = synced_phone(&app, paul).await;
    app.advance(TimeDelta::days(7));
    for _ in 0..2 {
        api::matching::service::housekeep(&app.app).await.unwrap();
    }
    assert_eq!(mikes.news(&app).await, ["no Peering"; 2]);
    assert_eq!(pauls.news(&app).await, ["no Peering"]);
    assert_eq!(pauls.all("Peering").len(), 1);
    assert_eq!(peerings(&app, paul).await.len(), 1);
}

#[both]
async fn the_recipient_and_an_accepted_proposer_are_notified(app: TestApp) {
    let [mike, paul, _] = three_in_a_circle(&app).await;
    app.register(mike, "mikes-phone").await;
    app.register(paul, "pauls-phone").await;
    let id = proposed(&app, mike, paul).await["id"].clone();
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    answer(&app, paul, &id, true).await;
    app.drain().await;
    let told = app.notifications().await;
    let told: Vec<_> = told
        .iter()
        .map(|row| (row.member_id, row.kind, row.state))
        .collect();
    let expected = [
        (paul.member, Kind::PeeringProposed, State::Planned),
        (mike.member, Kind::PeeringAccepted, State::Planned),
    ];
    assert_eq!(told, expected);
    assert_eq!(app.outbox().len(), 2);
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    for (who, kind) in [(paul, "PEERING_PROPOSED"), (mike, "PEERING_ACCEPTED")] {
        let lines = app.as_member(who, inbox, json!({})).await;
        let lines = lines.at("/me/notifications/nodes");
        assert_eq!(lines, json!([{ "kind": kind, "subjectId": id }]));
    }
}

#[both]
async fn outdated_notifications_are_cancelled(app: TestApp) {
    let [mike, paul, sam] = three_in_a_circle(&app).await;
    app.register(paul, "pauls-phone").await;
    app.register(sam, "sams-phone").await;
    let back = proposed(&app, mike, paul).await["id"].clone();
    leave(&app, mike, "withdrawPeering", &back).await;
    let answered = proposed(&app, sam, paul).await["id"].clone();
    answer(&app, paul, &answered, true).await;
    leave(&app, paul, "endPeering", &answered).await;
    app.drain().await;
    let states: Vec<_> = app
        .notifications()
        .await
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [State::Cancelled; 3]);

    // A notification that is planned, and answered before it is sent.
    let asked = proposed(&app, mike, sam).await["id"].clone();
    let told = app.notifications().await;
    let asks = told.iter().find(|row| row.state == State::Pending).unwrap();
    api::notification::plan::notification(&app.app, asks.id)
        .await
        .unwrap();
    answer(&app, sam, &asked, false).await;
    app.drain().await;
    assert_eq!(app.outbox().len(), 0);
    let deliveries = app.deliveries().await;
    assert_eq!(deliveries[0].reason.as_deref(), Some("already_done"));

    // A proposer who is hidden before the notification is sent.
    let tom = app.member("tom").await;
    in_a_circle(&app, &[tom, paul]).await;
    proposed(&app, tom, paul).await;
    crate::profile::hide(&app, tom, true).await;
    app.drain().await;
    let told = app.notifications().await;
    let cancelled = told.iter().filter(|row| row.state == State::Cancelled);
    assert_eq!((cancelled.count(), told.len()), (4, 5));
}

#[both]
async fn deleting_an_account_deletes_its_peerings(app: TestApp) {
    let [mike, paul, _] = three_in_a_circle(&app).await;
    partners(&app, mike, paul).await;
    let deleted = entity::member::Entity::delete_by_id(paul.member).exec(app.app.db.pool());
    deleted.await.unwrap();
    assert_eq!(peerings(&app, mike).await, [json!(null); 0]);
    let left = entity::peering::Entity::find().all(app.app.db.pool()).await;
    assert_eq!(left.unwrap(), []);
}
