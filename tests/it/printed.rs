//! What operators read on their terminals, whole, as it was last reviewed: `snapshots/`.

use support::{Program, TestDatabase};

/// Lines with numbers of this machine, this moment or this edition of the time zones.
const VARYING: [&str; 5] = [
    "ok    clock:",
    "ok    open files:",
    "ok    time zones:",
    "note  crisis lines:",
    "note  stored instants:",
];

/// Without what differs from run to run: the database's folder, and the numbers of [`VARYING`] lines.
fn steady(printed: &str, folder: &str) -> String {
    let printed = printed.replace(folder, "FOLDER");
    let lines = printed.lines().map(|line| {
        if VARYING.iter().any(|beginning| line.starts_with(beginning)) {
            let words = line.split(' ');
            let words = words.map(|word| {
                if word.starts_with(|c: char| c.is_ascii_digit()) {
                    "N"
                } else {
                    word
                }
            });
            words.collect::<Vec<_>>().join(" ")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_doctor_of_a_sound_installation_and_of_one_with_much_to_mend() {
    let database = TestDatabase::sqlite().await;
    let folder = database.url();
    let folder = folder.trim_start_matches("sqlite://");
    let folder = folder.rsplit_once('/').map_or(folder, |(folder, _)| folder);
    let sound = Program::new("doctor").database(&database).run().await;
    insta::assert_snapshot!("doctor_sound", steady(&sound.said, folder));
    let unsound = Program::new("doctor")
        .env("BELAY_AUTH__SECRET", "")
        .env("BELAY_DATABASE__URL", "postgres://belay@127.0.0.1:1/belay")
        .env("BELAY_DATABASE__ACQUIRE_TIMEOUT_SECONDS", "1")
        .env("BELAY_PUSH__TRANSPORT", "fcm")
        .toml("[mail]\ntransport = \"smtp\"\nsmtp = { host = \"127.0.0.1\", port = 1 }")
        .run()
        .await;
    insta::assert_snapshot!("doctor_unsound", steady(&unsound.said, "sqlite://"));
}

#[tokio::test]
async fn a_configuration_with_faults_of_every_kind() {
    let values = "mode = 'production'
        auth.limits.sign_in_per_address = 0
        bus = { url = 'http://h', subject = 'belay.>' }
        http.trusted_proxies = 99
        log.otlp_url = 'https://collector.example.org'
        mail = { transport = 'smtp', from = 'nobody' }
        operations.inbox = 'nobody'
        push.fcm.base_url = 'ftp://h'";
    let mut printed = String::new();
    for settings in [
        "auth.secert = 'x'",
        "http.bind = '8080'",
        "log.level = 'loud'",
        "worker.poll_seconds = 1.5",
        "mail.smtp.password = ['x']",
        "mode = 'production'",
        values,
    ] {
        let program = Program::new("serve").toml(settings);
        let refused = program
            .env("BELAY_AUTH__SECRET", "0123456789")
            .env("BELAY_DATABASE__URL", "mysql://u@h/d")
            .run()
            .await;
        assert_eq!(refused.code, Some(2), "{}", refused.said);
        printed += &refused.said;
    }
    insta::assert_snapshot!("configuration", printed);
}
