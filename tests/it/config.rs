//! A wrong setting stops the start, with its key, what is wrong, and what is allowed; a secret is never
//! repeated.

use support::{Program, TestDatabase, TestServer, both};

/// Stands for whatever an operator would not want to see on a terminal.
const SECRET: &str = "hunter2";

/// What a start with these settings is refused with.
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
        let said = refusal("", &[(name, value)]).await;
        for part in [key, fault, allowed] {
            assert!(said.contains(part), "{name}={value}: no {part:?} in {said}");
        }
    }
}

#[tokio::test]
async fn a_bus_that_is_no_nats_is_named_with_the_allowed_form() {
    let said = refusal("", &[("BELAY_BUS__URL", "http://u:hunter2@h")]).await;
    assert!(said.contains("bus.url: names no NATS server"), "{said}");
    assert!(said.contains("nats://USER:PASSWORD@HOST"), "{said}");
    let said = refusal("", &[("BELAY_BUS__SUBJECT", "belay.>")]).await;
    assert!(said.contains("bus.subject: is no subject"), "{said}");
}

#[tokio::test]
async fn a_wrong_value_in_the_file_is_named_with_the_file() {
    let said = refusal("[mail.smtp]\nport = \"none\"", &[]).await;
    assert!(said.contains("mail.smtp.port: "), "{said}");
    assert!(said.contains("settings.toml"), "{said}");
    let said = refusal("[mail.smtp]\npassword = hunter2", &[]).await;
    assert!(said.contains("line 2, column 12"), "{said}");
}

#[tokio::test]
async fn a_key_that_does_not_exist_is_named() {
    let said = refusal("", &[("BELAY_DATABASE__ULR", "hunter2")]).await;
    assert!(
        said.contains("database.ulr: there is no such key (in BELAY_DATABASE__ULR)"),
        "{said}"
    );
    let said = refusal("", &[("BELAY_PORT", "1")]).await;
    assert!(said.contains("port: there is no such key"), "{said}");
    let said = refusal("[auth]\nsecert = \"hunter2\"", &[]).await;
    assert!(said.contains("auth.secert: there is no such key"), "{said}");
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
    let said = refusal("[mail.smtp]\npassword = [\"hunter2\"]", &[]).await;
    assert!(said.contains("mail.smtp.password: "), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let said = Program::new("serve --config nowhere.toml").run().await;
    assert_eq!(said.code, Some(2));
    assert!(
        said.said.contains("nowhere.toml cannot be read"),
        "{}",
        said.said
    );
}

#[tokio::test]
async fn the_environment_goes_over_the_file() {
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
    let said = refusal("", &[("BELAY_AUTH__SECRET", &short)]).await;
    assert!(said.contains("too short"), "{said}");
    let database = TestDatabase::sqlite().await;
    let program = Program::new("serve").database(&database);
    let mut server = TestServer::run(program.env("BELAY_AUTH__SECRET", &"0".repeat(32))).await;
    server.kill().await;
}

#[tokio::test]
async fn production_refuses_what_is_for_development_all_at_once() {
    let said = refusal("mode = \"production\"", &[("BELAY_AUTH__SECRET", "")]).await;
    for part in [
        "auth.secret: production needs one",
        "database.url: is relative to the working directory",
        "mail.transport: terminal is for development",
        "push.transport: terminal is for development",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}

#[expect(clippy::too_many_lines, reason = "one list of what is refused")]
#[tokio::test]
async fn production_refuses_each_thing_that_is_for_development_alone() {
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
        let said = refusal("", &unsound).await;
        assert_eq!(
            said.matches("\n  ").count(),
            2,
            "one fault and what is allowed: {said}"
        );
        assert!(said.contains(fault), "{said}");
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
        let said = refusal("", &[&SOUND[..], &[(name, value)]].concat()).await;
        assert_eq!(said.matches("\n  ").count(), 2, "{said}");
        assert!(said.contains(fault), "{said}");
    }
    let in_the_clear = [
        &SOUND[..],
        &[
            ("BELAY_MAIL__SMTP__HOST", "mail.example.org"),
            ("BELAY_MAIL__SMTP__SECURITY", "none"),
        ],
    ];
    let said = refusal("", &in_the_clear.concat()).await;
    assert!(said.contains("mail.smtp.security: none"), "{said}");
    let bare = [
        &SOUND[..],
        &[
            ("BELAY_HTTP__BIND", "0.0.0.0:0"),
            ("BELAY_HTTP__TRUSTED_PROXIES", "1"),
        ],
    ];
    let said = refusal("", &bare.concat()).await;
    assert!(
        said.contains("http.trusted_proxies: whoever reaches"),
        "{said}"
    );

    let unsound = [
        &SOUND[..],
        &[
            ("BELAY_PUSH__TRANSPORT", "fcm"),
            ("BELAY_PUSH__FCM__BASE_URL", "http://h"),
        ],
    ];
    let said = refusal("", &unsound.concat()).await;
    assert!(
        said.contains("push.fcm.base_url: production needs an encrypted connection"),
        "{said}"
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
async fn development_is_for_this_machine_alone_unless_that_is_said_twice() {
    let said = refusal("", &[("BELAY_HTTP__BIND", "0.0.0.0:0")]).await;
    assert!(
        said.contains("http.bind: others on the network")
            && said.contains("development_on_network"),
        "{said}"
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
async fn a_database_url_that_cannot_be_read_is_not_repeated() {
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
