//! Checks send requests against Google's documentation.

use std::sync::LazyLock;

use hyper::{HeaderMap, header::CONTENT_TYPE};
use jsonschema::Validator;
use serde_json::Value;

/// The schema from the API's discovery document. It is stricter than the server, because it rejects unknown fields.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../data/fcm.v1.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

const MAX_BYTES: usize = 4_096;
const MAX_TTL_SECONDS: f64 = 2_419_200.0;
/// The limit of APNs.
const MAX_COLLAPSE_ID_BYTES: usize = 64;
const TARGETS: [&str; 4] = ["fid", "token", "topic", "condition"];
/// The enumerations that Google's SDKs also send in lower case.
const ENUMERATIONS: [&str; 4] = [
    "/message/android/priority",
    "/message/android/notification/notification_priority",
    "/message/android/notification/proxy",
    "/message/android/notification/visibility",
];

/// Returns the rules that a request breaks.
pub(super) fn violations(headers: &HeaderMap, bytes: &[u8], body: &Value) -> Vec<String> {
    let mut violations = Vec::new();
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    if !header(CONTENT_TYPE.as_str()).starts_with("application/json") {
        violations.push("the content type is not JSON".to_owned());
    }
    if header("x-goog-api-format-version") != "2" {
        violations.push("X-GOOG-API-FORMAT-VERSION is not 2".to_owned());
    }
    if bytes.len() > MAX_BYTES {
        violations.push(format!("{} bytes are more than {MAX_BYTES}", bytes.len()));
    }

    let mut normalised = body.clone();
    for path in ENUMERATIONS {
        if let Some(Value::String(value)) = normalised.pointer_mut(path) {
            value.make_ascii_uppercase();
        }
    }
    violations.extend(
        SCHEMA
            .iter_errors(&normalised)
            .map(|error| format!("{}: {error}", error.instance_path())),
    );

    let message = &body["message"];
    let targets: Vec<_> = TARGETS
        .into_iter()
        .filter(|target| !message[target].is_null())
        .collect();
    if targets.len() != 1 {
        violations.push(format!("there must be one target, not {targets:?}"));
    }
    violations.extend(
        data_keys(message)
            .filter(|key| is_reserved(key))
            .map(|key| format!("the data key {key:?} is reserved")),
    );
    for options in ["android", "android_v2", "androidV2"] {
        let ttl = message[options]["ttl"]
            .as_str()
            .and_then(|ttl| ttl.strip_suffix('s'));
        let seconds: Option<f64> = ttl.and_then(|ttl| ttl.parse().ok());
        if seconds.is_some_and(|seconds| !(0.0..=MAX_TTL_SECONDS).contains(&seconds)) {
            violations.push(format!("the ttl of {options} is out of range"));
        }
    }
    let collapse_id = message["apns"]["headers"]["apns-collapse-id"]
        .as_str()
        .unwrap_or("");
    if collapse_id.len() > MAX_COLLAPSE_ID_BYTES {
        violations.push("the apns-collapse-id is too long".to_owned());
    }
    violations
}

fn data_keys(message: &Value) -> impl Iterator<Item = &String> {
    [
        &message["data"],
        &message["android"]["data"],
        &message["android_v2"]["data"],
        &message["webpush"]["data"],
    ]
    .into_iter()
    .filter_map(Value::as_object)
    .flat_map(serde_json::Map::keys)
}

fn is_reserved(key: &str) -> bool {
    key == "from"
        || key == "message_type"
        || ["google.", "gcm.notification."]
            .iter()
            .any(|prefix| key.starts_with(prefix))
}
