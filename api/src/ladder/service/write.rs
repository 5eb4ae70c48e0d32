//! Writes and previews ladders.

use chrono::{DateTime, Utc};
use entity::ladder::Model;
use entity::notification::Kind as NotificationKind;
use entity::{MemberId, PeeringId};
use sea_orm::ConnectionTrait;

use super::{
    ASKED_FOR, Preview, announcement, asked_key, consented, quiet, recipients_of, reset, steps,
    store, taken_down,
};
use crate::app::App;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::ladder::model::{Kind, NewLadder, Outer, Rung, Tells, Tie};
use crate::proposal::Shown;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;
use crate::visibility::is_visible;
use crate::{checkin, circle, matching, outbox, profile};

/// The outcome of writing a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The ladder is in the requested state.
    Succeeded,
    /// The ladder was changed after the expected version.
    Stale,
    /// The member has no such partner.
    NoPartner,
    /// No such member is a facilitator of that circle, or the owner is not in it.
    NoFacilitator,
    /// The same person would be notified twice.
    SameRecipient,
}

/// The recipient of a rung; `None` for a note to the owner.
type Recipient = (Kind, Option<(MemberId, Tie)>);

/// Returns the recipient of each rung, or why the ladder is refused. `partner` is the partner in the peering that the
/// ladder names.
async fn recipients(
    db: &impl ConnectionTrait,
    me: MemberId,
    new: &NewLadder,
    partner: Option<MemberId>,
) -> Result<Result<Vec<Recipient>, Written>, Fault> {
    let mut recipients = Vec::new();
    if new.own.is_some() {
        recipients.push((Kind::Own, None));
    }
    if let Some(rung) = &new.partner {
        let Some(partner) = partner else {
            return Ok(Err(Written::NoPartner));
        };
        recipients.push((Kind::Partner, Some((partner, rung.tie))));
    }
    if let Some(Outer {
        tie: tie @ Tie::Facilitator(circle),
        facilitator: Some(other),
        ..
    }) = new.facilitator
    {
        let runs_it = circle::service::is_facilitator(db, circle, other).await?;
        let is_in_it = circle::service::is_member(db, circle, me).await?;
        let visible = is_visible(db, me, other).await?;
        if other == me || !runs_it || !is_in_it || !visible {
            return Ok(Err(Written::NoFacilitator));
        }
        if partner == Some(other) {
            return Ok(Err(Written::SameRecipient));
        }
        recipients.push((Kind::Facilitator, Some((other, tie))));
    }
    Ok(Ok(recipients))
}

/// Returns the peering with the partner that a ladder names.
fn peering(new: &NewLadder) -> Option<PeeringId> {
    match new.partner.as_ref()?.tie {
        Tie::Partner(id) => Some(id),
        Tie::Facilitator(_) => None,
    }
}

/// Locks the circle that a ladder names, the owner, and the partner in the peering that it names. Returns that partner.
async fn lock_ties(tx: &Tx, me: MemberId, new: &NewLadder) -> Result<Option<MemberId>, Fault> {
    let facilitator = new.facilitator.as_ref().map(|rung| rung.tie);
    if let Some(Tie::Facilitator(circle)) = facilitator {
        circle::service::lock_shared(tx, circle).await?;
    }
    let Some(id) = peering(new) else {
        profile::service::lock_members(tx, &[me]).await?;
        return Ok(None);
    };
    matching::service::lock_partner(tx, me, id).await
}

fn rung_of(
    app: &App,
    owner: MemberId,
    new: &NewLadder,
    (kind, told): Recipient,
    before: &[Rung],
    now: DateTime<Utc>,
) -> Rung {
    let outer = match kind {
        Kind::Own => None,
        Kind::Partner => new.partner.as_ref(),
        Kind::Facilitator => new.facilitator.as_ref(),
    };
    let own = new.own.as_ref().filter(|_| kind == Kind::Own);
    let words = outer
        .map(|rung| &rung.words)
        .or(own.map(|rung| &rung.words));
    let days = new.days().into_iter().find(|(of, _)| *of == kind);
    let tells = outer.map_or(Tells::Quiet, |outer| outer.tells);
    // A consent stays valid only for the same recipient, the same relationship and at most the same detail.
    let mut before = before.iter().filter(|before| before.kind == kind);
    let same = before.find(|before| before.told == told);
    let agreed = same.filter(|same| !is_more(tells, same.tells));
    Rung {
        id: same.map_or_else(|| app.ids.next(), |same| same.id),
        owner,
        kind,
        after_days: days.map_or(0, |(_, days)| days),
        told,
        tells,
        words: words.cloned().flatten().map(Opened::Text),
        created_at: agreed.map_or(now, |same| same.created_at),
        answered_at: agreed.and_then(|same| same.answered_at),
        agreed_at: agreed.and_then(|same| same.agreed_at),
        told_at: same.and_then(|same| same.told_at),
    }
}

