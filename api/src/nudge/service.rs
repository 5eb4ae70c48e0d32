//! What other domains ask of nudges.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::notification::{Kind, Model};
use entity::{CheckInId, CircleId, MemberId, NotificationId, PactId, PeeringId, change};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{Verdict, is_told};
use super::still_wanted::{how_it_went_key, reminder_key, word_key};
use super::{plan, reminder, store};
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::jobs::{self, Job};
use crate::sync::model::Item;
use crate::zones::Zone;

/// A line stays in the inbox for so long.
const KEPT: TimeDelta = TimeDelta::days(90);
/// That a man would like a word is told for so long.
const WORD_FRESH_FOR: TimeDelta = TimeDelta::hours(24);
/// Old lines removed by one statement.
const REMOVED_AT_ONCE: u64 = 1000;

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
    /// Whose doing it is; none when it is nobody else's. How often a member makes another's phone ring is limited by
    /// this.
    pub caused_by: Option<MemberId>,
}

/// Writes the notification and the job that will plan its deliveries. Announced again under the same
/// key it changes nothing, except that one that was withdrawn is on again, at its new times.
pub async fn announce(app: &App, tx: &Tx, what: &Announcement) -> Result<(), Fault> {
    announce_all(app, tx, std::slice::from_ref(what)).await
}

/// As [`announce`], for many in few statements; no two are of one member under one key.
pub async fn announce_all(app: &App, tx: &Tx, what: &[Announcement]) -> Result<(), Fault> {
    let told = store::add(app, tx, what).await?;
    let plans: Vec<_> = told
        .iter()
        .map(|row| plan_of(row.id, row.not_before))
        .collect();
    tx.wake();
    jobs::enqueue_all_once(app, tx, &plans).await
}

/// As [`announce_all`], and plans their deliveries in the same transaction.
pub async fn announce_and_plan(app: &App, tx: &Tx, what: &[Announcement]) -> Result<(), Fault> {
    let told = store::add(app, tx, what).await?;
    plan::plan(app, tx, told).await
}

fn plan_of(notification: NotificationId, at: DateTime<Utc>) -> jobs::Once {
    jobs::Once {
        job: Job::PlanNotification { notification },
        run_at: at,
        dedup_key: format!("plan:{notification}"),
    }
}

/// Has the deliveries of a notification planned when its time comes.
pub(super) async fn plan_later(
    app: &App,
    tx: &Tx,
    notification: NotificationId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    plan_all_later(app, tx, &[notification], at).await
}

/// As [`plan_later`], for many.
pub(super) async fn plan_all_later(
    app: &App,
    tx: &Tx,
    notifications: &[NotificationId],
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let plans = notifications.iter().map(|id| plan_of(*id, at));
    jobs::enqueue_all_once(app, tx, &plans.collect::<Vec<_>>()).await
}

