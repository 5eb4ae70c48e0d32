//! The options that only browsers read: `WebpushConfig` of the API.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::redact::opaque_debug;

/// Options for apps that registered in a browser.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct WebpushConfig {
    /// Headers of the push request, such as `TTL` and `Urgency` (RFC 8030 §5).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Replaces the message's `data` in browsers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// The options of the browser's `Notification`, beside `title` and `body`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub notification: Map<String, Value>,
    /// The options of Google's web SDK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fcm_options: Option<WebpushOptions>,
}

/// The options of Google's web SDK for a notification.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct WebpushOptions {
    /// The page that a click opens; https only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

opaque_debug!(WebpushConfig, WebpushOptions);
