use http::HeaderValue;
use serde_json::{Value, json};

use super::*;

fn answer(status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    read(
        StatusCode::from_u16(status).unwrap(),
        headers,
        body,
        SystemTime::UNIX_EPOCH,
    )
}

fn outcome(status: u16, body: &Value) -> Outcome {
    match answer(status, &HeaderMap::new(), body.to_string().as_bytes()) {
        Answer::Outcome(outcome) => outcome,
        Answer::TokenNotAccepted => panic!("asked for a new token"),
    }
}

fn with_code(code: &str) -> Value {
    json!({ "error": { "details": [{ "@type": "x/google.firebase.fcm.v1.FcmError", "errorCode": code }] } })
}

fn with_violations(fields: &[&str]) -> Value {
    let violations: Vec<_> = fields
        .iter()
        .map(|field| json!({ "field": field, "description": "no" }))
        .collect();
    json!({ "error": { "status": "INVALID_ARGUMENT", "message": "bad", "details": [
        { "errorCode": "INVALID_ARGUMENT" },
        { "@type": "x/google.rpc.BadRequest", "fieldViolations": violations },
    ]}})
}

#[test]
fn the_error_code_overrides_the_status() {
    for status in [400, 401, 403, 404, 500] {
        assert_eq!(
            outcome(status, &with_code("UNREGISTERED")),
            Outcome::Unregistered
        );
        assert_eq!(
            outcome(status, &with_code("SENDER_ID_MISMATCH")),
            Outcome::SenderIdMismatch
        );
        assert_eq!(
            outcome(status, &with_code("THIRD_PARTY_AUTH_ERROR")),
            Outcome::PlatformCredentials
        );
        assert_eq!(
            outcome(status, &with_code("QUOTA_EXCEEDED")),
            Outcome::QuotaExceeded {
                retry_after: DEFAULT_QUOTA_PAUSE
            }
        );
        let fault = Fault::Status(status);
        assert_eq!(
            outcome(status, &with_code("INTERNAL")),
            Outcome::Unavailable {
                fault,
                retry_after: None
            }
        );
        assert_eq!(
            outcome(status, &with_code("UNAVAILABLE")),
            Outcome::Unavailable {
                fault,
                retry_after: None
            }
        );
    }
}

#[test]
fn an_address_is_invalid_only_if_the_target_is_the_sole_violation() {
    for field in ["message.token", "message.fid"] {
        assert_eq!(
            outcome(400, &with_violations(&[field])),
            Outcome::InvalidTarget
        );
    }
    let rejected = |fields: &[&str]| Outcome::Rejected {
        status: 400,
        fields: fields.iter().map(|&field| field.into()).collect(),
    };
    let ttl = ["message.android.ttl"];
    assert_eq!(outcome(400, &with_violations(&ttl)), rejected(&ttl));
    let both = ["message.token", "message.data[0].value"];
    assert_eq!(outcome(400, &with_violations(&both)), rejected(&both));
    assert_eq!(outcome(400, &with_code("INVALID_ARGUMENT")), rejected(&[]));
}

#[test]
fn an_invalid_address_is_recognised_by_the_error_message() {
    let mut body = with_code("INVALID_ARGUMENT");
    body["error"]["message"] =
        json!("The registration token is not a valid FCM registration token");
    assert_eq!(outcome(400, &body), Outcome::InvalidTarget);
    body["error"]["message"] = json!("Request contains an invalid argument.");
    assert_eq!(
        outcome(400, &body),
        Outcome::Rejected {
            status: 400,
            fields: vec![]
        }
    );
}

#[test]
fn fields_that_could_carry_content_are_dropped() {
    let body = with_violations(&["message.data", "Dear Sam, hold on"]);
    assert_eq!(
        outcome(400, &body),
        Outcome::Rejected {
            status: 400,
            fields: vec!["message.data".into()]
        }
    );
}

#[test]
fn without_a_code_the_status_decides() {
    let bare =
        json!({ "error": { "status": "NOT_FOUND", "message": "Requested entity was not found." } });
    assert_eq!(outcome(404, &bare), Outcome::Misconfigured { status: 404 });
    for status in [301, 403, 404, 405, 418] {
        assert_eq!(
            outcome(status, &json!({})),
            Outcome::Misconfigured { status }
        );
    }
    for status in [408, 500, 502, 503, 504, 599] {
        let fault = Fault::Status(status);
        assert_eq!(
            outcome(status, &json!({})),
            Outcome::Unavailable {
                fault,
                retry_after: None
            }
        );
    }
    assert_eq!(
        outcome(400, &json!({})),
        Outcome::Rejected {
            status: 400,
            fields: vec![]
        }
    );
    assert_eq!(
        outcome(429, &json!({})),
        Outcome::QuotaExceeded {
            retry_after: DEFAULT_QUOTA_PAUSE
        }
    );
    assert_eq!(
        answer(401, &HeaderMap::new(), b"{}"),
        Answer::TokenNotAccepted
    );
}

#[test]
fn an_unknown_code_falls_back_to_the_status() {
    for code in ["UNSPECIFIED_ERROR", "SOMETHING_NEW"] {
        assert_eq!(
            outcome(404, &with_code(code)),
            Outcome::Misconfigured { status: 404 }
        );
        let fault = Fault::Status(500);
        assert_eq!(
            outcome(500, &with_code(code)),
            Outcome::Unavailable {
                fault,
                retry_after: None
            }
        );
    }
}

#[test]
fn an_html_page_is_judged_by_its_status() {
    let html = b"<!DOCTYPE html><title>Error 502</title>";
    let unavailable = |fault| {
        Answer::Outcome(Outcome::Unavailable {
            fault,
            retry_after: None,
        })
    };
    assert_eq!(
        answer(502, &HeaderMap::new(), html),
        unavailable(Fault::Status(502))
    );
    assert_eq!(
        answer(200, &HeaderMap::new(), html),
        unavailable(Fault::UnreadableAnswer)
    );
    let misconfigured = Answer::Outcome(Outcome::Misconfigured { status: 404 });
    assert_eq!(answer(404, &HeaderMap::new(), html), misconfigured);
}

#[test]
fn retry_after_is_read_in_both_its_forms() {
    let wait = Duration::from_secs(90);
    for value in ["90", "Thu, 01 Jan 1970 00:01:30 GMT"] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        let quota = Outcome::QuotaExceeded { retry_after: wait };
        assert_eq!(
            answer(429, &headers, b""),
            Answer::Outcome(quota),
            "{value}"
        );
        let unavailable = Outcome::Unavailable {
            fault: Fault::Status(503),
            retry_after: Some(wait),
        };
        assert_eq!(
            answer(503, &headers, b""),
            Answer::Outcome(unavailable),
            "{value}"
        );
    }
}

#[test]
fn a_malformed_answer_is_judged_by_its_status() {
    for body in [
        json!([]),
        json!({ "error": "no" }),
        json!({ "error": { "details": [7] } }),
    ] {
        assert_eq!(
            outcome(404, &body),
            Outcome::Misconfigured { status: 404 },
            "{body}"
        );
    }
}
