//! The options that only Apple devices read: `ApnsConfig` of the API, which Google passes on to APNs.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::redact::opaque_debug;

/// Options for Apple's devices.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct ApnsConfig {
    /// How APNs delivers the message.
    pub headers: ApnsHeaders,
    /// What the device receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<ApnsPayload>,
    /// The token of the live activity to start or to update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_activity_token: Option<String>,
}

/// The headers of a request to APNs. APNs takes them as text, so they are all written as strings.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApnsHeaders {
    /// The priority of the delivery. If absent, APNs delivers at once.
    #[serde(rename = "apns-priority", skip_serializing_if = "Option::is_none")]
    pub priority: Option<ApnsPriority>,
    /// Until when APNs keeps the message for an offline device. If absent, thirty days.
    #[serde(
        rename = "apns-expiration",
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_unix_seconds"
    )]
    pub expiration: Option<SystemTime>,
    /// A new notification replaces the one that is shown with the same id. At most
    /// [`MAX_COLLAPSE_ID_BYTES`](crate::MAX_COLLAPSE_ID_BYTES).
    #[serde(rename = "apns-collapse-id", skip_serializing_if = "Option::is_none")]
    pub collapse_id: Option<String>,
    /// The kind of the notification. If absent, Google derives it from the payload.
    #[serde(rename = "apns-push-type", skip_serializing_if = "Option::is_none")]
    pub push_type: Option<PushType>,
    /// The app's bundle identifier. If absent, that of the app that registered the address.
    #[serde(rename = "apns-topic", skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
}

/// The priority of a delivery by APNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ApnsPriority {
    /// 10: at once.
    #[serde(rename = "10")]
    Immediate,
    /// 5: when it suits the device's battery. Background notifications must use this.
    #[serde(rename = "5")]
    Considerate,
    /// 1: never wakes the device.
    #[serde(rename = "1")]
    Low,
}

/// The kinds of notification that APNs tells apart and Google can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PushType {
    /// Shows, sounds or badges.
    Alert,
    /// Wakes the app and shows nothing.
    Background,
    /// Starts or updates a live activity.
    LiveActivity,
}

/// What an Apple device receives.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct ApnsPayload {
    /// The part that the system reads.
    pub aps: Aps,
    /// Further keys, for the app.
    #[serde(flatten)]
    pub custom: BTreeMap<String, Value>,
}

/// The part of the payload that the system reads.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Aps {
    /// The text that is shown. It replaces the message's `notification`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<ApnsAlert>,
    /// The number on the app's icon; zero removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<u32>,
    /// `default`, or the name of a sound of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// Groups notifications on the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The category whose actions are offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Wakes the app in the background.
    #[serde(skip_serializing_if = "is_false", serialize_with = "as_one")]
    pub content_available: bool,
    /// Lets the app's service extension change the notification before it is shown.
    #[serde(skip_serializing_if = "is_false", serialize_with = "as_one")]
    pub mutable_content: bool,
    /// Whether it may interrupt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruption_level: Option<InterruptionLevel>,
    /// From 0 to 1: the notifications with the highest score come first in the app's summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relevance_score: Option<f64>,
}

/// What a notification shows on Apple's devices.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ApnsAlert {
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The line below the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The key of the title in the app's `Localizable.strings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_loc_key: Option<String>,
    /// The values for the placeholders of the title.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub title_loc_args: Vec<String>,
    /// The key of the body in the app's `Localizable.strings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loc_key: Option<String>,
    /// The values for the placeholders of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loc_args: Vec<String>,
}

/// Whether a notification may interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterruptionLevel {
    /// Joins the list silently.
    Passive,
    /// Lights the screen.
    Active,
    /// Breaks through scheduled summaries and a focus that allows it.
    TimeSensitive,
    /// Breaks through the mute switch; needs an entitlement.
    Critical,
}

opaque_debug!(ApnsConfig, ApnsHeaders, ApnsPayload, Aps, ApnsAlert);

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Apple's flags are either the number 1 or absent.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn as_one<S: Serializer>(_: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(1)
}

#[allow(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_unix_seconds<S: Serializer>(
    at: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let seconds = at
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default()
        .as_secs();
    serializer.collect_str(&seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn headers_and_flags_have_the_format_of_apns() {
        let config = ApnsConfig {
            headers: ApnsHeaders {
                priority: Some(ApnsPriority::Considerate),
                expiration: Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
                collapse_id: Some("meeting-7".into()),
                push_type: Some(PushType::Alert),
                topic: None,
            },
            payload: Some(ApnsPayload {
                aps: Aps {
                    alert: Some(ApnsAlert {
                        loc_key: Some("meeting_soon".into()),
                        ..ApnsAlert::default()
                    }),
                    mutable_content: true,
                    interruption_level: Some(InterruptionLevel::TimeSensitive),
                    ..Aps::default()
                },
                custom: BTreeMap::from([("id".into(), json!("n1"))]),
            }),
            live_activity_token: None,
        };
        assert_eq!(
            serde_json::to_value(config).unwrap(),
            json!({
                "headers": {
                    "apns-priority": "5",
                    "apns-expiration": "1700000000",
                    "apns-collapse-id": "meeting-7",
                    "apns-push-type": "alert",
                },
                "payload": {
                    "aps": {
                        "alert": { "loc-key": "meeting_soon" },
                        "mutable-content": 1,
                        "interruption-level": "time-sensitive",
                    },
                    "id": "n1",
                },
            })
        );
    }
}
