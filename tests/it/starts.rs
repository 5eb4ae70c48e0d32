//! A start that cannot succeed fails before it changes anything, and says what to do.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use sea_orm::ConnectionTrait as _;
use support::{PRODUCTION, Program, TestDatabase, TestServer, both};
use tempfile::TempDir;

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

fn on(command: &str, file: &Path) -> Program {
    Program::new(command).env("BELAY_DATABASE__URL", &url(file))
}

fn file_of(database: &TestDatabase) -> PathBuf {
    PathBuf::from(database.url().trim_start_matches("sqlite://"))
}

#[tokio::test]
async fn production_refuses_a_localhost_sender_and_relative_paths() {
    for (name, value, key) in [
        ("BELAY_MAIL__FROM", "Belay <belay@localhost>", "mail.from"),
        ("BELAY_DATABASE__URL", "sqlite://belay.db", "database.url"),
        (
            "BELAY_BACKUP__ERASURES_FILE",
            "list",
            "backup.erasures_file",
        ),
    ] {
        let program = on("serve", Path::new("/var/lib/belay/belay.db"));
        let ended = program.toml(PRODUCTION).env(name, value).run().await;
        assert_eq!(ended.code, Some(2), "{}", ended.said);
        assert!(
            ended.said.contains(&format!("\n  {key}: ")),
            "{}",
            ended.said
        );
        assert_eq!(ended.said.matches("\n  ").count(), 2, "{}", ended.said);
    }
}

#[tokio::test]
async fn an_unreachable_database_is_named_without_its_password() {
    let away = "postgres://belay:hunter2@127.0.0.1:1/belay";
    for command in ["serve", "worker", "migrate", "doctor"] {
        let program = Program::new(command).env("BELAY_DATABASE__URL", away);
        let ended = program
            .env("BELAY_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1")
            .run()
            .await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(
            ended.said.contains("postgres://belay:…@127.0.0.1:1/belay"),
            "{}",
            ended.said
        );
        assert!(!ended.said.contains("hunter2"), "{}", ended.said);
        assert!(
            ended.said.contains("connection refused at 127.0.0.1:1"),
            "{}",
            ended.said
        );
    }
}

#[tokio::test]
async fn each_host_that_cannot_be_reached_is_named() {
    let away = "postgres://belay@127.0.0.1:1,127.0.0.1:2/belay";
    let program = Program::new("serve").env("BELAY_DATABASE__URL", away);
    let program = program.env("BELAY_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1");
    let ended = program.run().await;
    let both = ["connection refused at 127.0.0.1:1", "at 127.0.0.1:2"];
    assert!(
        both.iter().all(|host| ended.said.contains(host)),
        "{}",
        ended.said
    );
}

#[tokio::test]
async fn in_production_only_migrate_creates_a_database() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("belay.db");
    let production = |command| on(command, &file).toml(PRODUCTION);
    let refused = async |command| {
        let ended = production(command).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        for part in ["There is no database at", "belay.db", "`belay migrate`"] {
            assert!(ended.said.contains(part), "no {part:?} in {}", ended.said);
        }
    };
    let commands = [
        "serve",
        "worker",
        "doctor",
        "restore",
        "circle unled",
        "secret accept",
        "member role mike@example.org facilitator",
    ];
    for command in commands {
        refused(command).await;
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{command}");
    }
    // An empty file counts as no database.
    fs::write(&file, "").unwrap();
    refused("serve").await;

    let ended = production("migrate").run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let mut server = TestServer::run(production("serve")).await;
    server.kill().await;
    // If the file is gone, as when its disk is not mounted, no server starts with an empty one.
    fs::remove_file(&file).unwrap();
    refused("serve").await;
}

#[tokio::test]
async fn a_start_that_cannot_succeed_migrates_nothing() {
    let database = TestDatabase::empty_sqlite();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (key, value) in [
        ("BELAY_PUSH__FCM__CREDENTIALS_FILE", "/nowhere/key.json"),
        ("BELAY_INSTALLATION__CRISIS_LINES", "/nowhere/lines.json"),
        (
            "BELAY_GRAPHQL__TRUSTED_DOCUMENTS",
            "/nowhere/documents.json",
        ),
        ("BELAY_BACKUP__ERASURES_FILE", "/nowhere/list"),
        ("BELAY_ZONES__FOLDER", "/nowhere/zones"),
        ("BELAY_HTTP__BIND", &taken),
        ("BELAY_OPERATIONS__BIND", &taken),
    ] {
        let mut program = Program::new("serve")
            .database(&database)
            .env("BELAY_HTTP__BIND", "127.0.0.1:0");
        if key.contains("FCM") {
            program = program.env("BELAY_PUSH__TRANSPORT", "fcm");
        }
        let ended = program.env(key, value).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        let name = key.trim_start_matches("BELAY_").replace("__", ".");
        let name = name.to_lowercase();
        assert!(ended.said.contains(&name), "no {name} in {}", ended.said);
        let size = fs::metadata(file_of(&database)).unwrap().len();
        assert_eq!(size, 0, "{key}: {}", ended.said);
    }
}

