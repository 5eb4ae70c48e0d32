//! Which events are changes, and for whom.

use api::node_id::NodeId as _;
use chrono::TimeDelta;
use entity::account::Role;
use entity::circle_membership;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{Phone, act, check_in, meeting, rsvp};

const NOTHING: [&str; 0] = [];

#[both]
async fn a_new_phone_fetches_everything_in_pages(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    for n in 0..3 {
        check_in(&app, mike).await;
        app.tell(mike, &format!("event {n}")).await;
        let tea = meeting(&app, host, None).await;
        rsvp(&app, mike, &tea, "GOING").await;
        app.advance(TimeDelta::days(1));
    }
    app.drain().await;
    for size in [1, 3, 4, 100] {
        let mut phone = Phone::new(mike);
        let changed = phone.sync_by(&app, size).await;
        assert_eq!(changed.len(), 1 + 3 + 3 + 3 + 3);
        assert_eq!(phone.kept.len(), changed.len());
        let counts = [
            "Member",
            "CheckIn",
            "Notification",
            "MeetingOccurrence",
            "Meeting",
        ]
        .map(|kind| phone.all(kind).len());
        assert_eq!(counts, [1, 3, 3, 3, 3]);
        assert_eq!(phone.news(&app).await, NOTHING);
        assert_eq!(phone.kept, phone.current(&app).await);
    }
}

#[both]
async fn a_members_own_edit_is_one_change(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let (mut phone, mut other) = (Phone::new(mike), Phone::new(sam));
    assert_eq!(phone.news(&app).await, ["Member"]);
    other.sync(&app).await;
    let check_in: Uuid = app.app.ids.next();
    for (mutation, input, kind, shows) in [
        (
            "updateProfile",
            json!({ "bio": "Hello" }),
            "Member",
            ("/bio", json!("Hello")),
        ),
        (
            "updateProfile",
            json!({ "languages": ["cy"] }),
            "Member",
            ("/languages", json!(["cy"])),
        ),
        (
            "setTopic",
            json!({ "topic": "grief", "stance": "LIVING_WITH" }),
            "Member",
            ("/topics/0/stance", json!("LIVING_WITH")),
        ),
        (
            "removeTopic",
            json!({ "topic": "grief" }),
            "Member",
            ("/topics", json!([])),
        ),
        (
            "setLifeContexts",
            json!({ "lifeContexts": ["father", "veteran"] }),
            "Member",
            ("/lifeContexts/1/slug", json!("veteran")),
        ),
        (
            "setLifeContexts",
            json!({ "lifeContexts": ["veteran"] }),
            "Member",
            ("/lifeContexts/0/slug", json!("veteran")),
        ),
        (
            "setLifeContexts",
            json!({ "lifeContexts": [] }),
            "Member",
            ("/lifeContexts", json!([])),
        ),
        (
            "checkIn",
            json!({ "id": check_in }),
            "CheckIn",
            ("/mood", Value::Null),
        ),
        (
            "checkIn",
            json!({ "id": check_in, "mood": 4 }),
            "CheckIn",
            ("/mood", json!(4)),
        ),
    ] {
        act(&app, mike, mutation, input.clone()).await;
        assert_eq!(phone.news(&app).await, [kind], "{mutation} {input}");
        let kept = phone.all(kind);
        assert_eq!(kept.len(), 1);
        assert_eq!(
            kept[0].pointer(shows.0),
            Some(&shows.1),
            "{mutation} {input}"
        );
        // Sent again, because the answer was lost.
        act(&app, mike, mutation, input.clone()).await;
        assert_eq!(phone.news(&app).await, NOTHING, "{mutation} {input} again");
        assert_eq!(phone.kept, phone.current(&app).await, "{mutation} {input}");
    }
    assert_eq!(other.news(&app).await, NOTHING);
}

