//! An account is purged while changes are recorded for its member. Only on PostgreSQL: SQLite has one writer at a time.

use api::account::jobs::purge_account as purge;
use api::feed::{lock, write};
use api::tx::Changes;
use api::tx::Tx;
use api::viewer::SignedIn;
use api::work::Tries;
use entity::{CheckInId, account, change, member, session};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};
use support::{TestApp, TestDatabase};

use super::order::await_lock_waiters;
use super::{meeting, rsvp};

/// Makes the purge of an account due, and ends its sessions.
async fn due(app: &TestApp, who: SignedIn) {
    let db = app.app.db.pool();
    account::Entity::update_many()
        .col_expr(account::Column::DeletionDueAt, Expr::value(app.now()))
        .filter(account::Column::MemberId.eq(who.member))
        .exec(db)
        .await
        .unwrap();
    session::Entity::delete_many()
        .filter(session::Column::MemberId.eq(who.member))
        .exec(db)
        .await
        .unwrap();
}

/// Begins a transaction that records changes. In a deadlock it is the one that fails, not the other, which would retry.
async fn begin_recording(app: &TestApp) -> Tx {
    let tx = Tries::default().begin(&app.app).await.unwrap();
    let soon = "SET LOCAL deadlock_timeout = '10ms'";
    tx.execute_unprepared(soon).await.unwrap();
    tx
}

/// A change for each member of an object that is new to the phones: only such a change needs the member to exist.
fn new_changes(app: &TestApp, members: &[SignedIn]) -> Changes {
    let mut changes = Changes::new();
    for member in members {
        let id: CheckInId = app.app.ids.next();
        changes.put(member.member, id);
    }
    changes
}

async fn assert_purged(app: &TestApp, who: SignedIn) {
    let db = app.app.db.pool();
    let member = member::Entity::find_by_id(who.member);
    assert_eq!(member.one(db).await.unwrap(), None);
    let changes = change::Entity::find().filter(change::Column::MemberId.eq(who.member));
    assert_eq!(changes.one(db).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_waits_for_changes_being_recorded() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    due(&app, mike).await;
    let tx = begin_recording(&app).await;
    lock(&tx, mike.member).await.unwrap();
    let recording = async {
        await_lock_waiters(&app, 1).await;
        write(&app.app, &tx, new_changes(&app, &[mike, sam]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let (purged, ()) = tokio::join!(purge(&app.app, mike.member), recording);
    purged.unwrap();
    assert_purged(&app, mike).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_waits_for_changes_of_a_hosted_meeting_being_recorded() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = app.facilitator("mike").await;
    let tea = meeting(&app, mike, None).await;
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    due(&app, mike).await;
    let tx = begin_recording(&app).await;
    let lock_meeting = "SELECT id FROM meeting FOR NO KEY UPDATE";
    tx.execute_unprepared(lock_meeting).await.unwrap();
    let recording = async {
        await_lock_waiters(&app, 1).await;
        write(&app.app, &tx, new_changes(&app, &[mike]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let (purged, ()) = tokio::join!(purge(&app.app, mike.member), recording);
    purged.unwrap();
    assert_purged(&app, mike).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_for_a_purged_member_are_skipped() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    due(&app, mike).await;
    purge(&app.app, mike.member).await.unwrap();
    let tx = begin_recording(&app).await;
    write(&app.app, &tx, new_changes(&app, &[mike, sam]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_purged(&app, mike).await;
    let sams = change::Entity::find()
        .filter(change::Column::MemberId.eq(sam.member))
        .filter(change::Column::Kind.eq(change::Kind::CheckIn));
    let sams = sams.all(app.app.db.pool()).await.unwrap();
    assert_eq!(sams.len(), 1, "Sam gets his change");
}