#[both]
async fn a_database_written_with_another_secret_is_not_migrated(database: TestDatabase) {
    let ended = Program::new("migrate").database(&database).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let connection = database.connect().await;
    let backwards = "DELETE FROM seaql_migrations WHERE version LIKE 'm20261127_000090%'";
    let undone = connection.execute_unprepared(backwards).await.unwrap();
    assert_eq!(undone.rows_affected(), 1);
    for command in ["migrate", "serve"] {
        let program = Program::new(command).database(&database);
        let other = "another-secret-0yVx8bq3TgPzN5rLk2WmC7dJhS4uQeAf9oXi";
        let ended = program.env("BELAY_AUTH__SECRET", other).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(
            ended.said.contains("written with another secret"),
            "{}",
            ended.said
        );
    }
    let taken = connection.execute_unprepared(backwards).await.unwrap();
    assert_eq!(taken.rows_affected(), 0);
}

#[tokio::test]
async fn an_embedded_database_has_one_server_until_that_is_gone() {
    let database = TestDatabase::sqlite().await;
    let file = file_of(&database);
    let mut server = TestServer::start(&database, "").await;
    // A symbolic link is another name of the same file.
    let folder = TempDir::new().unwrap();
    let other_name = folder.path().join("other.db");
    symlink(&file, &other_name).unwrap();
    for (command, file) in [
        ("serve", &file),
        ("serve --no-worker", &file),
        ("serve", &other_name),
        ("restore", &file),
    ] {
        let ended = on(command, file)
            .env("BELAY_HTTP__BIND", "127.0.0.1:0")
            .run()
            .await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        let process = format!("another process ({})", server.id());
        assert!(ended.said.contains(&process), "{}", ended.said);
        assert!(ended.said.contains("Stop it first"), "{}", ended.said);
    }
    // Other commands run beside it.
    for command in ["migrate", "doctor", "circle unled"] {
        let ended = Program::new(command).database(&database).run().await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
    let worker = TestServer::worker(&database, "").await;
    drop(worker);
    server.kill().await;
    let mut next = TestServer::start(&database, "").await;
    next.terminate();
    assert!(next.ended().await.success(), "{}", next.written());
    let ended = Program::new("restore").database(&database).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn restore_refuses_to_run_beside_a_worker() {
    let database = TestDatabase::sqlite().await;
    let mut worker = TestServer::worker(&database, "").await;
    let restore = || Program::new("restore").database(&database).run();
    let ended = restore().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("Stop it first"), "{}", ended.said);
    worker.kill().await;
    let ended = restore().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn files_beside_an_embedded_database_are_private_to_their_owner() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("belay.db");
    let list = folder.path().join("erasures");
    let program = on("serve", &file).env("BELAY_AUTH__SECRET", "");
    let program = program.env("BELAY_BACKUP__ERASURES_FILE", list.to_str().unwrap());
    let _server = TestServer::run(program.everybody_may()).await;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o} {:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    for name in [
        "belay.db",
        "belay.db-wal",
        "belay.db-shm",
        "belay.key",
        "erasures",
    ] {
        assert!(
            names.iter().any(|there| there == name),
            "no {name} in {names:?}"
        );
    }
}

#[tokio::test]
async fn a_start_in_production_warns_of_secrets_that_everybody_can_read() {
    let database = TestDatabase::sqlite().await;
    let secret = "for-servers-under-test-0yVx8bq3TgPzN5rLk2WmC7dJhS4uQeAf9oXi";
    let program = Program::new("serve").env("BELAY_AUTH__SECRET", "");
    let program = program.toml(&format!("{PRODUCTION}\nauth.secret = '{secret}'"));
    let server = TestServer::run(program.database(&database)).await;
    let written = server.written();
    for part in [
        "everybody on this machine can open",
        "settings.toml",
        "chmod g-w,o=",
    ] {
        assert!(written.contains(part), "no {part:?} in {written}");
    }
    assert_eq!(written.matches("everybody").count(), 1, "{written}");
}
