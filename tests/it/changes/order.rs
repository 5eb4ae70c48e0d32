//! Transactions held still by hand, in the orders that could hide something. On PostgreSQL: SQLite has one writer at a
//! time.

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

/// Waits until so many connections wait for a lock.
pub(super) async fn waiting(app: &TestApp, connections: i64) {
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
async fn a_number_is_not_seen_before_a_smaller_one() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = app.member("mike").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let first = app.now().date_naive();
    let begin = async || Tries::default().begin(&app.app).await.unwrap();
    let nothing: [&str; 0] = [];

    // Begun first, and numbered first: the other waits for its end.
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
    waiting(&app, 1).await;
    assert_eq!(phone.told(&app).await, nothing);
    slow.commit().await.unwrap();
    other.await.unwrap();
    assert_eq!(phone.told(&app).await, ["CheckIn"; 2]);

    // Written first and numbered last: the other is seen meanwhile, and it afterwards.
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
    assert_eq!(phone.told(&app).await, ["CheckIn"]);
    let mut changes = Changes::new();
    changes.put(mike.member, id);
    write(&app.app, &slow, changes).await.unwrap();
    slow.commit().await.unwrap();
    assert_eq!(phone.told(&app).await, ["CheckIn"]);
    assert_eq!(phone.all("CheckIn").len(), 4);
}

/// He answers while something of the meeting is changed, and asks in between: the change is told to whoever answered
/// before it was there to see. His phone, as it is in the end.
async fn who_answers_while(mutation: &str, input: impl FnOnce(&Value) -> Value) -> Phone {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let tea = meeting(&app, host, None).await;
    rsvp(&app, sam, &tea, "GOING").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let begin = async || Tries::default().begin(&app.app).await.unwrap();

    // Mike waits for his seat, and the change for Sam's feed.
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
        waiting(&app, 1).await;
        let changed = act(&app, host, mutation, input);
        let released = async {
            waiting(&app, 2).await;
            seat.rollback().await.unwrap();
        };
        tokio::join!(changed, released);
    };
    Box::pin(async { tokio::join!(answering, changing) }).await;
    phone.sync(&app).await;
    assert_eq!(phone.kept, phone.there(&app).await);
    phone
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_while_a_meeting_is_changed_hears_of_it() {
    let phone = who_answers_while(
        "updateMeeting",
        |tea| json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "title": "Coffee" }),
    );
    assert_eq!(phone.await.all("Meeting")[0]["title"], "Coffee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_while_the_seats_are_changed_hears_of_it() {
    let phone = who_answers_while(
        "updateMeeting",
        |tea| json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "capacity": 8 }),
    );
    assert_eq!(phone.await.all("MeetingOccurrence")[0]["capacity"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_while_a_meeting_is_called_off_hears_of_it() {
    let phone = who_answers_while("cancelMeeting", |tea| json!({ "occurrenceId": tea["id"] }));
    let phone = phone.await;
    assert_eq!(phone.all("MeetingOccurrence")[0]["status"], "CANCELLED");
}

/// He is put back into a circle while a meeting of it is changed: the change does not count him among those it tells,
/// and he is not told of the meeting before it is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_while_a_meeting_is_changed_hears_of_it() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let id = crate::circles::circle_of(&app, host, &[mike, sam]).await;
    let circle = id.global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    for man in [mike, sam] {
        rsvp(&app, man, &tea, "NOT_GOING").await;
    }
    let man = json!({ "circleId": circle.as_str(), "memberId": mike.member.global().as_str() });
    act(&app, host, "removeCircleMember", man).await;
    app.drain().await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;

    // The change has looked up whom to tell, and waits for Sam's feed.
    let feed = Tries::default().begin(&app.app).await.unwrap();
    feed::lock(&feed, sam.member).await.unwrap();
    let title =
        json!({ "meetingId": tea["meeting"]["id"], "expectedVersion": 1, "title": "Coffee" });
    let changing = act(&app, host, "updateMeeting", title);
    let coming = async {
        waiting(&app, 1).await;
        let put = crate::circles::put_in(&app, id, mike);
        let asking = async {
            waiting(&app, 2).await;
            phone.sync(&app).await;
            // His profile, and that he was removed.
            assert_eq!(phone.kept.len(), 2);
            feed.rollback().await.unwrap();
        };
        tokio::join!(put, asking);
    };
    tokio::join!(changing, coming);
    phone.sync(&app).await;
    assert_eq!(phone.all("Meeting")[0]["title"], "Coffee");
    assert_eq!(phone.kept, phone.there(&app).await);
}

/// He answers another meeting of the circle from one phone while he leaves it from another, and asks in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_while_he_leaves_the_circle_hears_that_it_is_gone() {
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

    // The answer has its number, and is about to be committed.
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
    // As every answer does, it keeps its member from being changed.
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
    // Who leaves is kept from telling for a while.
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
        waiting(&app, 1).await;
        answer.commit().await.unwrap();
        phone.sync(&app).await;
        assert_eq!(phone.all("MeetingOccurrence").len(), 2);
        telling.rollback().await.unwrap();
    };
    tokio::join!(leaving, asking);
    phone.sync(&app).await;
    assert_eq!(phone.kept.len(), 1);
}
