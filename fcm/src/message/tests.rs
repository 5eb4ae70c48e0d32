use serde_json::{Value, json};

use super::*;
use crate::{AndroidNotification, AndroidPriority, ApnsHeaders, Visibility};

fn builder() -> MessageBuilder {
    Message::builder(Target::fid("fid-1"))
}

fn wire(message: &Message) -> Value {
    serde_json::from_slice(message.body()).unwrap()
}

#[test]
fn a_message_names_one_target_of_the_declared_kind() {
    assert_eq!(
        wire(&builder().build().unwrap()),
        json!({ "message": { "fid": "fid-1" } })
    );
    let token = builder().target(Target::token("token-1")).build().unwrap();
    assert_eq!(wire(&token), json!({ "message": { "token": "token-1" } }));
    assert_eq!(
        wire(&builder().validate_only().build().unwrap()),
        json!({ "validate_only": true, "message": { "fid": "fid-1" } })
    );
}

#[test]
fn every_part_uses_the_names_of_the_api() {
    let message = builder()
        .data("id", "n1")
        .notification(Notification {
            title: Some("Belay".into()),
            ..Notification::default()
        })
        .android(AndroidConfig {
            collapse_key: Some("meeting".into()),
            priority: Some(AndroidPriority::High),
            ttl: Some(MAX_TTL),
            notification: Some(AndroidNotification {
                title_loc_key: Some("meeting_title".into()),
                visibility: Some(Visibility::Private),
                ..AndroidNotification::default()
            }),
            ..AndroidConfig::default()
        })
        .build()
        .unwrap();
    assert_eq!(
        wire(&message),
        json!({ "message": {
            "fid": "fid-1",
            "data": { "id": "n1" },
            "notification": { "title": "Belay" },
            "android": {
                "collapse_key": "meeting",
                "priority": "HIGH",
                "ttl": "2419200s",
                "notification": { "title_loc_key": "meeting_title", "visibility": "PRIVATE" },
            },
        }})
    );
}

#[test]
fn a_blank_address_is_refused() {
    assert_eq!(
        builder().target(Target::token(" ")).build().unwrap_err(),
        MessageError::NoAddress
    );
}

#[test]
fn reserved_data_keys_are_refused_in_every_part() {
    for key in [
        "from",
        "message_type",
        "google.sent_time",
        "gcm.notification.title",
    ] {
        let error = MessageError::ReservedKey { key: key.into() };
        assert_eq!(builder().data(key, "x").build().unwrap_err(), error);
        let android = AndroidConfig {
            data: BTreeMap::from([(key.into(), "x".into())]),
            ..AndroidConfig::default()
        };
        assert_eq!(builder().android(android).build().unwrap_err(), error);
    }
    for key in ["from_member", "google", "gcm", "collapse_key"] {
        assert!(builder().data(key, "x").build().is_ok(), "{key}");
    }
}

#[test]
fn a_ttl_beyond_four_weeks_is_refused() {
    let with = |ttl| {
        builder()
            .android(AndroidConfig {
                ttl: Some(ttl),
                ..AndroidConfig::default()
            })
            .build()
    };
    assert!(with(MAX_TTL).is_ok());
    let error = with(MAX_TTL + Duration::from_nanos(1)).unwrap_err();
    assert_eq!(error, MessageError::TtlTooLong { seconds: 2_419_200 });
}

#[test]
fn a_collapse_id_beyond_64_bytes_is_refused() {
    let headers = ApnsHeaders {
        collapse_id: Some("x".repeat(65)),
        ..ApnsHeaders::default()
    };
    let error = builder()
        .apns(ApnsConfig {
            headers,
            ..ApnsConfig::default()
        })
        .build()
        .unwrap_err();
    assert_eq!(error, MessageError::CollapseIdTooLong { bytes: 65 });
}

#[test]
fn the_limit_counts_bytes_of_the_whole_request() {
    let frame = builder().data("k", "").build().unwrap().body().len();
    let exact = builder()
        .data("k", "x".repeat(MAX_MESSAGE_BYTES - frame))
        .build()
        .unwrap();
    assert_eq!(exact.body().len(), MAX_MESSAGE_BYTES);
    let error = builder()
        .data("k", "x".repeat(MAX_MESSAGE_BYTES - frame + 1))
        .build()
        .unwrap_err();
    assert_eq!(
        error,
        MessageError::TooLarge {
            bytes: MAX_MESSAGE_BYTES + 1
        }
    );
    assert!(
        builder()
            .data("k", "ü".repeat((MAX_MESSAGE_BYTES - frame) / 2 + 1))
            .build()
            .is_err()
    );
}

#[test]
fn debug_discloses_neither_address_nor_content() {
    let secret = "hold-on-tight";
    let builder = Message::builder(Target::token(secret))
        .data("id", secret)
        .notification(Notification {
            body: Some(secret.into()),
            ..Notification::default()
        });
    let message = builder.clone().build().unwrap();
    assert!(!format!("{builder:?} {message:?} {:?}", message.target()).contains(secret));
}