/// Writes a member's ladder in place of the existing one. Each new recipient is asked for consent. A ladder without
/// rungs is removed. Idempotent. A change shows that the member is here and resets the ladder.
pub async fn write(
    app: &App,
    me: MemberId,
    new: &NewLadder,
    expected_version: Option<i32>,
) -> Result<Written, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let partner = lock_ties(tx, me, new).await?;
        let recipients = match recipients(tx, me, new, partner).await? {
            Ok(recipients) => recipients,
            Err(refusal) => return Ok(Done::Undo(refusal)),
        };
        let loaded = checkin::service::load_locked(app, tx, me).await?;
        let row = store::load_locked(tx, me).await?;
        let before = store::rungs_of(app, tx, &[me]).await?;
        let rungs: Vec<Rung> = recipients
            .into_iter()
            .map(|recipient| rung_of(app, me, new, recipient, &before, now))
            .collect();
        if is_same(row.as_ref(), &before, new, &rungs) {
            return Ok(Done::Undo(Written::Succeeded));
        }
        // A ladder without rungs counts as absent, with version 0, though its row keeps counting versions.
        let version = row.as_ref().map_or(0, |row| row.version);
        let seen = if before.is_empty() { 0 } else { version };
        if expected_version.is_some_and(|expected| expected != seen) {
            return Ok(Done::Undo(Written::Stale));
        }
        for rung in &before {
            if !rungs.iter().any(|after| after.id == rung.id) {
                store::remove_rung(tx, me, rung.kind).await?;
                taken_down(tx, rung, now).await?;
            }
        }
        for rung in &rungs {
            put(app, tx, rung, &before, now).await?;
        }
        let row = Model {
            member_id: me,
            local_time: new.local_time,
            counts_from: reset::counts_from(loaded.days(), now),
            next_due_at: None,
            version: version + 1,
            updated_at: now,
        };
        store::put(tx, row.clone()).await?;
        reset::back_to_the_foot(app, tx, &row, rungs, loaded.days()).await?;
        tx.wake();
        Ok(Done::Keep(Written::Succeeded))
    })
}

fn is_same(row: Option<&Model>, before: &[Rung], new: &NewLadder, rungs: &[Rung]) -> bool {
    let same_time = row.is_some_and(|row| row.local_time == new.local_time);
    rungs == before && (same_time || rungs.is_empty())
}

/// Returns whether `one` tells more than `other`.
fn is_more(one: Tells, other: Tells) -> bool {
    one != other && one == Tells::SinceWhen
}

/// Writes a rung if it changed, and records the owner's consent. Asks the recipient for consent, unless they already
/// agreed to as much.
async fn put(
    app: &App,
    tx: &Tx,
    rung: &Rung,
    before: &[Rung],
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let there = before.iter().find(|there| there.id == rung.id);
    match there {
        Some(there) if there == rung => return Ok(()),
        Some(_) => store::update_rung(app, tx, rung).await?,
        None => store::add_rung(app, tx, rung).await?,
    }
    if there.is_none_or(|there| is_more(rung.tells, there.tells)) {
        if let Some(there) = there {
            taken_down(tx, there, now).await?;
        }
        ask(app, tx, rung, now).await?;
    }
    if there.is_none_or(|there| there.tells != rung.tells) {
        consented(app, tx, rung, now).await?;
    }
    Ok(())
}

/// Asks a recipient for consent: at most one request a day, which then points to the latest rung.
async fn ask(app: &App, tx: &Tx, rung: &Rung, now: DateTime<Utc>) -> Result<(), Fault> {
    let Some((other, _)) = rung.told else {
        return Ok(());
    };
    let key = asked_key(rung.owner, now);
    let what = announcement(
        (rung.owner, other),
        NotificationKind::LadderAsked,
        key.clone(),
        rung.id.0,
        (now, ASKED_FOR),
    );
    outbox::announce(app, tx, &what).await?;
    outbox::change_subject(tx, other, &key, rung.id.0).await
}

/// Returns what a ladder would do if the member wrote it now and then did nothing, or why it is refused. Nobody is
/// asked, and nothing is stored.
pub async fn preview(
    app: &App,
    viewer: Viewer,
    new: &NewLadder,
) -> Result<Result<Preview, Written>, Fault> {
    let (now, db) = (app.clock.now(), app.db.pool());
    let Some(me) = viewer.member() else {
        return Ok(Err(Written::NoPartner));
    };
    let mut partner = None;
    if let Some(id) = peering(new) {
        let found = matching::service::by_ids(app, viewer, &[id]).await?.pop();
        let active = found.filter(|(peering, _)| peering.state == Shown::Active);
        partner = active.map(|(peering, _)| peering.partner);
    }
    let recipients = match recipients(db, me, new, partner).await? {
        Ok(recipients) => recipients,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let before = store::rungs_of(app, db, &[me]).await?;
    let mut rungs: Vec<Rung> = recipients
        .into_iter()
        .map(|recipient| rung_of(app, me, new, recipient, &before, now))
        .collect();
    let loaded = checkin::service::load_days(db, me).await?;
    let there = store::of_member(db, me).await?;
    let there = there.filter(|row| is_same(Some(row), &before, new, &rungs));
    let row = there.unwrap_or_else(|| {
        for rung in &mut rungs {
            rung.told_at = None;
        }
        Model {
            member_id: me,
            local_time: new.local_time,
            counts_from: reset::counts_from(loaded.days(), now),
            next_due_at: None,
            version: 0,
            updated_at: now,
        }
    });
    let recipients = recipients_of(app, viewer, &rungs).await?;
    Ok(Ok((
        steps(&quiet(loaded.days(), &row), &rungs, now),
        recipients,
    )))
}
