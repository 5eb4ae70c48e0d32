//! The production transport: Firebase Cloud Messaging.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use entity::device::{AddressKind, DeadReason, Platform};
use fcm::{
    AndroidConfig, AndroidNotification, AndroidPriority, ApnsAlert, ApnsConfig, ApnsHeaders,
    ApnsPayload, ApnsPriority, Aps, Client, Credentials, Environment, MAX_TTL, Message,
    MessageError, Notification, PushType, Target, Visibility, WebpushConfig,
};

use super::address::Address;
use super::message::Rendered;
use super::outcome::Outcome;
use super::transport::{Transport, TransportError};
use crate::config::FcmConfig;
use crate::node_id::NodeId as _;
use crate::notification_kind::Urgency;

/// The FCM transport.
pub(super) struct FcmTransport {
    client: Client,
}

impl FcmTransport {
    pub(super) const fn new(client: Client) -> Self {
        Self { client }
    }
}

/// Creates a client for the configured project.
pub(super) fn client(config: &FcmConfig) -> Result<Client, TransportError> {
    let credentials = if config.credentials_file.is_empty() {
        Credentials::metadata_server()
    } else {
        Credentials::from_file(&config.credentials_file)?
    };
    let mut client = fcm::Config::new(config.base_url.clone());
    let project = &config.project_id;
    client.project_id = (!project.is_empty()).then(|| project.clone());
    client.connections = NonZeroUsize::new(config.connections).unwrap_or(NonZeroUsize::MIN);
    // Google uses the real time, even when development travels in time.
    Ok(Client::new(&client, credentials, Environment::system())?)
}

#[async_trait]
impl Transport for FcmTransport {
    async fn send(&self, to: &Address, platform: Platform, nudge: &Rendered) -> Outcome {
        match fcm_message(to, platform, nudge) {
            Ok(message) => outcome(self.client.send(&message).await),
            // The address is the only part of a message whose length varies this much, and no real one is this long.
            Err(MessageError::TooLarge { .. }) => Outcome::Dead(DeadReason::InvalidAddress),
            Err(_) => Outcome::Rejected,
        }
    }

    fn capacity(&self) -> usize {
        self.client.capacity()
    }

    async fn check(&self) -> Result<(), String> {
        let authenticated = self.client.authenticate().await;
        authenticated.map_err(|fault| fault.to_string())
    }
}

fn outcome(outcome: fcm::Outcome) -> Outcome {
    match outcome {
        fcm::Outcome::Accepted { name } => Outcome::Accepted { message_id: name },
        fcm::Outcome::Unregistered => Outcome::Dead(DeadReason::Unregistered),
        fcm::Outcome::InvalidTarget => Outcome::Dead(DeadReason::InvalidAddress),
        fcm::Outcome::SenderIdMismatch => Outcome::Dead(DeadReason::SenderMismatch),
        fcm::Outcome::Rejected { .. } => Outcome::Rejected,
        fcm::Outcome::QuotaExceeded { retry_after } => Outcome::QuotaExceeded { retry_after },
        fcm::Outcome::Unavailable { retry_after, .. } => Outcome::Unavailable { retry_after },
        fcm::Outcome::PlatformCredentials => Outcome::PlatformRefused,
        fcm::Outcome::Misconfigured { .. } => Outcome::Misconfigured,
        fcm::Outcome::NoAccessToken { error, retry_after } => Outcome::NoAccess {
            retry_after,
            refused: error.is_refusal(),
        },
    }
}

/// Builds the FCM message. A second push replaces the first: collapse key, tag and collapse id are the notification's
/// id.
pub(super) fn fcm_message(
    to: &Address,
    platform: Platform,
    nudge: &Rendered,
) -> Result<Message, MessageError> {
    let target = match to.kind() {
        AddressKind::FcmFid => Target::fid(to.value()),
        AddressKind::FcmToken => Target::token(to.value()),
    };
    let id = nudge.notification.to_string();
    let message = Message::builder(target)
        .data("notification_id", nudge.notification.global().as_str())
        .data("kind", nudge.category.channel())
        .notification(Notification {
            title: Some(nudge.title.text.to_owned()),
            body: Some(nudge.body.text.to_owned()),
            ..Notification::default()
        });
    match platform {
        Platform::Android => message.android(android(nudge, id)),
        Platform::Ios => message.apns(apns(nudge, id)),
        Platform::Web => message.webpush(webpush(nudge, id)),
    }
    .build()
}

