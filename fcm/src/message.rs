//! A message, checked when it is built.

use std::{collections::BTreeMap, fmt, time::Duration};

use bytes::Bytes;
use serde::Serialize;

use crate::{AndroidConfig, ApnsConfig, WebpushConfig, redact::opaque_debug};

/// The most bytes of a message. Google counts the payload. Here the whole request counts, including the address,
/// because that is the one number that both sides can agree on.
pub const MAX_MESSAGE_BYTES: usize = 4_096;
/// The longest time that Google keeps a message for an offline device: 28 days, 2,419,200 s.
pub const MAX_TTL: Duration = Duration::from_hours(28 * 24);
/// The most bytes of an `apns-collapse-id`, a limit of APNs.
pub const MAX_COLLAPSE_ID_BYTES: usize = 64;

/// The receiver of a message: exactly one installation of an app.
///
/// The app declares which of the two kinds its address is. One cannot be made from the other.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A Firebase installation id.
    Fid(String),
    /// A registration token: deprecated by Google, still served.
    Token(String),
}

impl Target {
    /// The installation with this Firebase installation id.
    pub fn fid(fid: impl Into<String>) -> Self {
        Self::Fid(fid.into())
    }

    /// The installation with this registration token.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(token.into())
    }

    fn address(&self) -> &str {
        match self {
            Self::Fid(address) | Self::Token(address) => address,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fid(_) => "Fid(..)",
            Self::Token(_) => "Token(..)",
        })
    }
}

/// The notification on every platform that has no options of its own.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The address of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// A message that Google's documented limits allow. It is made with [`Message::builder`].
#[derive(Clone)]
pub struct Message {
    target: Target,
    body: Bytes,
}

impl Message {
    /// Starts a message to `target`.
    pub fn builder(target: Target) -> MessageBuilder {
        MessageBuilder {
            target,
            data: BTreeMap::new(),
            notification: None,
            android: None,
            apns: None,
            webpush: None,
            validate_only: false,
        }
    }

    /// Returns the receiver.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the body of the request as it is sent. It discloses the address and the content.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// Builds a message. A clone builds the same message for another target.
#[derive(Clone)]
pub struct MessageBuilder {
    target: Target,
    data: BTreeMap<String, String>,
    notification: Option<Notification>,
    android: Option<AndroidConfig>,
    apns: Option<ApnsConfig>,
    webpush: Option<WebpushConfig>,
    validate_only: bool,
}

opaque_debug!(Notification, Message, MessageBuilder);

impl MessageBuilder {
    /// Replaces the target.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Adds a value for the app. The app receives all values as strings.
    #[must_use]
    pub fn data(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// Shows a notification. Without one, the app receives the data and decides.
    #[must_use]
    pub fn notification(mut self, notification: Notification) -> Self {
        self.notification = Some(notification);
        self
    }

    /// Sets the options for Android.
    #[must_use]
    pub fn android(mut self, android: AndroidConfig) -> Self {
        self.android = Some(android);
        self
    }

    /// Sets the options for Apple's devices.
    #[must_use]
    pub fn apns(mut self, apns: ApnsConfig) -> Self {
        self.apns = Some(apns);
        self
    }

    /// Sets the options for browsers.
    #[must_use]
    pub fn webpush(mut self, webpush: WebpushConfig) -> Self {
        self.webpush = Some(webpush);
        self
    }

    /// Makes Google check the message without delivering it.
    #[must_use]
    pub fn validate_only(mut self) -> Self {
        self.validate_only = true;
        self
    }

    /// Checks the limits that Google documents but its schema does not express.
    pub fn build(self) -> Result<Message, MessageError> {
        self.check_target()?;
        self.check_data()?;
        self.check_limits()?;
        let body = serde_json::to_vec(&self.request()).map_err(|_| MessageError::Unserialisable)?;
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(MessageError::TooLarge { bytes: body.len() });
        }
        Ok(Message {
            target: self.target,
            body: body.into(),
        })
    }

    fn check_target(&self) -> Result<(), MessageError> {
        if self.target.address().trim().is_empty() {
            Err(MessageError::NoAddress)
        } else {
            Ok(())
        }
    }

    fn check_data(&self) -> Result<(), MessageError> {
        let android = self.android.iter().flat_map(|android| android.data.keys());
        let webpush = self.webpush.iter().flat_map(|webpush| webpush.data.keys());
        match self
            .data
            .keys()
            .chain(android)
            .chain(webpush)
            .find(|key| is_reserved(key))
        {
            Some(key) => Err(MessageError::ReservedKey { key: key.clone() }),
            None => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), MessageError> {
        if let Some(ttl) = self.android.as_ref().and_then(|android| android.ttl)
            && ttl > MAX_TTL
        {
            return Err(MessageError::TtlTooLong {
                seconds: ttl.as_secs(),
            });
        }
        if let Some(id) = self
            .apns
            .as_ref()
            .and_then(|apns| apns.headers.collapse_id.as_ref())
            && id.len() > MAX_COLLAPSE_ID_BYTES
        {
            return Err(MessageError::CollapseIdTooLong { bytes: id.len() });
        }
        Ok(())
    }

    fn request(&self) -> Request<'_> {
        let (fid, token) = match &self.target {
            Target::Fid(fid) => (Some(fid.as_str()), None),
            Target::Token(token) => (None, Some(token.as_str())),
        };
        Request {
            validate_only: self.validate_only.then_some(true),
            message: Wire {
                fid,
                token,
                data: &self.data,
                notification: self.notification.as_ref(),
                android: self.android.as_ref(),
                apns: self.apns.as_ref(),
                webpush: self.webpush.as_ref(),
            },
        }
    }
}

/// Whether Google delivers fields of its own under this key.
fn is_reserved(key: &str) -> bool {
    matches!(key, "from" | "message_type")
        || key.starts_with("google.")
        || key.starts_with("gcm.notification.")
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_only: Option<bool>,
    message: Wire<'a>,
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    fid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<&'a Notification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android: Option<&'a AndroidConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apns: Option<&'a ApnsConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webpush: Option<&'a WebpushConfig>,
}

/// Why a message can never be sent, to any target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The target's address is blank.
    #[error("the target has no address")]
    NoAddress,
    /// Google uses the key for fields of its own.
    #[error("the data key {key:?} is reserved by FCM")]
    ReservedKey {
        /// The key, of `data`, `android.data` or `webpush.data`.
        key: String,
    },
    /// The time to live is beyond [`MAX_TTL`].
    #[error("a ttl of {seconds} s is longer than the {} s that FCM keeps a message", MAX_TTL.as_secs())]
    TtlTooLong {
        /// The time to live, in whole seconds.
        seconds: u64,
    },
    /// The `apns-collapse-id` is beyond [`MAX_COLLAPSE_ID_BYTES`].
    #[error("an apns-collapse-id of {bytes} bytes is longer than {MAX_COLLAPSE_ID_BYTES}")]
    CollapseIdTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The request is beyond [`MAX_MESSAGE_BYTES`].
    #[error("a message of {bytes} bytes is longer than {MAX_MESSAGE_BYTES}")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A custom value has no JSON form.
    #[error("the message has no JSON form")]
    Unserialisable,
}

#[cfg(test)]
mod tests;
