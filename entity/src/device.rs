//! A device of a member: its push address.

use sea_orm::entity::prelude::*;

use crate::{DeviceId, MemberId, SessionId};

/// The kind of a push address, as the app declared it. It is never converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AddressKind {
    /// A Firebase installation id.
    FcmFid,
    /// An FCM registration token.
    FcmToken,
}

/// The platform of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Platform {
    /// iOS or iPadOS.
    Ios,
    /// Android.
    Android,
    /// A browser.
    Web,
}

/// Why an address is not used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DeadReason {
    /// The provider reported that it is gone.
    Unregistered,
    /// The provider reported that it is not a valid address.
    InvalidAddress,
    /// It belongs to another sender.
    SenderMismatch,
    /// Not seen for too long.
    Expired,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    pub member_id: MemberId,
    /// The session that registered it.
    pub session_id: Option<SessionId>,
    pub address_kind: AddressKind,
    pub address: String,
    /// SHA-256 of kind and address, in hexadecimal.
    #[sea_orm(unique)]
    pub address_key: String,
    pub installation_id: Option<String>,
    pub platform: Platform,
    pub app_version: String,
    /// BCP 47.
    pub locale: String,
    pub registered_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    /// When the provider last reported the address as gone. That may be the provider's own fault, so the address is on
    /// trial.
    pub doubted_at: Option<DateTimeUtc>,
    pub dead_at: Option<DateTimeUtc>,
    pub dead_reason: Option<DeadReason>,
    /// When its session was ended by a change of the account. The device is still notified of that change, and of
    /// nothing else.
    pub parted_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
