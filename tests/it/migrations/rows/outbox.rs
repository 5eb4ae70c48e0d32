//! Rows of the change feed, devices and notifications.

use entity::{
    DeliveryId, DeviceId, LeaseHolder, MemberId, NotificationId, SessionId, change, change_feed,
    device, notification, push_delivery, quiet_hours,
};
use sea_orm::DatabaseConnection;
use sea_orm::prelude::{Time, Uuid};

use super::{instant, put, time};

pub(super) async fn put_feed(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        change_feed::Model {
            member_id: MemberId(id),
            last_seq: 7,
            pruned_through: 3,
        },
    )
    .await;
    put(
        db,
        change::Model {
            member_id: MemberId(id),
            kind: change::Kind::CheckIn,
            node_id: id,
            seq: 7,
            deleted: true,
            changed_at: instant(),
        },
    )
    .await;
}

pub(super) async fn put_quiet_hours(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        quiet_hours::Model {
            member_id: MemberId(id),
            enabled: false,
            from_time: time(),
            until_time: Time::from_hms_opt(6, 0, 0).unwrap(),
        },
    )
    .await;
}

pub(super) async fn put_outbox(db: &DatabaseConnection, id: Uuid) {
    put(
        db,
        device::Model {
            id: DeviceId(id),
            member_id: MemberId(id),
            session_id: Some(SessionId(id)),
            address_kind: device::AddressKind::FcmFid,
            address: id.to_string(),
            address_key: id.to_string(),
            installation_id: Some("installation".into()),
            platform: device::Platform::Android,
            app_version: "1.0".into(),
            locale: "pt-PT".into(),
            registered_at: instant(),
            last_seen_at: instant(),
            doubted_at: Some(instant()),
            dead_at: Some(instant()),
            dead_reason: Some(device::DeadReason::Unregistered),
            parted_at: Some(instant()),
        },
    )
    .await;
    put(
        db,
        notification::Model {
            id: NotificationId(id),
            member_id: MemberId(id),
            kind: notification::Kind::CheckInReminder,
            dedup_key: "2026-11-18".into(),
            subject_id: Some(id),
            not_before: instant(),
            expires_at: instant(),
            held_until: Some(instant()),
            state: notification::State::Skipped,
            skip_reason: Some(notification::SkipReason::AlreadyDone),
            created_at: instant(),
            read_at: Some(instant()),
            caused_by: Some(MemberId(id)),
        },
    )
    .await;
    put(
        db,
        push_delivery::Model {
            id: DeliveryId(id),
            notification_id: NotificationId(id),
            device_id: DeviceId(id),
            state: push_delivery::DeliveryState::Retrying,
            reason: Some("UNAVAILABLE".into()),
            attempts: 1,
            due_at: instant(),
            expires_at: instant(),
            lease_holder: Some(LeaseHolder(id)),
            lease_until: Some(instant()),
            provider_message_id: Some("message".into()),
            created_at: instant(),
            updated_at: instant(),
        },
    )
    .await;
}
