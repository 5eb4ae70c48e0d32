//! What the log tells: how the service is, and nothing of anybody's.
//!
//! A server that logs all it can is led through a full run, with mail and pushes leaving over sockets; then
//! everything it wrote is searched for everything that was said to it and by it.

mod run;
mod secrets;
mod world;

use serde_json::Value;
use support::{TestDatabase, both};

use run::run;

/// Operations that the log of a full run must tell of.
const OPERATIONS: [&str; 12] = [
    "SignUp",
    "VerifyEmail",
    "SignIn",
    "ResetPassphrase",
    "ConfirmEmailChange",
    "RefreshSession",
    "UpdateProfile",
    "SetTopic",
    "RegisterDevice",
    "CheckIn",
    "ScheduleMeeting",
    "Rsvp",
];

/// What the security log of a full run must tell of.
const SECURITY: [&str; 9] = [
    "signed_in",
    "sign_in_failed",
    "reset_asked",
    "reset_done",
    "session_ended",
    "refresh_reused",
    "email_change_confirmed",
    "email_changed",
    "role_changed",
];

/// All that a line of it may say.
const SAID: [&str; 9] = [
    "timestamp",
    "level",
    "target",
    "message",
    "event",
    "code",
    "member",
    "session",
    "span",
];

/// All that the span of a line may say: which request or job it belongs to.
const SPAN: [&str; 5] = ["name", "request_id", "job", "kind", "attempt"];

fn tells_what_happened_to_accounts(lines: &[Value], member: &str) {
    let security: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "security")
        .collect();
    for event in SECURITY {
        let told = security.iter().find(|line| line["event"] == event);
        let line = told.unwrap_or_else(|| panic!("no {event} in {security:#?}"));
        assert_eq!(line["member"], member, "{line}");
    }
    for line in security {
        let said = line.as_object().unwrap().keys();
        let more: Vec<_> = said.filter(|key| !SAID.contains(&key.as_str())).collect();
        assert_eq!(more, [""; 0], "{line}");
        let span = line["span"].as_object().into_iter().flatten();
        let more: Vec<_> = span
            .filter(|(key, _)| !SPAN.contains(&key.as_str()))
            .collect();
        assert!(more.is_empty(), "{line}");
    }
}

#[both]
async fn a_full_run_leaves_nothing_of_anybody_in_the_log_for_machines(database: TestDatabase) {
    let done = run(database, "json").await;
    let lines: Vec<Value> = done
        .log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said = |message: &'static str| lines.iter().filter(move |it| it["message"] == message);
    for name in OPERATIONS {
        let told = said("request").any(|line| {
            line["name"] == name
                && line["outcome"] == "OK"
                && line["statements"].as_u64() > Some(0)
                && line["db_ms"].as_f64() > Some(0.0)
        });
        assert!(told, "no {name} in {}", done.log);
    }
    tells_what_happened_to_accounts(&lines, &done.member);
    let his = said("request").filter(|line| line["member"] == *done.member);
    assert!(his.count() >= 10);
    for code in ["BAD_REQUEST", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"] {
        let told = said("request").any(|line| line["outcome"] == code);
        assert!(told, "no {code} in {}", done.log);
    }
    let listened = said("request").filter(|line| line["name"] == "Listens");
    assert_eq!(listened.count(), 2, "{}", done.log);
    for message in [
        "socket",
        "a field could not be had",
        "a job failed",
        "a message was not answered by FCM",
        "the mail server refused a letter for good",
    ] {
        assert!(said(message).count() > 0, "no {message:?} in {}", done.log);
    }
    done.secrets.are_not_in(&done.log);
}

#[both]
async fn a_full_run_leaves_nothing_of_anybody_in_the_log_for_people(database: TestDatabase) {
    let done = run(database, "pretty").await;
    for name in OPERATIONS {
        let told = format!("name=\"{name}\"");
        let costs = |line: &str| line.contains(" statements=") && line.contains(" db_ms=");
        let mut lines = done.log.lines();
        let found = lines.any(|line| line.contains(&told) && costs(line));
        assert!(found, "no {name} in {}", done.log);
    }
    let his = format!("member={}", done.member);
    assert!(done.log.matches(&his).count() >= 10);
    done.secrets.are_not_in(&done.log);
}
