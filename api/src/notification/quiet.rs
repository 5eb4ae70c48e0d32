//! Reads and sets a member's quiet hours.

use entity::MemberId;
use sea_orm::ConnectionTrait;

use super::quiet_store as store;
use crate::app::App;
use crate::days::QuietHours;
use crate::error::Fault;

/// Returns a member's quiet hours.
pub async fn of_member(db: &impl ConnectionTrait, member: MemberId) -> Result<QuietHours, Fault> {
    store::of(db, member).await
}

/// Sets a member's quiet hours. A notification that already waits keeps its time.
pub async fn set(app: &App, member: MemberId, hours: QuietHours) -> Result<(), Fault> {
    store::set(app.db.pool(), member, hours).await
}
