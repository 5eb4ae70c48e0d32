//! A row in every table.

mod account;
mod circles;
mod days;
mod outbox;
mod partners;
mod shared;

use std::fmt::Debug;

use entity::{CircleId, MemberId, OccurrenceId};
use sea_orm::prelude::{Date, DateTimeUtc, Time, Uuid};
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait};

use self::account::{put_account, put_profile};
use self::circles::put_participation;
use self::days::{put_commitment, put_days};
use self::outbox::{put_feed, put_outbox, put_quiet_hours};
use self::partners::{put_pact, put_partners};

pub use self::circles::put_meeting;
pub use self::shared::put_shared_rows;

/// An instant with microseconds, which both databases store.
fn instant() -> DateTimeUtc {
    DateTimeUtc::from_timestamp_micros(1_795_000_000_123_456).unwrap()
}

fn date() -> Date {
    Date::from_ymd_opt(2026, 11, 18).unwrap()
}

fn time() -> Time {
    Time::from_hms_opt(21, 30, 0).unwrap()
}

/// Inserts a row and reads it back.
async fn put<M, A>(db: &DatabaseConnection, row: M)
where
    M: ModelTrait + IntoActiveModel<A> + PartialEq + Debug,
    M::Entity: EntityTrait<Model = M>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    let written = M::Entity::insert(row.clone().into_active_model());
    written.exec_without_returning(db).await.unwrap();
    let read = M::Entity::find().all(db).await.unwrap();
    assert!(read.contains(&row), "wrote {row:?}, read {read:?}");
}

/// Inserts a member with a row in every table that can have one. `number` makes the member and the rows unique.
pub async fn put_member(
    db: &DatabaseConnection,
    number: u128,
    (circle, occurrence): (CircleId, OccurrenceId),
) -> MemberId {
    let id = Uuid::from_u128(number);
    put_account(db, id).await;
    put_profile(db, MemberId(id)).await;
    put_participation(db, id, circle, occurrence).await;
    put_days(db, id).await;
    put_partners(db, id).await;
    put_pact(db, id).await;
    put_commitment(db, id).await;
    put_quiet_hours(db, id).await;
    put_outbox(db, id).await;
    put_feed(db, id).await;
    MemberId(id)
}
