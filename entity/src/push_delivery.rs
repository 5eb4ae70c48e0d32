//! The delivery of one notification to one device.

use sea_orm::entity::prelude::*;

use crate::{DeliveryId, DeviceId, LeaseHolder, NotificationId};

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not tried yet.
    Queued,
    /// The provider accepted it.
    Accepted,
    /// It will be tried again.
    Retrying,
    /// Given up.
    Undelivered,
    /// The address is gone.
    Dead,
    /// Its time passed.
    Expired,
    /// It was no longer wanted when it was due.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub notification_id: NotificationId,
    pub device_id: DeviceId,
    pub state: DeliveryState,
    /// The reason, for the operator. It never contains the address or the text.
    pub reason: Option<String>,
    pub attempts: i32,
    pub due_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub lease_holder: Option<LeaseHolder>,
    pub lease_until: Option<DateTimeUtc>,
    pub provider_message_id: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::notification::Entity",
        from = "Column::NotificationId",
        to = "super::notification::Column::Id"
    )]
    Notification,
    #[sea_orm(
        belongs_to = "super::device::Entity",
        from = "Column::DeviceId",
        to = "super::device::Column::Id"
    )]
    Device,
}

impl Related<super::notification::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Notification.def()
    }
}

impl Related<super::device::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Device.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
