//! A wrong setting stops the start. The message names the key, the fault and what is allowed, and never repeats a
//! secret.

use support::{Program, TestDatabase, TestServer, both};

/// Stands for any secret, which must not appear on a terminal.
const SECRET: &str = "hunter2";

/// Starts the service with settings that must be refused. Returns its output.
async fn refusal(toml: &str, variables: &[(&str, &str)]) -> String {
    let mut program = Program::new("serve").toml(toml);
    for (name, value) in variables {
        program = program.env(name, value);
    }
    let ended = program.run().await;
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert!(!ended.said.contains(SECRET), "{}", ended.said);
    ended.said
}

#[tokio::test]
async fn a_wrong_value_in_the_environment_is_named_with_the_allowed_form() {
    for (name, value, key, fault, allowed) in [
        (
            "BELAY_MODE",
            "test",
            "mode: \"test\" is not one",
            "BELAY_MODE",
            "development or production",
        ),
        (
            "BELAY_HTTP__BIND",
            "8080",
            "http.bind: ",
            "address",
            "ADDRESS:PORT",
        ),
        (
            "BELAY_HTTP__TRUSTED_PROXIES",
            "some",
            "http.trusted_proxies: ",
            "\"some\"",
            "a whole number",
        ),
        (
            "BELAY_HTTP__TRUSTED_PROXIES",
            "99",
            "http.trusted_proxies: ",
            "99",
            "from 0 to 16",
        ),
        (
            "BELAY_AUTH__LIMITS__SIGN_IN_PER_ADDRESS",
            "0",
            "sign_in_per_address: ",
            "nobody",
            "from 1",
        ),
        (
            "BELAY_AUTH__SECRET",
            "0123456789",
            "auth.secret: ",
            "too short",
            "openssl rand",
        ),
        (
            "BELAY_DATABASE__URL",
            "mysql://u:hunter2@h/d",
            "database.url: ",
            "kind",
            "sqlite://FILE, postgres",
        ),
        (
            "BELAY_DATABASE__URL",
            "sqlite::memory:",
            "database.url: ",
            "forget",
            "sqlite://FILE",
        ),
        (
            "BELAY_MAIL__FROM",
            "nobody",
            "mail.from: ",
            "not an address",
            "belay@example.org",
        ),
        (
            "BELAY_MAIL__TRANSPORT",
            "smtp",
            "mail.smtp.host: ",
            "empty",
            "your mail server",
        ),
        (
            "BELAY_LOG__LEVEL",
            "loud",
            "log.level: ",
            "\"loud\"",
            "error, warn, info, debug or trace",
        ),
        (
            "BELAY_WORKER__POLL_SECONDS",
            "1.5",
            "worker.poll_seconds: ",
            "1.5",
            "a whole number",
        ),
    ] {
        let output = refusal("", &[(name, value)]).await;
        for part in [key, fault, allowed] {
            assert!(
                output.contains(part),
                "{name}={value}: no {part:?} in {output}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_bus_setting_is_named_with_the_allowed_form() {
    let output = refusal("", &[("BELAY_BUS__URL", "http://u:hunter2@h")]).await;
    assert!(output.contains("bus.url: names no NATS server"), "{output}");
    assert!(output.contains("nats://USER:PASSWORD@HOST"), "{output}");
    let output = refusal("", &[("BELAY_BUS__SUBJECT", "belay.>")]).await;
    assert!(output.contains("bus.subject: is no subject"), "{output}");
}

#[tokio::test]
async fn a_wrong_value_in_the_file_is_named_with_the_file() {
    let output = refusal("[mail.smtp]\nport = \"none\"", &[]).await;
    assert!(output.contains("mail.smtp.port: "), "{output}");
    assert!(output.contains("settings.toml"), "{output}");
    let output = refusal("[mail.smtp]\npassword = hunter2", &[]).await;
    assert!(output.contains("line 2, column 12"), "{output}");
}

#[tokio::test]
async fn a_key_that_does_not_exist_is_named() {
    let output = refusal("", &[("BELAY_DATABASE__ULR", "hunter2")]).await;
    assert!(
        output.contains("database.ulr: there is no such key (in BELAY_DATABASE__ULR)"),
        "{output}"
    );
    let output = refusal("", &[("BELAY_PORT", "1")]).await;
    assert!(output.contains("port: there is no such key"), "{output}");
    let output = refusal("[auth]\nsecert = \"hunter2\"", &[]).await;
    assert!(
        output.contains("auth.secert: there is no such key"),
        "{output}"
    );
}

#[tokio::test]
async fn a_secret_in_the_wrong_place_or_shape_is_not_repeated() {
    refusal("", &[("BELAY_DATABASE", "postgres://u:hunter2@h/d")]).await;
    refusal("", &[("BELAY_AUTH", "hunter2")]).await;
    refusal("[bus]\nurl = [\"hunter2\"]", &[]).await;
    refusal(
        "[auth]\nsecret = \"hunter2\"",
        &[("BELAY_AUTH__SECRET", "")],
    )
    .await;
    let output = refusal("[mail.smtp]\npassword = [\"hunter2\"]", &[]).await;
    assert!(output.contains("mail.smtp.password: "), "{output}");
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let ended = Program::new("serve --config nowhere.toml").run().await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.said.contains("nowhere.toml cannot be read"),
        "{}",
        ended.said
    );
}

#[tokio::test]
async fn the_environment_overrides_the_file() {
    let wrong = "[log]\nlevel = \"loud\"";
    refusal(wrong, &[]).await;
    let right = Program::new("migrate")
        .toml(wrong)
        .env("BELAY_LOG__LEVEL", "warn");
    let ended = right.run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn a_secret_of_digits_is_text_with_its_leading_zeros() {
    let short = "0".repeat(31);
    let output = refusal("", &[("BELAY_AUTH__SECRET", &short)]).await;
    assert!(output.contains("too short"), "{output}");
    let database = TestDatabase::sqlite().await;
    let program = Program::new("serve").database(&database);
    let mut server = TestServer::run(program.env("BELAY_AUTH__SECRET", &"0".repeat(32))).await;
    server.kill().await;
}

#[tokio::test]
async fn production_names_all_development_settings_at_once() {
    let output = refusal("mode = \"production\"", &[("BELAY_AUTH__SECRET", "")]).await;
    for part in [
        "auth.secret: production needs one",
        "database.url: is relative to the working directory",
        "mail.transport: terminal is for development",
        "push.transport: terminal is for development",
    ] {
        assert!(output.contains(part), "no {part:?} in {output}");
    }
}

#[expect(clippy::too_many_lines, reason = "one list of what is refused")]
#[tokio::test]
async fn production_refuses_each_development_setting() {
    const SOUND: [(&str, &str); 7] = [
        ("BELAY_MODE", "production"),
        ("BELAY_DATABASE__URL", "sqlite:///var/lib/belay/belay.db"),
        ("BELAY_MAIL__FROM", "Belay <belay@example.org>"),
        ("BELAY_MAIL__TRANSPORT", "smtp"),
        ("BELAY_MAIL__SMTP__HOST", "localhost"),
        ("BELAY_PUSH__TRANSPORT", "off"),
        ("BELAY_LOG__LEVEL", "warn"),
    ];
    for (name, value, fault) in [
        ("BELAY_AUTH__SECRET", "", "auth.secret"),
        ("BELAY_MAIL__TRANSPORT", "terminal", "mail.transport"),
        ("BELAY_PUSH__TRANSPORT", "terminal", "push.transport"),
    ] {
        let unsound = [&SOUND[..], &[(name, value)]].concat();
        let output = refusal("", &unsound).await;
        assert_eq!(
            output.matches("\n  ").count(),
            2,
            "one fault and what is allowed: {output}"
        );
        assert!(output.contains(fault), "{output}");
    }
    let weak = "x".repeat(64);
    let sample = "at least 32 random characters, please";
    for (name, value, fault) in [
        (
            "BELAY_AUTH__SECRET",
            weak.as_str(),
            "auth.secret: could be guessed",
        ),
        (
            "BELAY_AUTH__SECRET",
            sample,
            "auth.secret: looks like a sample",
        ),
        (
            "BELAY_AT_REST__SECRET",
            weak.as_str(),
            "at_rest.secret: could be guessed",
        ),
        (
            "BELAY_GRAPHQL__DEVELOPER_TOKEN",
            weak.as_str(),
            "graphql.developer_token: could be",
        ),
        (
            "BELAY_DATABASE__URL",
            "postgres://u:hunter2@db.example.org/d",
            "database.url: everything",
        ),
        (
            "BELAY_DATABASE__URL",
            "postgres://u:hunter2@10.0.0.7/d?sslmode=prefer",
            "sslmode=require",
        ),
        (
            "BELAY_HTTP__PROXIES",
            "0.0.0.0/0",
            "http.proxies: names everybody",
        ),
    ] {
        let output = refusal("", &[&SOUND[..], &[(name, value)]].concat()).await;
        assert_eq!(output.matches("\n  ").count(), 2, "{output}");
        assert!(output.contains(fault), "{output}");
    }
    let in_the_clear = [
        &SOUND[..],
        &[
            ("BELAY_MAIL__SMTP__HOST", "mail.example.org"),
            ("BELAY_MAIL__SMTP__SECURITY", "none"),
        ],
    ];
    let output = refusal("", &in_the_clear.concat()).await;
    assert!(output.contains("mail.smtp.security: none"), "{output}");
    let bare = [
        &SOUND[..],
        &[
            ("BELAY_HTTP__BIND", "0.0.0.0:0"),
            ("BELAY_HTTP__TRUSTED_PROXIES", "1"),
        ],
    ];
    let output = refusal("", &bare.concat()).await;
    assert!(
        output.contains("http.trusted_proxies: whoever reaches"),
        "{output}"
    );

    let unsound = [
        &SOUND[..],
        &[
            ("BELAY_PUSH__TRANSPORT", "fcm"),
            ("BELAY_PUSH__FCM__BASE_URL", "http://h"),
        ],
    ];
    let output = refusal("", &unsound.concat()).await;
    assert!(
        output.contains("push.fcm.base_url: production needs an encrypted connection"),
        "{output}"
    );

    let mut program = Program::new("serve --at 2026-03-28T22:00:00Z");
    for (name, value) in SOUND {
        program = program.env(name, value);
    }
    let ended = program.run().await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .said
            .contains("--at: production runs on the system's clock"),
        "{}",
        ended.said
    );
}

#[tokio::test]
async fn development_listens_on_this_machine_only_unless_allowed_explicitly() {
    let output = refusal("", &[("BELAY_HTTP__BIND", "0.0.0.0:0")]).await;
    assert!(
        output.contains("http.bind: others on the network")
            && output.contains("development_on_network"),
        "{output}"
    );
    let database = TestDatabase::sqlite().await;
    let program = Program::new("migrate").database(&database);
    let program = program.env("BELAY_HTTP__BIND", "0.0.0.0:0");
    let ended = program
        .env("BELAY_HTTP__DEVELOPMENT_ON_NETWORK", "true")
        .run()
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn an_invalid_database_url_is_not_repeated() {
    for url in [
        "postgres://u:hunter2@one,two:5432/d?target_session_attrs=read-write",
        "postgres://u:hunter2@[nonsense/d",
        "postgres://u:hunter2@host:hunter2/d",
    ] {
        for command in ["serve", "migrate", "doctor"] {
            let ended = Program::new(command)
                .env("BELAY_DATABASE__URL", url)
                .run()
                .await;
            assert_ne!(ended.code, Some(0), "{}", ended.said);
            assert!(ended.said.contains("database.url"), "{}", ended.said);
            assert!(!ended.said.contains(SECRET), "{}", ended.said);
        }
    }
}

#[both]
async fn in_development_only_the_embedded_database_keeps_a_secret_beside_it(
    database: TestDatabase,
) {
    use std::os::unix::fs::PermissionsExt as _;

    let program = || {
        Program::new("serve")
            .database(&database)
            .env("BELAY_AUTH__SECRET", "")
    };
    let Some(file) = database.url().strip_prefix("sqlite://").map(str::to_owned) else {
        let ended = program().run().await;
        assert_eq!(ended.code, Some(2));
        assert!(
            ended.said.contains("auth.secret: is empty"),
            "{}",
            ended.said
        );
        return;
    };
    let key = std::path::Path::new(&file).with_file_name("belay.key");
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let mut server = TestServer::run(program()).await;
        server.kill().await;
        let secret = std::fs::read_to_string(&key).unwrap();
        assert_eq!(secret.trim().len(), 64, "48 bytes in base64");
        assert!(!server.written().contains(secret.trim()));
        secrets.push(secret);
    }
    assert_eq!(secrets[0], secrets[1]);
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
