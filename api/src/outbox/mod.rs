//! The outbox: notifications, written in the same transaction as the event they announce.
//!
//! Promises:
//!
//! - An event and its notification are stored together or not at all.
//! - The same event has the same key, and is announced once.
//! - A notification that is no longer true is withdrawn, or marked as read if it is already in the inbox.
//!
//! [`notification`](crate::notification) decides whether and when a push leaves.

mod store;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::notification::{Kind, Model, State};
use entity::{MemberId, NotificationId, change};
use uuid::Uuid;

use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::{self, Job};
use crate::tx::{Item, Tx};

/// A notification to announce.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The recipient.
    pub member: MemberId,
    /// The kind.
    pub kind: Kind,
    /// The key of the event. The same event has the same key, and is announced once.
    pub dedup_key: String,
    /// The id of its subject. The subject's type follows from the kind.
    pub subject: Option<Uuid>,
    /// The instant from which it may be delivered.
    pub not_before: DateTime<Utc>,
    /// The instant from which it may no longer be delivered.
    pub expires_at: DateTime<Utc>,
    /// The member who caused it, or `None` if no other member did. It limits how often one member makes another's phone
    /// ring.
    pub caused_by: Option<MemberId>,
}

/// Writes a notification, and the job that will plan its deliveries.
///
/// Idempotent for the same key, except that a withdrawn notification becomes active again, at its new times.
pub async fn announce(app: &App, tx: &Tx, what: &Announcement) -> Result<(), Fault> {
    announce_all(app, tx, std::slice::from_ref(what)).await
}

/// Like [`announce`], for many in a few statements. No two may have the same member and key.
pub async fn announce_all(app: &App, tx: &Tx, what: &[Announcement]) -> Result<(), Fault> {
    let added = store::add(app, tx, what).await?;
    let plans: Vec<_> = added
        .iter()
        .map(|row| plan_of(row.id, row.not_before))
        .collect();
    tx.wake();
    jobs::enqueue_all_once(app, tx, &plans).await
}

/// Like [`announce_all`], but plans the deliveries in the same transaction. For notifications that must reach devices
/// which the transaction signs out.
pub async fn announce_and_plan(app: &App, tx: &Tx, what: &[Announcement]) -> Result<(), Fault> {
    let added = store::add(app, tx, what).await?;
    let notifications = &added;
    app.follow(tx, Fact::Announced { notifications }).await
}

fn plan_of(notification: NotificationId, at: DateTime<Utc>) -> jobs::Once {
    jobs::Once {
        job: Job::PlanNotification { notification },
        run_at: at,
        dedup_key: format!("plan:{notification}"),
    }
}

/// Enqueues the planning of a notification's deliveries.
pub async fn plan_later(
    app: &App,
    tx: &Tx,
    notification: NotificationId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    plan_all_later(app, tx, &[notification], at).await
}

/// Like [`plan_later`], for many.
pub async fn plan_all_later(
    app: &App,
    tx: &Tx,
    notifications: &[NotificationId],
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let plans = notifications.iter().map(|id| plan_of(*id, at));
    jobs::enqueue_all_once(app, tx, &plans.collect::<Vec<_>>()).await
}

/// Withdraws a notification because it is settled or no longer true. One that was not delivered is cancelled. One that
/// is in the inbox is marked as read, and its push is stopped if it still waits.
pub async fn withdraw(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<(), Fault> {
    withdraw_from_all(tx, &[member], dedup_key).await
}

/// Returns whether a member was notified of something: it is in their inbox, and stays there.
pub async fn has_heard(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<bool, Fault> {
    store::is_in_inbox(tx, member, dedup_key).await
}

/// Returns which of the given members have a future notification of this kind about one of these subjects that is not
/// in their inbox yet.
pub async fn who_will_hear(
    tx: &Tx,
    of: &[(MemberId, Uuid)],
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<HashSet<(MemberId, Uuid)>, Fault> {
    if of.is_empty() {
        return Ok(HashSet::new());
    }
    let found = store::to_come(tx, of, kind, now).await?;
    Ok(found.into_iter().collect())
}

/// Changes the subject of an announced notification to another thing of the same kind.
pub async fn change_subject(
    tx: &Tx,
    member: MemberId,
    dedup_key: &str,
    subject: Uuid,
) -> Result<(), Fault> {
    store::put_subject(tx, member, dedup_key, subject).await
}

/// Like [`withdraw`], for many members in a few statements.
pub async fn withdraw_from_all(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<(), Fault> {
    let settled = store::settle(tx, members, dedup_key).await?;
    resync_read(tx, &settled);
    Ok(())
}

/// Marks notifications about things that disappeared from members' phones as read.
pub async fn subjects_gone(tx: &Tx, gone: &[(MemberId, Item)]) -> Result<(), Fault> {
    let subjects: Vec<_> = gone
        .iter()
        .filter(|(_, item)| is_subject(item.kind))
        .map(|(member, item)| (*member, item.id))
        .collect();
    let read = store::read_about(tx, &subjects).await?;
    resync_read(tx, &read);
    Ok(())
}

/// Marks all of a member's notifications of a kind as read, because they no longer need attention.
pub async fn read_all_of(tx: &Tx, member: MemberId, kind: Kind) -> Result<(), Fault> {
    let read = store::read_kind(tx, member, kind).await?;
    resync_read(tx, &read);
    Ok(())
}

/// Returns whether notifications can have subjects of this kind.
const fn is_subject(kind: change::Kind) -> bool {
    match kind {
        change::Kind::MeetingOccurrence
        | change::Kind::Peering
        | change::Kind::Pact
        | change::Kind::PactNudge => true,
        change::Kind::Member
        | change::Kind::CheckIn
        | change::Kind::Meeting
        | change::Kind::Notification
        | change::Kind::Commitment => false,
    }
}

/// Synchronises phones after notifications were marked as read without the member.
fn resync_read(tx: &Tx, rows: &[Model]) {
    for row in rows.iter().filter(|row| is_in_inbox(row)) {
        tx.put(row.member_id, row.id);
    }
}

/// Marks a member's notifications of a kind about one subject as read.
pub async fn read_all_about(
    tx: &Tx,
    member: MemberId,
    kind: Kind,
    subject: Uuid,
) -> Result<(), Fault> {
    let read = store::read_kind_about(tx, member, kind, subject).await?;
    resync_read(tx, &read);
    Ok(())
}

/// Removes a notification from the given members' inboxes, whatever its state is. It is not announced again under this
/// key.
pub async fn take_out(tx: &Tx, members: &[MemberId], dedup_key: &str) -> Result<(), Fault> {
    for row in store::take_out(tx, members, dedup_key).await? {
        tx.gone(row.member_id, row.id);
    }
    Ok(())
}

/// Returns whether a notification is in the inbox: its time has come, and it stays there.
pub const fn is_in_inbox(row: &Model) -> bool {
    match row.state {
        State::Planned | State::Skipped => true,
        State::Pending => row.held_until.is_some(),
        State::Cancelled => false,
    }
}
