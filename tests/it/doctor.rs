//! The doctor says what to mend.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use sea_orm::ConnectionTrait as _;
use support::{Engine, NatsServer, Program, TestDatabase, both};
use tempfile::TempDir;

/// Runs the doctor; it must find exactly one thing to mend.
async fn one_thing(program: Program) -> String {
    let ended = program.run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert_eq!(ended.said.matches("mend  ").count(), 1, "{}", ended.said);
    ended.said
}

#[both]
async fn a_sound_installation_has_nothing_to_mend(database: TestDatabase) {
    let ended = Program::new("doctor").database(&database).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    for part in [
        "ok    database",
        "ok    schema: up to date",
        "ok    auth.secret: set",
        "ok    clock",
        "Nothing to mend",
    ] {
        assert!(ended.said.contains(part), "no {part:?} in {}", ended.said);
    }
}

#[both]
async fn a_schema_that_is_behind_or_ahead_is_found(database: TestDatabase) {
    let empty = database.empty().await;
    let behind = Program::new("doctor").database(&empty);
    if database.engine() == Engine::Postgres {
        let output = one_thing(behind).await;
        assert!(output.contains("Run `belay migrate`"), "{output}");
    } else {
        // The embedded database is migrated by the next start.
        let ended = behind.run().await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert!(ended.said.contains("steps will be taken"), "{}", ended.said);
    }
    let future =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2099_from_the_future', 0)";
    database
        .connect()
        .await
        .execute_unprepared(future)
        .await
        .unwrap();
    let output = one_thing(Program::new("doctor").database(&database)).await;
    assert!(output.contains("ahead of this program"), "{output}");
}

#[tokio::test]
async fn a_wrong_setting_is_found() {
    let output = one_thing(Program::new("doctor").env("BELAY_LOG__LEVEL", "loud")).await;
    assert!(
        output.contains("log.level") && output.contains("Set it to error, warn"),
        "{output}"
    );
    let ended = Program::new("doctor")
        .env("BELAY_MODE", "production")
        .run()
        .await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.said.contains("mend  configuration: mail.transport"),
        "{}",
        ended.said
    );
    assert!(
        ended.said.contains("mend  configuration: push.transport"),
        "{}",
        ended.said
    );
}

#[tokio::test]
async fn a_database_that_does_not_answer_or_cannot_be_written_is_found() {
    let away =
        Program::new("doctor").env("BELAY_DATABASE__URL", "postgres://u:hunter2@127.0.0.1:1/d");
    let output = one_thing(away.env("BELAY_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1")).await;
    assert!(
        output.contains("Check database.url") && !output.contains("hunter2"),
        "{output}"
    );
    let nowhere =
        Program::new("doctor").env("BELAY_DATABASE__URL", "sqlite:///nowhere/at/all/belay.db");
    let output = one_thing(nowhere).await;
    assert!(output.contains("/nowhere/at/all"), "{output}");
}

#[tokio::test]
async fn a_secret_that_is_missing_readable_to_others_or_invalid_is_found() {
    let database = TestDatabase::sqlite().await;
    let doctor = || {
        Program::new("doctor")
            .database(&database)
            .env("BELAY_AUTH__SECRET", "")
    };
    let ended = doctor().run().await;
    assert!(
        ended.said.contains("ok    auth.secret: will be made"),
        "{}",
        ended.said
    );

    let file = PathBuf::from(database.url().trim_start_matches("sqlite://"));
    let key = file.with_file_name("belay.key");
    fs::write(&key, "hunter2".repeat(8)).unwrap();
    let set_mode = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o644);
    let output = one_thing(doctor()).await;
    assert!(
        output.contains("chmod 600") && !output.contains("hunter2"),
        "{output}"
    );
    set_mode(0o600);
    let ended = doctor().run().await;
    assert!(
        ended.said.contains("ok    auth.secret: kept in"),
        "{}",
        ended.said
    );
    fs::write(&key, "hunter2").unwrap();
    let output = one_thing(doctor()).await;
    assert!(
        output.contains("cannot be used") && !output.contains("hunter2"),
        "{output}"
    );

    let postgres = TestDatabase::postgres().await;
    let output = one_thing(doctor().database(&postgres)).await;
    assert!(
        output.contains("mend  auth.secret") && output.contains("openssl rand"),
        "{output}"
    );
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_found() {
    let doctor = Program::new("doctor")
        .toml("[mail]\ntransport = \"smtp\"\nsmtp = { host = \"127.0.0.1\", port = 1 }");
    let output = one_thing(doctor).await;
    assert!(
        output.contains("mend  mail: 127.0.0.1:1") && output.contains("mail.smtp.host"),
        "{output}"
    );
}

