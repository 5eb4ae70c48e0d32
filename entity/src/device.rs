//! A push address of a member.

use sea_orm::entity::prelude::*;

use crate::{DeviceId, MemberId, SessionId};

/// How a push address is to be used; as the app declared it, never converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AddressKind {
    /// A Firebase installation id.
    FcmFid,
    /// An FCM registration token.
    FcmToken,
}

/// What the app runs on.
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
    /// The provider says that it is gone.
    Unregistered,
    /// The provider says that it never was one.
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
    /// When the provider last said that the address is gone, which may be its own fault: the address is on trial.
    pub doubted_at: Option<DateTimeUtc>,
    pub dead_at: Option<DateTimeUtc>,
    pub dead_reason: Option<DeadReason>,
    /// When its session was ended by what it is still told of: that the account changed, and nothing else.
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
