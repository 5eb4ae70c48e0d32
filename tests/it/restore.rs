//! Erasure: nothing of a deleted member is left in the file, and no restored backup brings the member back.

use std::fs;
use std::path::{Path, PathBuf};

use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::{account, account_code, change_feed, job, member, notification, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use serde_json::json;
use support::{Program, TestApp, TestDatabase, both};
use tempfile::TempDir;

use crate::ladder::written;
use crate::peerings::partners;

/// Makes the deletion of the member's account due, and purges it.
async fn purge(app: &TestApp, who: SignedIn) {
    let due = account::Entity::update_many()
        .col_expr(account::Column::DeletionDueAt, Expr::value(app.now()))
        .filter(account::Column::MemberId.eq(who.member));
    due.exec(app.app.db.pool()).await.unwrap();
    let job = api::jobs::Job::PurgeAccount { member: who.member };
    api::jobs::enqueue(&app.app, app.app.db.pool(), &job, app.now())
        .await
        .unwrap();
    app.drain().await;
    // The first run ends the sessions, the second removes the member.
    app.advance(TimeDelta::minutes(2));
    app.drain().await;
}

async fn exists(db: &impl ConnectionTrait, who: SignedIn) -> bool {
    let found = member::Entity::find_by_id(who.member).one(db).await;
    found.unwrap().is_some()
}

fn settings(list: &Path) -> String {
    format!("[backup]\nerasures_file = '{}'\n", list.display())
}

#[both]
async fn a_restored_backup_signs_everybody_out_and_repeats_the_erasures(database: TestDatabase) {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("erasures");
    // Another database has the same members, like a backup.
    let app = TestApp::configured(database, &settings(&list)).await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let engine = app.database().engine();
    let copy = TestDatabase::of(engine).await;
    let restored = copy.connect().await;
    copy_members(&app, &restored).await;

    purge(&app, mike).await;
    assert!(!exists(app.app.db.pool(), mike).await);
    let written = fs::read_to_string(&list).unwrap();
    assert_eq!(written.lines().count(), 1, "{written}");
    assert!(!written.contains(&mike.member.to_string()), "{written}");

    let ended = Program::new("restore")
        .database(&copy)
        .toml(&settings(&list))
        .run()
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended.said.contains("2 sessions were ended"),
        "{}",
        ended.said
    );
    assert!(ended.said.contains("1 of 1 erasures"), "{}", ended.said);
    assert!(!exists(&restored, mike).await);
    assert!(exists(&restored, sam).await);
    let open = session::Entity::find().filter(session::Column::RevokedAt.is_null());
    assert_eq!(open.count(&restored).await.unwrap(), 0);
    let feeds = change_feed::Entity::find().all(&restored).await.unwrap();
    assert!(!feeds.is_empty());
    for feed in feeds {
        assert!(feed.last_seq >= 1_000_000 && feed.pruned_through == feed.last_seq);
    }
    let codes = account_code::Entity::find().count(&restored).await.unwrap();
    assert_eq!(codes, 0);

    // With another secret, the list is an error and does not count as empty.
    let other = "another secret, which was never used to write any list of erasures";
    let unknown = Program::new("restore")
        .database(&TestDatabase::of(engine).await)
        .env("BELAY_AUTH__SECRET", other)
        .toml(&settings(&list))
        .run()
        .await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.said);
    assert!(
        unknown.said.contains("auth.former_secrets"),
        "{}",
        unknown.said
    );
    let known = Program::new("restore --reset-passphrases")
        .database(&TestDatabase::of(engine).await)
        .env("BELAY_AUTH__SECRET", other)
        .env("BELAY_AUTH__FORMER_SECRETS", support::SECRET)
        .toml(&settings(&list))
        .run()
        .await;
    assert_eq!(known.code, Some(0), "{}", known.said);
}

async fn copy_members(app: &TestApp, copy: &impl ConnectionTrait) {
    use sea_orm::IntoActiveModel as _;
    let db = app.app.db.pool();
    for row in member::Entity::find().all(db).await.unwrap() {
        let row = member::Entity::insert(row.into_active_model());
        row.exec_without_returning(copy).await.unwrap();
    }
    for row in account::Entity::find().all(db).await.unwrap() {
        let row = account::Entity::insert(row.into_active_model());
        row.exec_without_returning(copy).await.unwrap();
    }
    for row in session::Entity::find().all(db).await.unwrap() {
        let row = session::Entity::insert(row.into_active_model());
        row.exec_without_returning(copy).await.unwrap();
    }
    for row in change_feed::Entity::find().all(db).await.unwrap() {
        let row = change_feed::Entity::insert(row.into_active_model());
        row.exec_without_returning(copy).await.unwrap();
    }
}

