//! What other domains ask of nudges.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::notification::{self, Column, Entity, Kind, State};
use entity::{MemberId, NotificationId};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::jobs::{self, Job};

/// Something a member is to be told.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Whom.
    pub member: MemberId,
    /// About what.
    pub kind: Kind,
    /// The same event has the same key, and is told once.
    pub dedup_key: String,
    /// The thing itself; its type follows from the kind.
    pub subject: Option<Uuid>,
    /// Not before.
    pub not_before: DateTime<Utc>,
    /// Not from then on.
    pub expires_at: DateTime<Utc>,
}

/// Writes the notification and the job that will plan its deliveries. Announced again under the same
/// key it changes nothing, except that one that was withdrawn is on again, at its new times.
pub async fn announce(app: &App, tx: &Tx, what: &Announcement) -> Result<(), Fault> {
    let id: NotificationId = app.ids.next();
    let row = notification::ActiveModel {
        id: Set(id),
        member_id: Set(what.member),
        kind: Set(what.kind),
        dedup_key: Set(what.dedup_key.clone()),
        subject_id: Set(what.subject),
        not_before: Set(what.not_before),
        expires_at: Set(what.expires_at),
        state: Set(State::Pending),
        skip_reason: Set(None),
        created_at: Set(app.clock.now()),
        read_at: Set(None),
    };
    let renewed = OnConflict::columns([Column::MemberId, Column::DedupKey])
        .update_columns([Column::NotBefore, Column::ExpiresAt, Column::State])
        .action_and_where(Expr::col((Entity, Column::State)).eq(State::Cancelled))
        .to_owned();
    let told = Entity::insert(row)
        .on_conflict(renewed)
        .exec_with_returning(tx)
        .await;
    let notification = match told {
        Ok(row) => row.id,
        // Told before, and still on.
        Err(sea_orm::DbErr::RecordNotInserted | sea_orm::DbErr::RecordNotFound(_)) => return Ok(()),
        Err(fault) => return Err(fault.into()),
    };
    let key = format!("plan:{notification}");
    jobs::enqueue_once(
        app,
        tx,
        &Job::PlanNotification { notification },
        what.not_before,
        key,
    )
    .await
}

/// Takes back what has not been told yet.
pub async fn withdraw(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Cancelled))
        .filter(Column::MemberId.eq(member))
        .filter(Column::DedupKey.eq(dedup_key))
        .filter(Column::State.eq(State::Pending))
        .exec(tx)
        .await?;
    Ok(())
}

/// A member's days are in another zone from now on: his daily reminder moves with them.
#[allow(clippy::unused_async, reason = "reminders are coming")]
pub async fn time_zone_changed(
    _app: &App,
    _tx: &Tx,
    _member: MemberId,
    _zone: Tz,
) -> Result<(), Fault> {
    Ok(())
}