/// What was announced under this key is done, or no longer so: it is not told any more, and where it was, it is read. Of
/// what is in the inbox while its push waits, the push is stopped.
pub async fn withdraw(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<(), Fault> {
    withdraw_from_all(tx, &[member], dedup_key).await
}

/// Whether a member has heard of something: it is in his inbox, and stays there.
pub async fn has_heard(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<bool, Fault> {
    store::is_told(tx, member, dedup_key).await
}

/// Which of these members will hear of something of this kind about one of these subjects, and have not yet: it is in no
/// inbox, and its time is to come.
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

/// What was announced under a key is about another thing of the same kind from now on.
pub async fn is_about(
    tx: &Tx,
    member: MemberId,
    dedup_key: &str,
    subject: Uuid,
) -> Result<(), Fault> {
    store::put_subject(tx, member, dedup_key, subject).await
}

/// As [`withdraw`], for many members in few statements.
pub async fn withdraw_from_all(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<(), Fault> {
    let settled = store::settle(tx, members, dedup_key).await?;
    read_by_itself(tx, &settled);
    Ok(())
}

/// Things are gone from members' phones: the lines about them ask for nothing any more, and are read.
pub async fn subjects_gone(tx: &Tx, gone: &[(MemberId, Item)]) -> Result<(), Fault> {
    let subjects: Vec<_> = gone
        .iter()
        .filter(|(_, item)| is_subject(item.kind))
        .map(|(member, item)| (*member, item.id))
        .collect();
    let read = store::read_about(tx, &subjects).await?;
    read_by_itself(tx, &read);
    Ok(())
}

/// What a member was told of a kind asks for nothing any more: it is read.
pub(super) async fn read_all_of(tx: &Tx, member: MemberId, kind: Kind) -> Result<(), Fault> {
    let read = store::read_kind(tx, member, kind).await?;
    read_by_itself(tx, &read);
    Ok(())
}

/// A member runs a circle no longer: that he runs it is read.
pub async fn runs_no_longer(tx: &Tx, circle: CircleId, member: MemberId) -> Result<(), Fault> {
    let read = store::read_kind_about(tx, member, Kind::RunsCircle, circle.0).await?;
    read_by_itself(tx, &read);
    Ok(())
}

/// Whether lines of an inbox are about things of this kind.
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

/// Phones hear of lines that count as read though nobody looked.
fn read_by_itself(tx: &Tx, rows: &[Model]) {
    for row in rows.iter().filter(|row| is_told(row)) {
        tx.put(row.member_id, row.id);
    }
}

/// A member has checked in for the first time in a while: he is reminded again, if he ever was.
pub async fn came_back(app: &App, tx: &Tx, member: MemberId, zone: Zone) -> Result<(), Fault> {
    reminder::came_back(app, tx, member, zone).await
}

/// Tells a man that his partner would like a word, as that one says in a check-in: once, whatever becomes of it.
pub async fn partner_wants_a_word(
    app: &App,
    tx: &Tx,
    (of, partner, pact): (MemberId, MemberId, PactId),
    check_in: CheckInId,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let what = Announcement {
        member: partner,
        kind: Kind::PartnerWantsAWord,
        dedup_key: word_key(check_in),
        subject: Some(pact.0),
        not_before: now,
        expires_at: now + WORD_FRESH_FOR,
        caused_by: Some(of),
    };
    announce(app, tx, &what).await
}

/// A man would not like a word any more, as he said in a check-in: those of these men who were told see it no more.
pub async fn wants_no_word(
    tx: &Tx,
    partners: &[MemberId],
    check_in: CheckInId,
) -> Result<(), Fault> {
    for row in store::take_out(tx, partners, &word_key(check_in)).await? {
        tx.gone(row.member_id, row.id);
    }
    Ok(())
}

/// That a man can ask his partner how it went on a day, from an instant until another: once, whatever was due.
pub fn how_it_went(
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
    (not_before, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Announcement {
    Announcement {
        member: partner,
        kind: Kind::AskHowItWent,
        dedup_key: how_it_went_key(peering, day),
        subject: Some(peering.0),
        not_before,
        expires_at,
        caused_by: None,
    }
}

/// Whether a man was told that he can ask his partner how it went on a day.
pub async fn can_ask_how_it_went(
    tx: &Tx,
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
) -> Result<bool, Fault> {
    has_heard(tx, partner, &how_it_went_key(peering, day)).await
}

/// How it went on a day has been said: nobody need ask.
pub async fn knows_how_it_went(
    tx: &Tx,
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
) -> Result<(), Fault> {
    withdraw(tx, partner, &how_it_went_key(peering, day)).await
}

/// A member has checked in on one of his days, or nothing is asked of him on it after all: its reminder is withdrawn,
/// when it has not been sent.
pub async fn not_asked(tx: &Tx, member: MemberId, day: NaiveDate) -> Result<(), Fault> {
    withdraw(tx, member, &reminder_key(day)).await
}

/// A member's days are in another zone from now on: his daily reminder moves with them.
pub async fn time_zone_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    zone: Zone,
) -> Result<(), Fault> {
    reminder::time_zone_changed(app, tx, member, zone).await
}

/// A notification at the moment of sending.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// Which.
    pub id: NotificationId,
    /// What it is about.
    pub kind: Kind,
    /// Not to be sent from then on.
    pub expires_at: DateTime<Utc>,
    /// What policy says now.
    pub verdict: Verdict,
}

/// Asks policy again, at the moment of sending. Those that are gone are not among the answers.
pub async fn check(
    app: &App,
    db: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Vec<Checked>, Fault> {
    let rows = store::by_ids(db, notifications).await?;
    let facts = plan::facts(app, db, &rows).await?;
    let checked = rows.iter().zip(facts).map(|(row, facts)| Checked {
        id: row.id,
        kind: row.kind,
        expires_at: row.expires_at,
        verdict: super::model::judge(&facts),
    });
    Ok(checked.collect())
}

/// Removes what has been in the inbox for too long, and its deliveries with it.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let before = app.clock.now() - KEPT;
    let removed = transact!(app, |tx| {
        let removed = store::remove_old(tx, before, REMOVED_AT_ONCE).await?;
        for row in &removed {
            if is_told(row) {
                tx.gone(row.member_id, row.id);
            }
        }
        Ok(Done::Keep(removed.len() as u64))
    })?;
    Ok(removed == REMOVED_AT_ONCE)
}
