//! What other domains ask of profiles.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::MemberId;
use entity::member::{self, Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{Country, Handle, Language};
use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;

/// What is known of a man when he has just signed up.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// His id.
    pub id: MemberId,
    /// His name here.
    pub handle: Handle,
    /// Where his days begin and end.
    pub time_zone: Tz,
    /// Where he lives.
    pub country: Country,
    /// The language of his app.
    pub locale: Language,
}

/// Makes the profile of a new member; false when his handle was taken meanwhile.
pub async fn create(app: &App, tx: &Tx, new: &NewMember) -> Result<bool, Fault> {
    let taken = Entity::find()
        .filter(Column::HandleKey.eq(new.handle.key()))
        .one(tx)
        .await?
        .is_some();
    if taken {
        return Ok(false);
    }
    let now = app.clock.now();
    let row = member::ActiveModel {
        id: Set(new.id),
        handle: Set(new.handle.as_str().to_owned()),
        handle_key: Set(new.handle.key().to_owned()),
        bio: Set(None),
        story: Set(None),
        age_band: Set(None),
        country: Set(new.country.code().to_owned()),
        region: Set(None),
        time_zone: Set(new.time_zone.name().to_owned()),
        locale: Set(new.locale.tag().to_owned()),
        contact_modes: Set(0),
        reply_pace: Set(None),
        availability: Set(0),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        hidden_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}

/// Hides a member from everyone, or shows him again: while his account waits for deletion he is not there.
pub async fn set_hidden(app: &App, tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(
            Column::HiddenAt,
            Expr::value(hidden.then(|| app.clock.now())),
        )
        .filter(Column::Id.eq(member))
        .exec(tx)
        .await?;
    Ok(())
}

const NO_ZONE: Fault = Fault::Broken("a member has a time zone of the IANA database");

/// The zone a member's days are in.
pub async fn time_zone(db: &impl sea_orm::ConnectionTrait, member: MemberId) -> Result<Tz, Fault> {
    use sea_orm::QuerySelect as _;
    let name: Option<String> = Entity::find_by_id(member)
        .select_only()
        .column(Column::TimeZone)
        .into_tuple()
        .one(db)
        .await?;
    name.and_then(|name| name.parse().ok()).ok_or(NO_ZONE)
}

/// What the pipeline of nudges has to know of a member.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The zone his days are in.
    pub zone: Tz,
    /// His account waits for deletion.
    pub hidden: bool,
}

/// The standing of each of these members; those that are gone are not among the answers.
pub async fn standings(
    db: &impl sea_orm::ConnectionTrait,
    members: &[MemberId],
) -> Result<std::collections::HashMap<MemberId, Standing>, Fault> {
    use sea_orm::QuerySelect as _;
    if members.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows: Vec<(MemberId, String, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::TimeZone, Column::HiddenAt])
        .filter(Column::Id.is_in(members.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .map(|(member, zone, hidden_at)| {
            let zone = zone.parse().map_err(|_| NO_ZONE)?;
            let hidden = hidden_at.is_some();
            Ok((member, Standing { zone, hidden }))
        })
        .collect()
}

/// As [`time_zone`], and it stays so until the transaction ends.
pub async fn hold_time_zone(tx: &Tx, member: MemberId) -> Result<Tz, Fault> {
    use sea_orm::QuerySelect as _;
    let name: Option<String> = Entity::find_by_id(member)
        .select_only()
        .column(Column::TimeZone)
        .lock_shared()
        .into_tuple()
        .one(tx)
        .await?;
    name.and_then(|name| name.parse().ok()).ok_or(NO_ZONE)
}
