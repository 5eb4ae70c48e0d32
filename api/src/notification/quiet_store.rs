//! SQL for quiet hours.

use entity::MemberId;
use entity::quiet_hours::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _};

use crate::days::QuietHours;
use crate::error::Fault;

/// Returns a member's quiet hours, or the default.
pub(super) async fn of(db: &impl ConnectionTrait, member: MemberId) -> Result<QuietHours, Fault> {
    let row = Entity::find_by_id(member).one(db).await?;
    let set = row.and_then(|row| QuietHours::new(row.enabled, row.from_time, row.until_time));
    Ok(set.unwrap_or_default())
}

/// Sets a member's quiet hours.
pub(super) async fn set(
    db: &impl ConnectionTrait,
    member: MemberId,
    hours: QuietHours,
) -> Result<(), Fault> {
    let row = ActiveModel {
        member_id: Set(member),
        enabled: Set(hours.enabled),
        from_time: Set(hours.from()),
        until_time: Set(hours.until()),
    };
    let instead = OnConflict::column(Column::MemberId)
        .update_columns([Column::Enabled, Column::FromTime, Column::UntilTime])
        .to_owned();
    Entity::insert(row)
        .on_conflict(instead)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