#[both]
async fn a_member_who_answered_gets_the_meetings_changes(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let (sam, tom) = (app.member("sam").await, app.member("tom").await);
    let tea = meeting(&app, host, None).await;
    let (mut mikes, mut sams, mut toms) = (Phone::new(mike), Phone::new(sam), Phone::new(tom));
    mikes.sync(&app).await;
    sams.sync(&app).await;
    toms.sync(&app).await;

    rsvp(&app, mike, &tea, "NOT_GOING").await;
    assert_eq!(mikes.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    assert_eq!(mikes.all("Meeting")[0]["place"], Value::Null);
    rsvp(&app, mike, &tea, "GOING").await;
    rsvp(&app, mike, &tea, "GOING").await;
    assert_eq!(mikes.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    assert_eq!(mikes.all("Meeting")[0]["place"], "The back room");
    assert_eq!(mikes.all("MeetingOccurrence")[0]["viewerAnswer"], "GOING");
    rsvp(&app, sam, &tea, "NOT_GOING").await;
    sams.sync(&app).await;
    // Others' answers, and a taken seat, are no changes for Mike.
    rsvp(&app, tom, &tea, "GOING").await;
    rsvp(&app, tom, &tea, "NOT_GOING").await;
    assert_eq!(mikes.news(&app).await, NOTHING);
    toms.sync(&app).await;

    let (meeting, occurrence) = (&tea["meeting"]["id"], &tea["id"]);
    let title = json!({ "meetingId": meeting, "expectedVersion": 1, "title": "Coffee" });
    for _ in 0..2 {
        act(&app, host, "updateMeeting", title.clone()).await;
    }
    assert_eq!(mikes.news(&app).await, ["Meeting"]);
    assert_eq!(mikes.all("Meeting")[0]["title"], "Coffee");
    assert_eq!(sams.news(&app).await, ["Meeting"]);
    let seats = json!({ "meetingId": meeting, "expectedVersion": 2, "capacity": 8 });
    act(&app, host, "updateMeeting", seats).await;
    assert_eq!(mikes.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    assert_eq!(mikes.all("MeetingOccurrence")[0]["capacity"], 8);

    for _ in 0..2 {
        act(
            &app,
            host,
            "cancelMeeting",
            json!({ "occurrenceId": occurrence }),
        )
        .await;
    }
    assert_eq!(mikes.news(&app).await, ["MeetingOccurrence"]);
    assert_eq!(mikes.all("MeetingOccurrence")[0]["status"], "CANCELLED");
    sams.sync(&app).await;
    app.drain().await;
    assert_eq!(mikes.news(&app).await, ["Notification"]);
    assert_eq!(mikes.all("Notification")[0]["kind"], "MEETING_CANCELLED");
    // Sam had no seat.
    assert_eq!(sams.news(&app).await, NOTHING);
    assert_eq!(sams.kept.len(), 3);
    for phone in [&mut mikes, &mut sams, &mut toms] {
        phone.sync(&app).await;
        assert_eq!(phone.kept, phone.current(&app).await);
    }
}

#[both]
async fn a_notification_is_a_change_when_due_when_read_and_when_removed(app: TestApp) {
    let mike = app.member("mike").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let at = app.now() + TimeDelta::hours(2);
    app.tell_at(mike, "later", at, at + TimeDelta::hours(1))
        .await;
    app.tell(mike, "now").await;
    // Read before it was planned: it is a change once it is planned.
    let now = app
        .as_member(mike, "{ me { notifications { nodes { id } } } }", json!({}))
        .await;
    let read = json!({ "notificationIds": [now.at("/me/notifications/nodes/0/id")] });
    act(&app, mike, "markNotificationsRead", read.clone()).await;
    assert_eq!(phone.news(&app).await, NOTHING);
    app.drain().await;
    assert_eq!(phone.news(&app).await, ["Notification"]);
    assert_ne!(phone.all("Notification")[0]["readAt"], Value::Null);

    app.advance(TimeDelta::hours(2));
    app.drain().await;
    assert_eq!(phone.news(&app).await, ["Notification"]);
    let both = app.as_member(
        mike,
        "{ me { notifications { nodes { id readAt } } } }",
        json!({}),
    );
    let later = both.await.at("/me/notifications/nodes/0/id");
    for _ in 0..2 {
        act(
            &app,
            mike,
            "markNotificationsRead",
            json!({ "upToId": later }),
        )
        .await;
    }
    assert_eq!(phone.news(&app).await, ["Notification"]);
    assert_ne!(phone.kept[later.as_str().unwrap()]["readAt"], Value::Null);

    assert_eq!(phone.kept, phone.current(&app).await);

    // The daily reminder is announced and planned at once.
    app.remind(mike.member, app.now() + TimeDelta::hours(1))
        .await;
    app.travel(app.now() + TimeDelta::hours(1)).await;
    assert_eq!(phone.news(&app).await, ["Notification"]);
    assert_eq!(phone.kept, phone.current(&app).await);

    app.advance(TimeDelta::days(91));
    api::notification::check::housekeep(&app.app).await.unwrap();
    assert_eq!(phone.news(&app).await, ["no Notification"; 3]);
    assert_eq!(phone.kept, phone.current(&app).await);
    assert_eq!(Phone::new(mike).news(&app).await, ["Member"]);
}

#[both]
async fn a_circles_meetings_come_and_go_with_the_membership(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let id = crate::circles::circle_of(&app, host, &[mike]).await;
    let circle = id.global();
    let (of_circle, open) = (
        meeting(&app, host, Some(circle.as_str())).await,
        meeting(&app, host, None).await,
    );
    let mut phone = Phone::new(mike);
    rsvp(&app, mike, &of_circle, "GOING").await;
    rsvp(&app, mike, &open, "GOING").await;
    phone.sync(&app).await;
    assert_eq!(phone.kept.len(), 5);

    let leave = json!({ "circleId": circle.as_str() });
    for _ in 0..2 {
        act(&app, mike, "leaveCircle", leave.clone()).await;
    }
    assert_eq!(
        phone.news(&app).await,
        ["no Meeting", "no MeetingOccurrence"]
    );
    assert_eq!(phone.all("Meeting").len(), 1);

    let again = json!({ "circleId": circle.as_str(), "memberId": mike.member.global().as_str() });
    crate::circles::put_in(&app, id, mike).await;
    assert_eq!(phone.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    act(&app, host, "addCircleMember", again.clone()).await;
    assert_eq!(phone.news(&app).await, NOTHING);
    act(&app, host, "removeCircleMember", again).await;
    assert_eq!(
        phone.news(&app).await,
        ["no Meeting", "no MeetingOccurrence"]
    );
    app.drain().await;
    assert_eq!(phone.news(&app).await, ["Notification"]);
    assert_eq!(phone.kept, phone.current(&app).await);
}

#[both]
async fn a_change_of_the_viewers_rights_is_a_change_of_the_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = meeting(&app, host, None).await;
    let mut phone = Phone::new(host);
    rsvp(&app, host, &tea, "NOT_GOING").await;
    phone.sync(&app).await;
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], true);

    let set = api::account::service::set_role(&app.app, "host@example.org", Role::Member);
    set.await.unwrap();
    assert_eq!(phone.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], false);
    // The meeting has no host any more, so every facilitator may change it.
    let set = api::account::service::set_role(&app.app, "host@example.org", Role::Facilitator);
    set.await.unwrap();
    phone.sync(&app).await;
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], true);
}

#[both]
async fn an_invisible_meeting_is_reported_as_deleted(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = crate::circles::circle_of(&app, host, &[mike]).await;
    let tea = meeting(&app, host, Some(circle.global().as_str())).await;
    rsvp(&app, mike, &tea, "GOING").await;
    // This bypasses the service that would have recorded the change.
    let gone = circle_membership::Entity::delete_by_id((circle, mike.member));
    gone.exec(app.app.db.pool()).await.unwrap();
    let mut phone = Phone::new(mike);
    let changed = phone.sync(&app).await;
    assert_eq!(
        changed
            .iter()
            .filter(|change| change["deleted"] == true)
            .count(),
        2
    );
    assert_eq!(phone.kept.len(), 1);
}
