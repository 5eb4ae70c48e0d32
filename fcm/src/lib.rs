//! A client of Firebase Cloud Messaging's [HTTP v1 API][api], and nothing else: no storage, no
//! queue, no opinion about what a notification says.
//!
//! A [`Message`] is checked when it is built, so one that exists can be sent. Addresses and the
//! content of messages appear in no `Debug`, no `Display` and no log line.
//!
//! [api]: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod android;
mod apns;
mod message;
mod redact;
mod webpush;

pub use android::{
    AndroidConfig, AndroidNotification, AndroidPriority, NotificationPriority, ProxyPolicy,
    Visibility,
};
pub use apns::{
    ApnsAlert, ApnsConfig, ApnsHeaders, ApnsPayload, ApnsPriority, Aps, InterruptionLevel, PushType,
};
pub use message::{
    MAX_COLLAPSE_ID_BYTES, MAX_MESSAGE_BYTES, MAX_TTL, Message, MessageBuilder, MessageError,
    Notification, Target,
};
pub use webpush::{WebpushConfig, WebpushOptions};
