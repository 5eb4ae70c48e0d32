//! The changes of a circle's meetings for members who are in it, left it, or run it.

use api::node_id::NodeId as _;
use chrono::TimeDelta;
use entity::account::Role;
use serde_json::json;
use support::{TestApp, both};

use super::{Phone, act, ask, meeting, rsvp};

#[both]
async fn a_member_who_left_a_circle_gets_no_changes_of_its_meetings(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let circle = crate::circles::circle_of(&app, host, &[mike, sam]).await;
    let circle = circle.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    let (mut phone, mut sams) = (Phone::new(mike), Phone::new(sam));
    rsvp(&app, mike, &tea, "GOING").await;
    rsvp(&app, sam, &tea, "GOING").await;
    let member = json!({ "circleId": circle.as_str(), "memberId": mike.member.global().as_str() });
    act(&app, host, "removeCircleMember", member).await;
    phone.sync(&app).await;
    sams.sync(&app).await;
    assert_eq!(phone.kept.len(), 1);

    let at = phone.after.clone();
    let (meeting, occurrence) = (&tea["meeting"]["id"], &tea["id"]);
    let title = json!({ "meetingId": meeting, "expectedVersion": 1, "title": "Coffee" });
    let seats = json!({ "meetingId": meeting, "expectedVersion": 2, "capacity": 8 });
    let off = json!({ "occurrenceId": occurrence });
    for (mutation, input) in [
        ("updateMeeting", title),
        ("updateMeeting", seats),
        ("cancelMeeting", off),
    ] {
        act(&app, host, mutation, input).await;
        app.advance(TimeDelta::minutes(1));
        let page = ask(&app, mike, at.as_deref(), 100).await.at("/changes");
        assert_eq!(page["edges"], json!([]), "{mutation}");
        // No sequence number was used.
        assert_eq!(page["endCursor"], json!(at), "{mutation}");
        assert!(!sams.news(&app).await.is_empty(), "{mutation}");
    }
    let set = api::account::service::set_role(&app.app, "mike@example.org", Role::Facilitator);
    set.await.unwrap();
    assert_eq!(phone.news(&app).await, [""; 0]);
}

#[both]
async fn a_member_who_comes_back_gets_the_changed_meetings(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let id = crate::circles::circle_of(&app, host, &[mike]).await;
    let circle = id.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    let mut phone = Phone::new(mike);
    rsvp(&app, mike, &tea, "GOING").await;
    phone.sync(&app).await;
    let leave = json!({ "circleId": circle.as_str() });
    act(&app, mike, "leaveCircle", leave).await;
    let title =
        json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "title": "Coffee" });
    act(&app, host, "updateMeeting", title).await;
    crate::circles::put_in(&app, id, mike).await;
    phone.sync(&app).await;
    assert_eq!(phone.all("Meeting")[0]["title"], "Coffee");
    assert_eq!(phone.kept, phone.current(&app).await);
}

/// A seat in a meeting that has begun is not given back.
#[both]
async fn a_member_who_left_during_a_meeting_is_not_told_of_its_cancellation(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let circle = crate::circles::circle_of(&app, host, &[mike, sam]).await;
    let circle = circle.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    for member in [mike, sam] {
        rsvp(&app, member, &tea, "GOING").await;
    }
    app.travel("2026-04-12T18:45:00Z".parse().unwrap()).await;
    let leave = json!({ "circleId": circle.as_str() });
    act(&app, mike, "leaveCircle", leave).await;
    app.drain().await;
    let (mut phone, mut sams) = (Phone::new(mike), Phone::new(sam));
    phone.sync(&app).await;
    sams.sync(&app).await;
    let off = json!({ "occurrenceId": tea["id"] });
    act(&app, host, "cancelMeeting", off).await;
    app.drain().await;
    // The notification of the cancellation is new, and the meeting's reminder is now read.
    let changed = ["MeetingOccurrence", "Notification", "Notification"];
    assert_eq!(sams.news(&app).await, changed);
    assert_eq!(phone.news(&app).await, [""; 0]);
}

#[both]
async fn a_new_facilitator_gets_the_circles_meetings_as_changes(app: TestApp) {
    let host = app.facilitator("host").await;
    let mike = app.facilitator("mike").await;
    let circle = crate::circles::circle_of(&app, host, &[mike]).await;
    let circle = circle.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    let mut phone = Phone::new(mike);
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    phone.sync(&app).await;
    let role = async |role: &str| {
        let member = json!({ "circleId": circle.as_str(), "memberId": mike.member.global().as_str(),
            "role": role });
        act(&app, host, "addCircleMember", member).await;
    };
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], false);
    role("FACILITATOR").await;
    assert_eq!(phone.news(&app).await, ["Meeting", "MeetingOccurrence"]);
    app.drain().await;
    assert_eq!(phone.news(&app).await, ["Notification"]);
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], true);
    // Without the facilitator's role, a member runs no circle.
    let set = api::account::service::set_role(&app.app, "mike@example.org", Role::Member);
    set.await.unwrap();
    let changed = phone.news(&app).await;
    assert_eq!(changed, ["Meeting", "MeetingOccurrence", "Notification"]);
    assert_eq!(phone.all("Meeting")[0]["viewerRuns"], false);
    role("MEMBER").await;
    assert_eq!(phone.news(&app).await, [""; 0]);
    assert_eq!(phone.kept, phone.current(&app).await);
}
