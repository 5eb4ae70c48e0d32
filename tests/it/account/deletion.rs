//! Deleting an account, undoing the deletion, and the purge.

use api::account::service::authenticate;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    PASSPHRASE, SIGN_UP, can_sign_in, id, input, join, mike, refusal, sign_in, sign_up_input,
    signed_in,
};

const DELETE: &str = "mutation($input: DeleteAccountInput!) {
    deleteAccount(input: $input) { account { deletionDueAt } errors { code path } }
}";
const UNDO: &str = "mutation {
    undoAccountDeletion {
        account { email deletionDueAt } errors { code path ... on UserError { retryAt } }
    }
}";
const MIKE: &str = "mike@example.org";

async fn delete(app: &TestApp, who: SignedIn) -> Value {
    let delete = json!({ "passphrase": PASSPHRASE });
    app.as_member(who, DELETE, input(&delete))
        .await
        .at("/deleteAccount")
}

async fn undo(app: &TestApp, who: SignedIn) -> Value {
    app.as_member(who, UNDO, json!({}))
        .await
        .at("/undoAccountDeletion")
}

/// Whether the member is hidden, or `None` if the account was purged.
async fn is_hidden(app: &TestApp, who: SignedIn) -> Option<bool> {
    let member = entity::member::Entity::find_by_id(who.member);
    let member = member.one(app.app.db.pool()).await.unwrap();
    member.map(|member| member.hidden_at.is_some())
}

#[both]
async fn a_member_can_undo_the_deletion_of_the_account(app: TestApp) {
    let joined = join(&app, MIKE, "mike").await;
    let mike = signed_in(&app, &joined);
    let tablet = sign_in(&app, MIKE, PASSPHRASE, "A tablet").await;
    let due = "2026-04-09T12:00:00.000Z";
    let first = delete(&app, mike).await;
    assert_eq!(first["account"]["deletionDueAt"], due);
    app.advance(TimeDelta::hours(1));
    assert_eq!(delete(&app, mike).await, first);
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    let access = |payload: &Value| {
        payload["credentials"]["accessToken"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(authenticate(&app.app, &access(&tablet)), None);
    assert_eq!(
        authenticate(&app.app, &access(&joined)),
        None,
        "his ten minutes are over"
    );
    app.drain().await;
    let letters = app.mail_to(MIKE);
    assert_eq!(letters.len(), 3, "the code, the tablet, and this");
    assert!(letters[2].text.contains("Until 9 April 2026, 12:00 UTC"));

    app.advance(TimeDelta::days(20));
    let back = sign_in(&app, MIKE, PASSPHRASE, "A new phone").await;
    assert_eq!(back["me"]["account"]["deletionDueAt"], due);
    let back = signed_in(&app, &back);
    let kept = undo(&app, back).await;
    assert_eq!(
        kept["account"],
        json!({ "email": MIKE, "deletionDueAt": null })
    );
    assert_eq!(undo(&app, back).await, kept);
    assert_eq!(is_hidden(&app, back).await, Some(false));
    app.drain().await;
    assert_eq!(
        app.mail_to(MIKE).len(),
        5,
        "the new phone, and that he stays"
    );
    app.advance(TimeDelta::days(60));
    app.drain().await;
    assert_eq!(is_hidden(&app, back).await, Some(false));
}

#[both]
async fn a_deleted_account_is_purged_after_thirty_days(app: TestApp) {
    let mike = mike(&app).await;
    delete(&app, mike).await;
    app.as_member(mike, "mutation { signOut { sessionId } }", json!({}))
        .await
        .ok();
    app.advance(TimeDelta::days(30) - TimeDelta::minutes(5));
    app.drain().await;
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    // A pending sign-up with the same address is removed as well.
    let sign_up = sign_up_input(&app, MIKE, "michael");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    app.advance(TimeDelta::minutes(5));
    app.drain().await;
    assert_eq!(is_hidden(&app, mike).await, None);
    let db = app.app.db.pool();
    assert_eq!(entity::account::Entity::find().all(db).await.unwrap(), []);
    assert_eq!(entity::session::Entity::find().all(db).await.unwrap(), []);
    assert_eq!(
        entity::account_code::Entity::find().all(db).await.unwrap(),
        []
    );
    assert_eq!(
        entity::pending_sign_up::Entity::find()
            .all(db)
            .await
            .unwrap(),
        []
    );
    assert!(!can_sign_in(&app, MIKE, PASSPHRASE).await);
    // The handle stays reserved for a while; the address is free at once.
    join(&app, MIKE, "patrick").await;
}

#[both]
async fn sessions_end_before_the_account_is_purged(app: TestApp) {
    let mike = mike(&app).await;
    delete(&app, mike).await;
    app.advance(TimeDelta::days(30));
    let payload = undo(&app, mike).await;
    assert_eq!(refusal(&payload), ("TOO_LATE".into(), "input".into()));
    app.drain().await;
    assert!(app.app.revocations.contains(mike.session));
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert_eq!(is_hidden(&app, mike).await, None);
}

#[both]
async fn a_deletion_frees_the_members_seats_at_once(app: TestApp) {
    let (mike, host, sam) = (
        mike(&app).await,
        app.facilitator("host").await,
        app.member("sam").await,
    );
    let schedule = "mutation($input: ScheduleMeetingInput!) {
        scheduleMeeting(input: $input) { occurrence { id } errors { code } } }";
    let tea = json!({ "id": id(&app), "title": "Tea and talk", "format": "IN_PERSON",
        "place": "The back room", "timeZone": "Europe/London", "localDate": "2026-04-30",
        "localTime": "19:30", "durationMinutes": 90, "capacity": 1 });
    let tea = app.as_member(host, schedule, input(&tea)).await;
    let tea = tea.at("/scheduleMeeting/occurrence/id");
    let going = async |who| {
        let rsvp = "mutation($input: RsvpInput!) {
            rsvp(input: $input) { occurrence { seatsTaken } errors { code } } }";
        let answer = json!({ "occurrenceId": tea, "answer": "GOING" });
        app.as_member(who, rsvp, input(&answer)).await.at("/rsvp")
    };
    let seated = json!({ "occurrence": { "seatsTaken": 1 }, "errors": [] });
    let full = json!({ "occurrence": { "seatsTaken": 1 }, "errors": [{ "code": "FULL" }] });
    assert_eq!(going(mike).await, seated);
    assert_eq!(going(sam).await, full);
    delete(&app, mike).await;
    assert_eq!(going(sam).await, seated);
    // Undoing the deletion does not give the seat back.
    undo(&app, mike).await;
    assert_eq!(going(mike).await, full);
    delete(&app, mike).await;
    app.advance(TimeDelta::days(30));
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert_eq!(is_hidden(&app, mike).await, None);
    assert_eq!(going(sam).await, seated);
}