#[both]
async fn no_erasure_happens_without_a_record(database: TestDatabase) {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("away").join("erasures");
    let app = TestApp::configured(database, &settings(&list)).await;
    let mike = app.member("mike").await;
    purge(&app, mike).await;
    assert!(exists(app.app.db.pool(), mike).await);
    fs::create_dir(folder.path().join("away")).unwrap();
    app.advance(TimeDelta::hours(2));
    app.drain().await;
    assert!(!exists(app.app.db.pool(), mike).await);
    assert!(list.exists());

    // Programs check the list when they start.
    let list = folder.path().join("nowhere").join("erasures");
    for command in ["serve", "doctor"] {
        let program = Program::new(command).database(app.database());
        let ended = program.toml(&settings(&list)).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(
            ended.said.contains("backup.erasures_file"),
            "{}",
            ended.said
        );
    }
}

#[both]
async fn housekeeping_repeats_a_purge_that_was_given_up(app: TestApp) {
    let mike = app.member("mike").await;
    let due = account::Entity::update_many()
        .col_expr(account::Column::DeletionDueAt, Expr::value(app.now()));
    due.exec(app.app.db.pool()).await.unwrap();
    app.drain().await;
    assert!(
        exists(app.app.db.pool(), mike).await,
        "no job is there to remove him"
    );
    // The hourly housekeeping of the worker.
    let round = || api::jobs::Job::Housekeeping;
    for days in [2, 0] {
        app.advance(TimeDelta::days(days) + TimeDelta::minutes(2));
        api::jobs::enqueue(&app.app, app.app.db.pool(), &round(), app.now())
            .await
            .unwrap();
        app.drain().await;
    }
    assert!(!exists(app.app.db.pool(), mike).await);
}

#[both]
async fn rows_of_others_do_not_name_a_deleted_member(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    let rung = json!({ "localTime": "20:00", "partner": {
        "afterDays": 3, "peeringId": peering, "tells": "QUIET" } });
    written(&app, mike, &rung).await;
    // A letter to him that is still queued.
    let letter = api::jobs::Job::MailAccountNotice {
        member: mike.member,
        email: "mike@example.org".to_owned(),
        notice: api::jobs::AccountNotice::DeletionUndone,
    };
    let db = app.app.db.pool();
    api::jobs::enqueue(&app.app, db, &letter, app.now() + TimeDelta::days(9))
        .await
        .unwrap();
    app.drain().await;

    purge(&app, mike).await;

    assert!(!exists(db, mike).await);
    let keys = notification::Entity::find().all(db).await.unwrap();
    assert!(
        keys.iter()
            .any(|row| row.dedup_key.starts_with("ladder_asked:")),
        "{keys:?}"
    );
    let id = mike.member.to_string();
    for row in keys {
        assert!(!row.dedup_key.contains(&id), "{}", row.dedup_key);
    }
    for job in job::Entity::find().all(db).await.unwrap() {
        let named = job.payload + job.dedup_key.as_deref().unwrap_or_default();
        assert!(!named.contains(&id) && !named.contains("mike@"), "{named}");
    }
}

#[tokio::test]
async fn nothing_that_a_deleted_member_wrote_is_left_in_the_file() {
    const BIO: &str = "the lighthouse keeper of nowhere";
    let app = TestApp::configured(TestDatabase::sqlite().await, "").await;
    let file = PathBuf::from(app.database().url().trim_start_matches("sqlite://"));
    let holds = |text: &str| {
        ["", "-wal"].iter().any(|end| {
            let path = format!("{}{end}", file.display());
            let bytes = fs::read(path).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
    };
    let mike = app.member("mike").await;
    let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }";
    // Texts of many sizes.
    for turn in 0..30 {
        let bio = format!("{BIO} {turn} {}", "x".repeat(turn * 9));
        let input = json!({ "input": { "bio": bio } });
        let answer = app.as_member(mike, update, input).await;
        assert_eq!(answer.at("/updateProfile/errors"), json!([]));
    }
    assert!(holds(BIO));
    purge(&app, mike).await;
    assert!(!exists(app.app.db.pool(), mike).await);
    assert!(!holds(BIO), "it can still be read");
}