#[tokio::test]
async fn push_credentials_that_cannot_work_are_found() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key.json");
    let doctor = || {
        let doctor = Program::new("doctor").env("BELAY_PUSH__TRANSPORT", "fcm");
        doctor.env("BELAY_PUSH__FCM__CREDENTIALS_FILE", file.to_str().unwrap())
    };
    let output = one_thing(doctor()).await;
    assert!(output.contains("cannot read"), "{output}");
    fs::write(&file, "hunter2").unwrap();
    let output = doctor().run().await.said;
    let mended = format!("chmod g-w,o= {}", file.display());
    assert!(output.contains(&mended), "{output}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let output = one_thing(doctor()).await;
    assert!(
        output.contains("Firebase console") && !output.contains("hunter2"),
        "{output}"
    );
    let neither = Program::new("doctor").env("BELAY_PUSH__TRANSPORT", "fcm");
    let output = one_thing(neither).await;
    assert!(output.contains("push.fcm.credentials_file"), "{output}");
}

#[tokio::test]
async fn a_manifest_that_cannot_be_used_is_found() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("manifest.json");
    let doctor = || {
        let file = file.to_str().unwrap();
        Program::new("doctor").env("BELAY_GRAPHQL__TRUSTED_DOCUMENTS", file)
    };
    for (content, expected) in [
        ("[]", "neither Apollo's"),
        ("{\"a\": \"{\"}", "the document a"),
    ] {
        fs::write(&file, content).unwrap();
        let output = one_thing(doctor()).await;
        assert!(output.contains(expected), "{output}");
    }
    fs::write(&file, "{\"a\": \"{ serverTime }\"}").unwrap();
    let ended = doctor().run().await;
    assert!(
        ended.said.contains("trusted_documents: 1 documents"),
        "{}",
        ended.said
    );
}

#[tokio::test]
async fn a_bus_that_cannot_be_used_is_found() {
    let nats = NatsServer::configured(
        "authorization { users = [
            { user: belay, password: hunter2 }
            { user: deaf, password: hunter2, permissions: { subscribe: \"other.>\" } }
        ] }",
    );
    let doctor = |login| Program::new("doctor").env("BELAY_BUS__URL", &nats.url(login));
    let ended = doctor("belay:hunter2@").run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(ended.said.contains("ok    bus.url"), "{}", ended.said);
    assert!(!ended.said.contains("hunter2"), "{}", ended.said);

    let output = one_thing(doctor("belay:hunter3@")).await;
    assert!(
        output.contains("does not let us in") && !output.contains("hunter3"),
        "{output}"
    );
    let output = one_thing(doctor("deaf:hunter2@")).await;
    assert!(
        output.contains("Permissions Violation") && output.contains("under `belay.>`"),
        "{output}"
    );
    let away = Program::new("doctor").env("BELAY_BUS__URL", "nats://u:hunter2@127.0.0.1:1");
    let output = one_thing(away).await;
    assert!(
        output.contains("nats://127.0.0.1:1 cannot be reached") && !output.contains("hunter2"),
        "{output}"
    );
}

#[tokio::test]
async fn files_that_others_can_open_are_found_with_the_command_that_mends_them() {
    let database = TestDatabase::sqlite().await;
    let file = PathBuf::from(database.url().trim_start_matches("sqlite://"));
    let set_mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    let doctor = || Program::new("doctor").database(&database);
    for (mode, who) in [
        (0o644, "everybody on this machine can open"),
        (0o620, "members of its group can change"),
    ] {
        set_mode(mode);
        let output = one_thing(doctor()).await;
        let todo = format!("chmod 600 {}", file.display());
        assert!(output.contains(who) && output.contains(&todo), "{output}");
    }
    // As for backups by another user.
    set_mode(0o640);
    let ended = doctor().run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended
            .said
            .contains("note  files: members of its group can read"),
        "{}",
        ended.said
    );

    set_mode(0o600);
    let plain = doctor().toml("[log]\nlevel = 'warn'").run().await;
    assert_eq!(plain.code, Some(0), "{}", plain.said);
    let secret = doctor().toml("graphql.developer_token = '0yVx8bq3TgPzN5rLk2WmC7dJhS4uQeAf9oXi'");
    let output = one_thing(secret).await;
    assert!(
        output.contains("settings.toml, which holds secrets") && output.contains("chmod g-w,o="),
        "{output}"
    );
}