#[both]
async fn an_undone_deletion_does_not_happen_on_its_old_date(app: TestApp) {
    let mike = mike(&app).await;
    delete(&app, mike).await;
    undo(&app, mike).await;
    app.advance(TimeDelta::days(10));
    let later = delete(&app, mike).await;
    assert_eq!(
        later["account"]["deletionDueAt"],
        "2026-04-19T12:00:00.000Z"
    );
    app.advance(TimeDelta::days(20));
    app.drain().await;
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    assert_eq!(undo(&app, mike).await["errors"], json!([]));
}

#[both]
async fn a_deletion_can_be_undone_once_a_day(app: TestApp) {
    let mike = mike(&app).await;
    delete(&app, mike).await;
    let kept = undo(&app, mike).await;
    assert_eq!(kept["errors"], json!([]));
    app.advance(TimeDelta::hours(1));
    // A deletion can be requested again at any time; only the next undo must wait a day.
    delete(&app, mike).await;
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    app.advance(TimeDelta::hours(23) - TimeDelta::seconds(1));
    let refused = undo(&app, mike).await;
    let too_soon = json!([{ "code": "TOO_SOON", "path": ["input"],
        "retryAt": "2026-03-11T12:00:00.000Z" }]);
    assert_eq!(refused, json!({ "account": null, "errors": too_soon }));
    assert_eq!(is_hidden(&app, mike).await, Some(true));
    app.advance(TimeDelta::seconds(1));
    assert_eq!(undo(&app, mike).await, kept);
    assert_eq!(is_hidden(&app, mike).await, Some(false));
}

#[both]
async fn a_deletion_needs_the_passphrase(app: TestApp) {
    let mike = mike(&app).await;
    let wrong = json!({ "passphrase": "a guess at it" });
    let payload = app
        .as_member(mike, DELETE, input(&wrong))
        .await
        .at("/deleteAccount");
    assert_eq!(
        refusal(&payload),
        ("WRONG_CREDENTIALS".into(), "input.passphrase".into())
    );
    assert_eq!(is_hidden(&app, mike).await, Some(false));
}
