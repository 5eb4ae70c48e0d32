//! The options that only Android devices read: `AndroidConfig` of the API.

use std::{collections::BTreeMap, time::Duration};

use serde::{Serialize, Serializer};

use crate::redact::opaque_debug;

/// Options for Android devices.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct AndroidConfig {
    /// If several messages with the same key wait for a device, only the last is delivered. A device has room for four
    /// keys at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    /// Whether the message may wake the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<AndroidPriority>,
    /// How long Google keeps the message for an offline device, up to [`MAX_TTL`](crate::MAX_TTL). Zero means deliver
    /// now or never. If absent, four weeks.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_seconds")]
    pub ttl: Option<Duration>,
    /// The package that the receiving app must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restricted_package_name: Option<String>,
    /// Replaces the message's `data` on Android.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Replaces the message's `notification` on Android, field by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<AndroidNotification>,
    /// Delivers to an app that runs before the device is first unlocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_boot_ok: Option<bool>,
    /// Delivers over a satellite link with constrained bandwidth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth_constrained_ok: Option<bool>,
    /// Delivers over a restricted satellite link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restricted_satellite_ok: Option<bool>,
}

/// How a notification looks and behaves on Android.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct AndroidNotification {
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The name of a drawable of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The icon's colour as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// `default`, or the name of a sound of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// A new notification replaces the one that is shown with the same tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The intent filter of the activity that a tap opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_action: Option<String>,
    /// The key of the title in the app's string resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_loc_key: Option<String>,
    /// The values for the placeholders of the title.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub title_loc_args: Vec<String>,
    /// The key of the body in the app's string resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_loc_key: Option<String>,
    /// The values for the placeholders of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body_loc_args: Vec<String>,
    /// The channel of the notification; the app must have created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// The text for screen readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// Whether the notification stays when it is tapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<bool>,
    /// When the event happened, as RFC 3339. Android sorts the shown notifications by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// Whether the notification stays on this device and is not bridged to a watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_only: Option<bool>,
    /// How strongly it asks for attention once delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_priority: Option<NotificationPriority>,
    /// Whether to use the device's default sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_sound: Option<bool>,
    /// Whether to use the device's default vibration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_vibrate_timings: Option<bool>,
    /// Whether to use the device's default light.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_light_settings: Option<bool>,
    /// How much of it a locked screen shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// The number on the app's icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_count: Option<i32>,
    /// The address of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether another app on the device may show the notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyPolicy>,
}

/// Whether a message may wake an Android device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AndroidPriority {
    /// Delivered when the device is next awake.
    Normal,
    /// Delivered at once. Google lowers it for apps whose high-priority messages show nothing.
    High,
}

/// How strongly a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum NotificationPriority {
    /// Shown only in the shade's lowest section.
    #[serde(rename = "PRIORITY_MIN")]
    Min,
    /// Shown without interrupting.
    #[serde(rename = "PRIORITY_LOW")]
    Low,
    /// The app's default.
    #[serde(rename = "PRIORITY_DEFAULT")]
    Default,
    /// For important messages.
    #[serde(rename = "PRIORITY_HIGH")]
    High,
    /// For notifications that need attention at once.
    #[serde(rename = "PRIORITY_MAX")]
    Max,
}

/// How much of a notification a locked screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Visibility {
    /// That there is a notification, but not its content.
    Private,
    /// All of it.
    Public,
    /// Nothing.
    Secret,
}

/// Whether another app on the device may show the notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProxyPolicy {
    /// It may.
    Allow,
    /// It may not.
    Deny,
    /// Only if the message's priority was lowered.
    IfPriorityLowered,
}

opaque_debug!(AndroidConfig, AndroidNotification);

/// Writes a duration in the JSON form of protocol buffers: seconds, with nine decimals if it is not a whole number.
#[allow(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_seconds<S: Serializer>(ttl: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match ttl {
        None => serializer.serialize_none(),
        Some(ttl) if ttl.subsec_nanos() == 0 => {
            serializer.collect_str(&format_args!("{}s", ttl.as_secs()))
        }
        Some(ttl) => serializer.collect_str(&format_args!(
            "{}.{:09}s",
            ttl.as_secs(),
            ttl.subsec_nanos()
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ttls_have_the_format_of_a_protobuf_duration() {
        let ttl = |ttl| {
            serde_json::to_value(AndroidConfig {
                ttl: Some(ttl),
                ..AndroidConfig::default()
            })
            .unwrap()
        };
        assert_eq!(ttl(Duration::from_hours(1)), json!({ "ttl": "3600s" }));
        assert_eq!(ttl(Duration::ZERO), json!({ "ttl": "0s" }));
        assert_eq!(
            ttl(Duration::from_millis(1_500)),
            json!({ "ttl": "1.500000000s" })
        );
    }
}
