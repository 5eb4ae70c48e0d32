//! The use cases of devices.

use entity::device::{self, DeadReason};
use entity::{DeviceId, MemberId, SessionId};
use sea_orm::ConnectionTrait;

use super::model::{
    Device, PARTED_FOR, REMOVED_AFTER, Reachable, Registration, RemovalCandidate, stale_before,
    surplus,
};
use super::store::{self, Since};
use crate::app::App;
use crate::db::SLICE;
use crate::error::Fault;
use crate::fact::Fact;
use crate::push::Address;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::SignedIn;

/// The outcome of a registration.
#[derive(Clone, Debug)]
pub enum Registered {
    /// The device is registered.
    Device(Device),
    /// The session ended meanwhile: nobody is signed in on this device.
    SessionEnded,
}

/// Registers an address, or refreshes it. It belongs to this member from now on; a member who had it before is
/// notified. It replaces the installation's earlier address. A repeated registration changes only when the device was
/// last seen.
pub async fn register(
    app: &App,
    who: SignedIn,
    registration: &Registration,
) -> Result<Registered, Fault> {
    transact!(app, |tx| {
        if !store::lock_session(tx, who).await? {
            return Ok(Done::Undo(Registered::SessionEnded));
        }
        let (row, taken) = place(app, tx, who, registration).await?;
        if let Some(taken) = taken.filter(|device| is_reached(app, device)) {
            let member = taken.member_id;
            app.follow(tx, Fact::PushAddressTaken { member }).await?;
        }
        Ok(Done::Keep(Registered::Device(shown(row))))
    })
}

/// Whether pushes were sent to a device until now.
fn is_reached(app: &App, device: &device::Model) -> bool {
    device.dead_at.is_none()
        && device.parted_at.is_none()
        && device.last_seen_at >= stale_before(app.clock.now())
}

/// Writes the registration to its row. Returns that row, and the row in which another member had the address.
async fn place(
    app: &App,
    tx: &Tx,
    who: SignedIn,
    new: &Registration,
) -> Result<(device::Model, Option<device::Model>), Fault> {
    let now = app.clock.now();
    let key = new.address.key();
    store::lock_addresses(tx, who.member, &key).await?;
    let mut own = store::all(tx, who.member).await?;
    let same_installation = |row: &device::Model| {
        new.installation_id.is_some() && row.installation_id == new.installation_id
    };
    let mut taken = None;
    let target = if let Some(row) = own.iter().find(|row| row.address_key == key) {
        row.id
    } else {
        taken = store::take_from_others(tx, &key, who.member).await?;
        if let Some(row) = own.iter().find(|row| same_installation(row)) {
            row.id
        } else {
            let fresh = app.ids.next();
            store::add(tx, fresh, who, new, now).await?;
            fresh
        }
    };
    let replaced: Vec<_> = own
        .extract_if(.., |row| row.id != target && same_installation(row))
        .map(|row| row.id)
        .collect();
    store::remove(tx, who.member, &replaced).await?;
    // The row is missing only if a concurrent transaction removed it.
    let row = store::refresh(tx, target, who, new, now).await?;
    let row = row.ok_or(Fault::Busy)?;

    let mut candidates: Vec<_> = own.iter().filter(|other| other.id != target).collect();
    candidates.push(&row);
    let candidates = candidates.into_iter().map(|row| RemovalCandidate {
        id: row.id,
        dead: row.dead_at.is_some(),
        last_seen_at: row.last_seen_at,
    });
    store::remove(tx, who.member, &surplus(candidates.collect(), target)).await?;
    Ok((row, taken))
}

/// Removes a device of the member. Idempotent: succeeds also if the device is gone already.
pub async fn unregister(app: &App, who: SignedIn, device: DeviceId) -> Result<(), Fault> {
    store::remove(app.db.pool(), who.member, &[device]).await
}

/// Returns the devices that the member's notifications go to, last seen first.
pub async fn of_member(db: &impl ConnectionTrait, member: MemberId) -> Result<Vec<Device>, Fault> {
    let rows = store::alive(db, member).await?;
    Ok(rows.into_iter().map(shown).collect())
}

/// Removes the devices of sessions that ended: nobody is signed in on them any more, so nothing is sent to them.
pub async fn remove_devices(tx: &Tx, sessions: &[SessionId]) -> Result<(), Fault> {
    if sessions.is_empty() {
        return Ok(());
    }
    store::remove_of_sessions(tx, sessions).await
}

/// Marks the devices of these sessions as parted: a stranger may have ended the sessions, so the devices must still be
/// notified. For an hour they receive what is about the account, and nothing else.
pub async fn part_devices(app: &App, tx: &Tx, sessions: &[SessionId]) -> Result<(), Fault> {
    store::part_with_sessions(tx, sessions, app.clock.now()).await
}

fn since(app: &App) -> Since {
    let now = app.clock.now();
    Since {
        seen: stale_before(now),
        parted: now - PARTED_FOR,
    }
}

/// Returns the devices of these members that can be sent to now. Some of them receive only what is about the account:
/// see [`Reachable::parted`].
pub async fn live(
    app: &App,
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<Vec<Reachable>, Fault> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let rows = store::reachable_of(db, members, since(app)).await?;
    Ok(rows.into_iter().map(reachable).collect())
}

/// Returns the given devices that can be sent to now.
pub async fn live_among(
    app: &App,
    db: &impl ConnectionTrait,
    devices: &[DeviceId],
) -> Result<Vec<Reachable>, Fault> {
    let rows = store::reachable_among(db, devices, since(app)).await?;
    Ok(rows.into_iter().map(reachable).collect())
}

/// Marks addresses as dead: nothing is sent to them until they are registered again. A device that has another address
/// by now is left alone. Returns how many were marked.
pub async fn give_up(
    app: &App,
    db: &impl ConnectionTrait,
    sent_to: &[&Reachable],
    reason: DeadReason,
) -> Result<u64, Fault> {
    store::mark_dead(db, sent_to, reason, app.clock.now()).await
}

/// Puts addresses on trial because the provider says that they are gone. A new registration ends the trial.
pub async fn doubt(
    app: &App,
    db: &impl ConnectionTrait,
    sent_to: &[&Reachable],
) -> Result<(), Fault> {
    store::doubt(db, sent_to, Some(app.clock.now())).await
}

/// Ends the trial of addresses that the provider delivered to.
pub async fn trust(db: &impl ConnectionTrait, sent_to: &[&Reachable]) -> Result<(), Fault> {
    store::doubt(db, sent_to, None).await
}

/// Removes devices that have not been seen for too long, and those whose sessions ended.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let parted = store::remove_parted(app.db.pool(), now - PARTED_FOR).await?;
    let unseen = store::remove_unseen(app.db.pool(), now - REMOVED_AFTER).await?;
    metrics::counter!("belay_devices_expired_total").increment(unseen);
    Ok(parted == SLICE || unseen == SLICE)
}

fn shown(row: device::Model) -> Device {
    Device {
        id: row.id,
        address_kind: row.address_kind,
        platform: row.platform,
        app_version: row.app_version,
        locale: row.locale,
        registered_at: row.registered_at,
        last_seen_at: row.last_seen_at,
    }
}

fn reachable(row: device::Model) -> Reachable {
    Reachable {
        id: row.id,
        member: row.member_id,
        address: Address::stored(row.address_kind, row.address),
        platform: row.platform,
        doubted_at: row.doubted_at,
        parted: row.parted_at.is_some(),
    }
}
