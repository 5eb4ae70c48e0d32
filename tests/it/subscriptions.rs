//! What a member's devices hear while they are connected.

use api::bus::Event;
use api::node_id::NodeId as _;
use api::outbox::withdraw;
use api::transact;
use api::tx::Done;
use api::viewer::{SignedIn, Viewer};
use chrono::TimeDelta;
use entity::NotificationId;
use serde_json::{Value, json};
use support::{Listening, TestApp, both};
use uuid::Uuid;

pub const CHECK_INS: &str = "subscription { checkInRecorded { checkInId updatedAt refetch } }";
pub const INBOX: &str = "subscription { notificationReceived { notificationId refetch } }";
const DATED_INBOX: &str = "subscription { notificationReceived { notificationId at refetch } }";

/// Sends a check-in with a mood; the check-in, and the code of a refusal.
pub async fn check_in(app: &TestApp, who: SignedIn, id: Uuid, mood: i32) -> (Value, Value) {
    let mutation = "mutation($input: CheckInInput!) { checkIn(input: $input) {
        checkIn { id updatedAt } errors { code } } }";
    let input = json!({ "input": { "id": id, "mood": mood } });
    let payload = app.as_member(who, mutation, input).await.at("/checkIn");
    (payload["checkIn"].clone(), payload["errors"].clone())
}

fn told(check_in: &Value) -> Value {
    json!({ "checkInId": check_in["id"], "updatedAt": check_in["updatedAt"], "refetch": false })
}

#[both]
async fn whoever_begins_to_listen_is_told_first_to_read_anew(app: TestApp) {
    let mike = app.member("mike").await;
    let viewer = Viewer::Member(mike);
    let [mut check_ins, mut inbox] =
        [CHECK_INS, DATED_INBOX].map(|document| Listening::unheard(&app.schema, viewer, document));
    let (recorded, _) = check_in(&app, mike, app.app.ids.next(), 3).await;
    let greeting = json!({ "checkInId": null, "updatedAt": null, "refetch": true });
    assert_eq!(check_ins.heard(), [greeting, told(&recorded)]);
    let greeting = json!({ "notificationId": null, "at": null, "refetch": true });
    assert_eq!(inbox.heard(), [greeting]);
}

#[both]
async fn a_check_in_is_heard_on_all_of_a_mans_devices_and_by_nobody_else(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let tablet = SignedIn {
        session: app.app.ids.next(),
        ..mike
    };
    let mut his = [mike, tablet].map(|device| app.listen(device, CHECK_INS));
    let mut inbox = app.listen(mike, INBOX);
    let mut sams = app.listen(sam, CHECK_INS);
    let expect = |his: &mut [Listening; 2], expected: &[Value]| {
        for device in his {
            assert_eq!(device.heard(), expected);
        }
    };

    let id = app.app.ids.next();
    let (recorded, _) = check_in(&app, mike, id, 3).await;
    expect(&mut his, &[told(&recorded)]);
    check_in(&app, tablet, id, 3).await;
    expect(&mut his, &[]);
    app.advance(TimeDelta::minutes(1));
    let (edited, _) = check_in(&app, tablet, id, 4).await;
    assert_ne!(edited["updatedAt"], recorded["updatedAt"]);
    expect(&mut his, &[told(&edited)]);
    let (_, refused) = check_in(&app, tablet, app.app.ids.next(), 5).await;
    assert_eq!(refused[0]["code"], "CONFLICT");
    expect(&mut his, &[]);

    assert_eq!(inbox.heard(), [Value::Null; 0]);
    assert_eq!(sams.heard(), [Value::Null; 0]);
}

#[both]
async fn a_check_in_that_many_devices_send_at_once_is_heard_once(app: TestApp) {
    let mike = app.member("mike").await;
    let mut listening = app.listen(mike, CHECK_INS);
    let id: Uuid = app.app.ids.next();
    let mutation = "mutation($id: UUID!) { checkIn(input: { id: $id }) { errors { code } } }";
    let asked = (0..8).map(|_| (mike, mutation, json!({ "id": id })));
    app.at_once(asked.collect()).await;
    assert_eq!(listening.heard().len(), 1);
}

