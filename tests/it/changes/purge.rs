//! A man's account is deleted while he is being told something. On PostgreSQL: SQLite has one writer at a time.

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

use super::order::waiting;
use super::{meeting, rsvp};

/// The day of his account has come, and nobody is signed in to it.
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

/// A transaction that tells. When it and another wait for each other it is the one that fails, and not the other,
/// which would try again.
async fn telling(app: &TestApp) -> Tx {
    let tx = Tries::default().begin(&app.app).await.unwrap();
    let soon = "SET LOCAL deadlock_timeout = '10ms'";
    tx.execute_unprepared(soon).await.unwrap();
    tx
}

/// Something for each of these men that their phones do not keep yet: only that needs them there.
fn news(app: &TestApp, men: &[SignedIn]) -> Changes {
    let mut changes = Changes::new();
    for man in men {
        let id: CheckInId = app.app.ids.next();
        changes.put(man.member, id);
    }
    changes
}

async fn is_gone(app: &TestApp, who: SignedIn) {
    let db = app.app.db.pool();
    let member = member::Entity::find_by_id(who.member);
    assert_eq!(member.one(db).await.unwrap(), None);
    let changes = change::Entity::find().filter(change::Column::MemberId.eq(who.member));
    assert_eq!(changes.one(db).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_while_he_is_told_waits_for_it() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    due(&app, mike).await;
    let tx = telling(&app).await;
    lock(&tx, mike.member).await.unwrap();
    let told = async {
        waiting(&app, 1).await;
        write(&app.app, &tx, news(&app, &[mike, sam]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let (purged, ()) = tokio::join!(purge(&app.app, mike.member), told);
    purged.unwrap();
    is_gone(&app, mike).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_while_he_is_told_of_a_meeting_of_his_waits_for_it() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = app.facilitator("mike").await;
    let tea = meeting(&app, mike, None).await;
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    due(&app, mike).await;
    let tx = telling(&app).await;
    let held = "SELECT id FROM meeting FOR NO KEY UPDATE";
    tx.execute_unprepared(held).await.unwrap();
    let told = async {
        waiting(&app, 1).await;
        write(&app.app, &tx, news(&app, &[mike])).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (purged, ()) = tokio::join!(purge(&app.app, mike.member), told);
    purged.unwrap();
    is_gone(&app, mike).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_went_meanwhile_is_passed_over() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    due(&app, mike).await;
    purge(&app.app, mike.member).await.unwrap();
    let tx = telling(&app).await;
    write(&app.app, &tx, news(&app, &[mike, sam]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    is_gone(&app, mike).await;
}
