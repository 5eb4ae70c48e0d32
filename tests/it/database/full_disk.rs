//! A disk that fills up, and has space again.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use api::app::App;
use api::error::Fault;
use api::transact;
use api::tx::Done;
use entity::rate_limit;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use support::{Engine, Program, TestApp, TestDatabase, TestServer, eventually};
use tempfile::TempDir;

use super::{row, write};

/// Writes more than there is space for. A limit on the size of the file stands for a full disk: SQLite rolls back by
/// itself in the same way.
async fn overfill(app: &App) -> Result<(), Fault> {
    transact!(app, |tx| {
        tx.execute_unprepared("PRAGMA max_page_count = 1").await?;
        rate_limit::Entity::insert(row(&"x".repeat(1_000_000)))
            .exec_without_returning(tx)
            .await?;
        Ok(Done::Keep(()))
    })
}

/// Writes a row and rolls back, as a refused mutation does.
async fn undone(app: &App) -> Result<(), Fault> {
    transact!(app, |tx| {
        rate_limit::Entity::insert(row("undone"))
            .exec_without_returning(tx)
            .await?;
        Ok(Done::Undo(()))
    })
}

#[tokio::test]
async fn after_a_full_disk_everything_acknowledged_is_in_the_file() {
    let database = TestDatabase::of(Engine::Sqlite).await;
    let app = TestApp::in_the_present_configured(database, "").await;
    for _ in 0..4 {
        let refused = overfill(&app.app).await.unwrap_err();
        assert!(refused.is_outage(), "{}", refused.class());
    }

    // There is space again. Work goes on, including rollbacks.
    for _ in 0..6 {
        undone(&app.app).await.unwrap();
    }
    let keys: Vec<String> = (0..8).map(|number| format!("key {number}")).collect();
    for key in &keys {
        write(&app.app, key).await.unwrap();
    }
    // Another connection sees only what was committed, as after a crash.
    let beside = app.database().connect().await;
    let rows = rate_limit::Entity::find().all(&beside).await.unwrap();
    let kept: Vec<_> = rows.into_iter().map(|row| row.key).collect();
    let lost: Vec<_> = keys.iter().filter(|key| !kept.contains(key)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

/// Fills the disk to its last byte.
fn fill(file: &Path) {
    let mut file = File::create(file).unwrap();
    for size in [65_536, 512, 1] {
        while file.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
    }
}

#[tokio::test]
async fn a_server_is_not_ready_while_its_disk_is_full_and_is_again_when_there_is_space() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}/belay.db", folder.path().display());
    let program = Program::new("serve").env("BELAY_DATABASE__URL", &url);
    let server = TestServer::run(program.with_disk(folder.path(), 16)).await;
    let inside = format!("/proc/{}/root{}", server.id(), folder.path().display());
    let filler = PathBuf::from(inside).join("filler");
    let says = async |status: u16, words: &str| {
        eventually(words, async || {
            let answer = server.get("/readyz").await;
            answer.status() == status && answer.text().await.unwrap().contains(words)
        })
        .await;
    };
    for _ in 0..2 {
        says(200, "ready").await;
        fill(&filler);
        says(503, "not ready: the disk of the database is full").await;
        assert_eq!(server.get("/healthz").await.status(), 200);
        fs::remove_file(&filler).unwrap();
        says(200, "ready").await;
    }
}