#[both]
async fn a_line_of_the_inbox_is_heard_once_when_it_falls_due(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let mut his = app.listen(mike, DATED_INBOX);
    let mut sams = app.listen(sam, INBOX);
    let (hour, day) = (app.now() + TimeDelta::hours(1), TimeDelta::days(1));
    app.tell_at(mike, "stays", hour, hour + day).await;
    app.tell_at(mike, "goes", hour, hour + day).await;
    let given = &app.app;
    let withdrawn = transact!(given, |tx| {
        withdraw(tx, mike.member, "goes").await?;
        Ok(Done::Keep(()))
    });
    withdrawn.unwrap();
    app.drain().await;
    assert_eq!(his.heard(), [Value::Null; 0]);

    app.app.clock.set(hour).unwrap();
    app.drain().await;
    let inbox = "{ me { notifications { nodes { id at } } } }";
    let inbox = app.as_member(mike, inbox, json!({})).await.ok();
    let line = &inbox["me"]["notifications"]["nodes"][0];
    let line = json!({ "notificationId": line["id"], "at": line["at"], "refetch": false });
    assert_eq!(his.heard(), [line]);

    app.tell_at(mike, "stays", hour, hour + day).await;
    app.drain().await;
    assert_eq!(his.heard(), [Value::Null; 0]);
    assert_eq!(sams.heard(), [Value::Null; 0]);
}

#[both]
async fn a_reminder_is_heard_by_whoever_is_reminded(app: TestApp) {
    let men = [
        app.member("mike").await,
        app.member("sam").await,
        app.member("tom").await,
    ];
    let due = app.now() + TimeDelta::hours(1);
    for who in men {
        app.remind(who.member, due).await;
    }
    check_in(&app, men[2], app.app.ids.next(), 3).await;
    let mut listening = men.map(|who| app.listen(who, INBOX));
    app.travel(due).await;
    let heard = listening.each_mut().map(Listening::heard);
    let lines = app.notifications().await;
    for (who, heard) in men.iter().zip(heard) {
        let his = lines.iter().filter(|row| row.member_id == who.member);
        let his: Vec<_> = his
            .map(|row| json!({ "notificationId": *row.id.global(), "refetch": false }))
            .collect();
        assert_eq!(heard, his);
    }
    assert_eq!(lines.len(), 2, "who has checked in is not reminded");
}

#[both]
async fn who_is_not_signed_in_or_has_signed_out_hears_nothing(app: TestApp) {
    for document in [CHECK_INS, INBOX] {
        let mut nobody = Listening::begin(&app.schema, Viewer::Anonymous, document);
        assert_eq!(nobody.refused().await, "UNAUTHENTICATED");
    }
    let mike = app.member("mike").await;
    let tablet = SignedIn {
        session: app.app.ids.next(),
        ..mike
    };
    let [mut phones, mut tablets] = [mike, tablet].map(|device| app.listen(device, CHECK_INS));
    let sign_out = "mutation { signOut { errors { code } } }";
    app.as_member(mike, sign_out, json!({})).await.ok();
    check_in(&app, tablet, app.app.ids.next(), 3).await;
    assert_eq!(phones.refused().await, "UNAUTHENTICATED");
    assert_eq!(tablets.heard().len(), 1);
    assert_eq!(
        app.listen(mike, CHECK_INS).refused().await,
        "UNAUTHENTICATED"
    );
    drop(tablets);
    assert_eq!(app.app.bus.subscriptions(), 0);
}

#[both]
async fn who_does_not_keep_up_is_told_to_read_anew(app: TestApp) {
    let mike = app.member("mike").await;
    let mut listening = app.listen(mike, INBOX);
    let tell = || {
        let notification: NotificationId = app.app.ids.next();
        app.app.bus.publish(&Event::NotificationReceived {
            member: mike.member,
            notification,
            at: app.now(),
        });
        json!({ "notificationId": *notification.global(), "refetch": false })
    };
    for _ in 0..1000 {
        tell();
    }
    let refetch = json!({ "notificationId": null, "refetch": true });
    assert_eq!(listening.heard(), [refetch]);
    let next = tell();
    assert_eq!(listening.heard(), [next]);
}

#[both]
async fn a_device_that_goes_away_leaves_nothing_behind(app: TestApp) {
    let mike = app.member("mike").await;
    let listening: Vec<_> = (0..100).map(|_| app.listen(mike, INBOX)).collect();
    assert_eq!(app.app.bus.subscriptions(), 100);
    drop(listening);
    assert_eq!(app.app.bus.subscriptions(), 0);
}
