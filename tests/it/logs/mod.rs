//! The log reports how the service is, and nothing confidential.
//!
//! A server with the most verbose log goes through a full run, with mail and pushes sent over sockets. Then everything
//! it wrote is searched for everything confidential that was sent to it or by it.

mod run;
mod secrets;
mod world;

use serde_json::Value;
use support::{TestDatabase, both};

use run::run;

/// Operations that the log of a full run must contain.
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

/// Events that the security log of a full run must contain.
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

/// The only fields that a line of the security log may have.
const LINE_FIELDS: [&str; 9] = [
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

/// The only fields that the span of a line may have: the request or the job it belongs to.
const SPAN_FIELDS: [&str; 5] = ["name", "request_id", "job", "kind", "attempt"];

fn assert_security_log(lines: &[Value], member: &str) {
    let security: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "security")
        .collect();
    for event in SECURITY {
        let found = security.iter().find(|line| line["event"] == event);
        let line = found.unwrap_or_else(|| panic!("no {event} in {security:#?}"));
        assert_eq!(line["member"], member, "{line}");
    }
    for line in security {
        let keys = line.as_object().unwrap().keys();
        let more: Vec<_> = keys
            .filter(|key| !LINE_FIELDS.contains(&key.as_str()))
            .collect();
        assert_eq!(more, [""; 0], "{line}");
        let span = line["span"].as_object().into_iter().flatten();
        let more: Vec<_> = span
            .filter(|(key, _)| !SPAN_FIELDS.contains(&key.as_str()))
            .collect();
        assert!(more.is_empty(), "{line}");
    }
}

#[both]
async fn the_json_log_of_a_full_run_contains_nothing_confidential(database: TestDatabase) {
    let done = run(database, "json").await;
    let lines: Vec<Value> = done
        .log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let with_message =
        |message: &'static str| lines.iter().filter(move |it| it["message"] == message);
    for name in OPERATIONS {
        let found = with_message("request").any(|line| {
            line["name"] == name
                && line["outcome"] == "OK"
                && line["statements"].as_u64() > Some(0)
                && line["db_ms"].as_f64() > Some(0.0)
        });
        assert!(found, "no {name} in {}", done.log);
    }
    assert_security_log(&lines, &done.member);
    let his = with_message("request").filter(|line| line["member"] == *done.member);
    assert!(his.count() >= 10);
    for code in ["BAD_REQUEST", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"] {
        let found = with_message("request").any(|line| line["outcome"] == code);
        assert!(found, "no {code} in {}", done.log);
    }
    let listened = with_message("request").filter(|line| line["name"] == "Listens");
    assert_eq!(listened.count(), 2, "{}", done.log);
    for message in [
        "socket",
        "a field could not be had",
        "a job failed",
        "a message was not answered by FCM",
        "the mail server refused a letter for good",
    ] {
        assert!(
            with_message(message).count() > 0,
            "no {message:?} in {}",
            done.log
        );
    }
    done.secrets.are_not_in(&done.log);
}

#[both]
async fn the_pretty_log_of_a_full_run_contains_nothing_confidential(database: TestDatabase) {
    let done = run(database, "pretty").await;
    for name in OPERATIONS {
        let field = format!("name=\"{name}\"");
        let costs = |line: &str| line.contains(" statements=") && line.contains(" db_ms=");
        let mut lines = done.log.lines();
        let found = lines.any(|line| line.contains(&field) && costs(line));
        assert!(found, "no {name} in {}", done.log);
    }
    let his = format!("member={}", done.member);
    assert!(done.log.matches(&his).count() >= 10);
    done.secrets.are_not_in(&done.log);
}
