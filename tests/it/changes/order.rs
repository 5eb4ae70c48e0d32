//! Transactions interleaved by hand, in the orders that could hide a change. Only on PostgreSQL: SQLite has one writer
//! at a time.

use api::app::App;
use api::error::Fault;
use api::feed::{self, write};
use api::node_id::NodeId as _;
use api::tx::Changes;
use api::tx::Tx;
use api::viewer::SignedIn;
use api::work::Tries;
use chrono::{Days, NaiveDate};
use entity::{CheckInId, OccurrenceId};
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _, Statement};
use serde_json::{Value, json};
use support::{TestApp, TestDatabase, eventually};

use super::races::put_check_in;
use super::{Phone, act, meeting, rsvp};

async fn put_and_record(tx: &Tx, app: &App, who: SignedIn, day: NaiveDate) -> Result<(), Fault> {
    let id: CheckInId = app.ids.next();
    put_check_in(tx, app, who.member, id, day).await?;
    let mut changes = Changes::new();
    changes.put(who.member, id);
    write(app, tx, changes).await
}

/// Waits until this many connections wait for a lock.
pub(super) async fn await_lock_waiters(app: &TestApp, connections: i64) {
    let db = app.app.db.pool();
    let backend = db.get_database_backend();
    let sql = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("as many wait for a lock", async || {
        let row = db.query_one_raw(Statement::from_string(backend, sql)).await;
        row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap() == connections
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_not_visible_before_one_with_a_smaller_number() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = app.member("mike").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let first = app.now().date_naive();
    let begin = async || Tries::default().begin(&app.app).await.unwrap();
    let nothing: [&str; 0] = [];

    // The slow transaction begins first and takes the first number: the other waits for its end.
    let slow = begin().await;
    put_and_record(&slow, &app.app, mike, first).await.unwrap();
    let other = tokio::spawn({
        let (tx, app) = (begin().await, app.app.clone());
        async move {
            put_and_record(&tx, &app, mike, first - Days::new(1))
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
    });
    await_lock_waiters(&app, 1).await;
    assert_eq!(phone.news(&app).await, nothing);
    slow.commit().await.unwrap();
    other.await.unwrap();
    assert_eq!(phone.news(&app).await, ["CheckIn"; 2]);

    // The slow transaction writes first and takes the last number: the other is visible before it.
    let slow = begin().await;
    let id: CheckInId = app.app.ids.next();
    put_check_in(&slow, &app.app, mike.member, id, first - Days::new(2))
        .await
        .unwrap();
    let fast = begin().await;
    put_and_record(&fast, &app.app, mike, first - Days::new(3))
        .await
        .unwrap();
    fast.commit().await.unwrap();
    assert_eq!(phone.news(&app).await, ["CheckIn"]);
    let mut changes = Changes::new();
    changes.put(mike.member, id);
    write(&app.app, &slow, changes).await.unwrap();
    slow.commit().await.unwrap();
    assert_eq!(phone.news(&app).await, ["CheckIn"]);
    assert_eq!(phone.all("CheckIn").len(), 4);
}

/// Mike answers while the meeting is being changed, and syncs in between. The change must reach everybody who answered
/// before it became visible. Returns Mike's phone after the last sync.
async fn answer_during(mutation: &str, input: impl FnOnce(&Value) -> Value) -> Phone {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let tea = meeting(&app, host, None).await;
    rsvp(&app, sam, &tea, "GOING").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let begin = async || Tries::default().begin(&app.app).await.unwrap();

    // Mike's answer waits for the occurrence, and the change waits for Sam's feed.
    let (seat, feed) = (begin().await, begin().await);
    let lock = "SELECT id FROM meeting_occurrence FOR UPDATE";
    seat.execute_unprepared(lock).await.unwrap();
    feed::lock(&feed, sam.member).await.unwrap();
    let input = input(&tea);
    let answering = async {
        rsvp(&app, mike, &tea, "NOT_GOING").await;
        phone.sync(&app).await;
        assert_eq!(phone.all("MeetingOccurrence").len(), 1);
        feed.rollback().await.unwrap();
    };
    let changing = async {
        await_lock_waiters(&app, 1).await;
        let changed = act(&app, host, mutation, input);
        let released = async {
            await_lock_waiters(&app, 2).await;
            seat.rollback().await.unwrap();
        };
        tokio::join!(changed, released);
    };
    Box::pin(async { tokio::join!(answering, changing) }).await;
    phone.sync(&app).await;
    assert_eq!(phone.kept, phone.current(&app).await);
    phone
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_during_a_change_of_the_meeting_gets_the_change() {
    let phone = answer_during(
        "updateMeeting",
        |tea| json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "title": "Coffee" }),
    );
    assert_eq!(phone.await.all("Meeting")[0]["title"], "Coffee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_during_a_change_of_the_seats_gets_the_change() {
    let phone = answer_during(
        "updateMeeting",
        |tea| json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "capacity": 8 }),
    );
    assert_eq!(phone.await.all("MeetingOccurrence")[0]["capacity"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_during_a_cancellation_gets_the_cancellation() {
    let phone = answer_during("cancelMeeting", |tea| json!({ "occurrenceId": tea["id"] }));
    let phone = phone.await;
    assert_eq!(phone.all("MeetingOccurrence")[0]["status"], "CANCELLED");
}

/// Mike is put back into a circle while its meeting is being changed. The change does not count him among its
/// recipients, so he must not get the meeting as it was before the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_comes_back_during_a_change_gets_the_change() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let id = crate::circles::circle_of(&app, host, &[mike, sam]).await;
    let circle = id.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    for member in [mike, sam] {
        rsvp(&app, member, &tea, "NOT_GOING").await;
    }
    let member = json!({ "circleId": circle.as_str(), "memberId": mike.member.global().as_str() });
    act(&app, host, "removeCircleMember", member).await;
    app.drain().await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;

    // The change has read its recipients, and waits for Sam's feed.
    let feed = Tries::default().begin(&app.app).await.unwrap();
    feed::lock(&feed, sam.member).await.unwrap();
    let title =
        json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "title": "Coffee" });
    let changing = act(&app, host, "updateMeeting", title);
    let coming = async {
        await_lock_waiters(&app, 1).await;
        let put = crate::circles::put_in(&app, id, mike);
        let asking = async {
            await_lock_waiters(&app, 2).await;
            phone.sync(&app).await;
            // His profile, and the notification that he was removed.
            assert_eq!(phone.kept.len(), 2);
            feed.rollback().await.unwrap();
        };
        tokio::join!(put, asking);
    };
    tokio::join!(changing, coming);
    phone.sync(&app).await;
    assert_eq!(phone.all("Meeting")[0]["title"], "Coffee");
    assert_eq!(phone.kept, phone.current(&app).await);
}

/// Mike answers another meeting of the circle on one phone while he leaves the circle on another, and syncs in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_while_leaving_the_circle_does_not_stay_on_the_phone() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = crate::circles::circle_of(&app, host, &[mike])
        .await
        .global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    let coffee = meeting(&app, host, Some(circle.as_str())).await;
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let begin = async || Tries::default().begin(&app.app).await.unwrap();

    // The answer has its sequence number, and is not yet committed.
    let answer = begin().await;
    let occurrence = OccurrenceId::from_global(&coffee["id"].as_str().unwrap().into()).unwrap();
    let row = entity::rsvp::ActiveModel {
        id: Set(app.app.ids.next()),
        occurrence_id: Set(occurrence),
        member_id: Set(mike.member),
        answer: Set(entity::rsvp::Answer::NotGoing),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
    };
    // As every answer does, it locks its member `FOR SHARE`.
    let locks = format!(
        "SELECT id FROM member WHERE id = '{}' FOR SHARE",
        mike.member
    );
    answer.execute_unprepared(&locks).await.unwrap();
    let row = entity::rsvp::Entity::insert(row);
    row.exec_without_returning(&answer).await.unwrap();
    let mut changes = Changes::new();
    changes.put(mike.member, occurrence);
    write(&app.app, &answer, changes).await.unwrap();
    // This delays the changes that leaving the circle records.
    let telling = begin().await;
    let rows = "SELECT seq FROM change WHERE kind = 'meeting' FOR UPDATE";
    telling.execute_unprepared(rows).await.unwrap();

    let leaving = act(
        &app,
        mike,
        "leaveCircle",
        json!({ "circleId": circle.as_str() }),
    );
    let asking = async {
        await_lock_waiters(&app, 1).await;
        answer.commit().await.unwrap();
        phone.sync(&app).await;
        assert_eq!(phone.all("MeetingOccurrence").len(), 2);
        telling.rollback().await.unwrap();
    };
    tokio::join!(leaving, asking);
    phone.sync(&app).await;
    assert_eq!(phone.kept.len(), 1);
}