fn android(nudge: &Rendered, id: String) -> AndroidConfig {
    AndroidConfig {
        collapse_key: Some(id.clone()),
        priority: Some(match nudge.urgency {
            Urgency::High => AndroidPriority::High,
            Urgency::Normal => AndroidPriority::Normal,
        }),
        ttl: Some(nudge.ttl.min(MAX_TTL)),
        notification: Some(AndroidNotification {
            title_loc_key: Some(nudge.title.key.to_owned()),
            body_loc_key: Some(nudge.body.key.to_owned()),
            tag: Some(id),
            channel_id: Some(nudge.category.channel().to_owned()),
            visibility: Some(Visibility::Private),
            ..AndroidNotification::default()
        }),
        ..AndroidConfig::default()
    }
}

fn apns(nudge: &Rendered, id: String) -> ApnsConfig {
    ApnsConfig {
        headers: ApnsHeaders {
            priority: Some(match nudge.urgency {
                Urgency::High => ApnsPriority::Immediate,
                Urgency::Normal => ApnsPriority::Considerate,
            }),
            expiration: Some(nudge.expires_at.into()),
            collapse_id: Some(id),
            push_type: Some(PushType::Alert),
            ..ApnsHeaders::default()
        },
        payload: Some(ApnsPayload {
            aps: Aps {
                alert: Some(ApnsAlert {
                    title: Some(nudge.title.text.to_owned()),
                    body: Some(nudge.body.text.to_owned()),
                    title_loc_key: Some(nudge.title.key.to_owned()),
                    loc_key: Some(nudge.body.key.to_owned()),
                    ..ApnsAlert::default()
                }),
                sound: (nudge.urgency == Urgency::High).then(|| "default".to_owned()),
                thread_id: Some(nudge.category.channel().to_owned()),
                mutable_content: true,
                ..Aps::default()
            },
            ..ApnsPayload::default()
        }),
        ..ApnsConfig::default()
    }
}

/// Headers of RFC 8030 §5.2 and §5.3. The browser replaces a notification with the same tag.
fn webpush(nudge: &Rendered, id: String) -> WebpushConfig {
    let urgency = match nudge.urgency {
        Urgency::High => "high",
        Urgency::Normal => "normal",
    };
    let ttl = nudge.ttl.min(MAX_TTL).as_secs().to_string();
    let headers = [("TTL", ttl), ("Urgency", urgency.to_owned())];
    WebpushConfig {
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        notification: [("tag".to_owned(), id.into())].into_iter().collect(),
        ..WebpushConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use chrono::{DateTime, TimeDelta};
    use entity::NotificationId;
    use entity::notification::Kind;
    use sea_orm::Iterable as _;
    use uuid::Uuid;

    use super::*;
    use crate::push::message::render;

    fn rendered(kind: Kind) -> Rendered {
        let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
        let id = NotificationId(Uuid::from_u128(7));
        render(id, kind, now, now + TimeDelta::hours(2))
    }

    #[test]
    fn the_push_payloads_match_their_snapshot() {
        let address = Address::parse(AddressKind::FcmToken, "token").unwrap();
        let mut sent = String::new();
        for kind in [Kind::MeetingReminder, Kind::CheckInReminder] {
            for platform in [Platform::Android, Platform::Ios, Platform::Web] {
                let message = fcm_message(&address, platform, &rendered(kind)).unwrap();
                let body: serde_json::Value = serde_json::from_slice(message.body()).unwrap();
                writeln!(sent, "{kind:?}, {platform:?}: {body:#}\n").unwrap();
            }
        }
        insta::assert_snapshot!("push_payloads", sent);
    }

    #[test]
    fn the_words_of_every_kind_match_their_snapshot() {
        let mut shown = String::new();
        for kind in Kind::iter() {
            let Rendered {
                category,
                title,
                body,
                urgency,
                ..
            } = rendered(kind);
            writeln!(
                shown,
                "{kind:?}: {} / {} ({}, {category:?}, {urgency:?})",
                title.text, body.text, body.key
            )
            .unwrap();
        }
        insta::assert_snapshot!("push_words", shown);
    }
}
