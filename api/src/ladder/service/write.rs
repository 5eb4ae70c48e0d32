//! Writing a ladder, and looking at what it would do.

use chrono::{DateTime, Utc};
use entity::ladder::Model;
use entity::notification::Kind as Told;
use entity::{MemberId, PeeringId};
use sea_orm::ConnectionTrait;

use super::{
    ASKED_FOR, Preview, announcement, asked_key, consented, here, men_of, quiet, steps, store,
    taken_down,
};
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::ladder::model::{Kind, NewLadder, Outer, Rung, Tells, Tie};
use crate::matching::model::Shown;
use crate::viewer::Viewer;
use crate::visibility::is_visible;
use crate::{checkin, circle, matching, nudge, profile};

/// What became of a ladder that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is as it was asked to be.
    AsAsked,
    /// Somebody changed it after the version that was expected.
    Stale,
    /// He has no such partner.
    NoPartner,
    /// No such man runs a circle of that id that he is in.
    NoFacilitator,
    /// The same man would be told twice.
    SameMan,
}

/// Who is told on a rung; none when it is himself.
type Man = (Kind, Option<(MemberId, Tie)>);

/// Who is told on each rung, given his partner in the peering that is named, or why it cannot be so.
async fn men(
    db: &impl ConnectionTrait,
    me: MemberId,
    new: &NewLadder,
    partner: Option<MemberId>,
) -> Result<Result<Vec<Man>, Written>, Fault> {
    let mut men = Vec::new();
    if new.own.is_some() {
        men.push((Kind::Own, None));
    }
    if let Some(rung) = &new.partner {
        let Some(partner) = partner else {
            return Ok(Err(Written::NoPartner));
        };
        men.push((Kind::Partner, Some((partner, rung.tie))));
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
            return Ok(Err(Written::SameMan));
        }
        men.push((Kind::Facilitator, Some((other, tie))));
    }
    Ok(Ok(men))
}

/// The peering by which a ladder names a partner.
fn peering(new: &NewLadder) -> Option<PeeringId> {
    match new.partner.as_ref()?.tie {
        Tie::Partner(id) => Some(id),
        Tie::Facilitator(_) => None,
    }
}

/// Holds the circle that a ladder names, a member, and his partner in the peering that it names; that one.
async fn hold(tx: &Tx, me: MemberId, new: &NewLadder) -> Result<Option<MemberId>, Fault> {
    let facilitator = new.facilitator.as_ref().map(|rung| rung.tie);
    if let Some(Tie::Facilitator(circle)) = facilitator {
        circle::service::hold(tx, circle).await?;
    }
    let Some(id) = peering(new) else {
        profile::service::hold(tx, &[me]).await?;
        return Ok(None);
    };
    matching::service::hold_partner(tx, me, id).await
}

fn rung_of(
    app: &App,
    owner: MemberId,
    new: &NewLadder,
    (kind, told): Man,
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
    // Who agreed to be told agreed for as long as he is the one, and by the same tie, and to so much.
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

/// Writes a member's ladder, in place of what he had. Each man that it is to tell is asked whether he agrees; without
/// any rung there is none. Written again it changes nothing. Whoever changes his ladder shows that he is here.
pub async fn write(
    app: &App,
    me: MemberId,
    new: &NewLadder,
    expected_version: Option<i32>,
) -> Result<Written, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let partner = hold(tx, me, new).await?;
        let men = match men(tx, me, new, partner).await? {
            Ok(men) => men,
            Err(refusal) => return Ok(Done::Undo(refusal)),
        };
        let standing = checkin::service::held(app, tx, me).await?;
        let row = store::hold(tx, me).await?;
        let before = store::rungs_of(app, tx, &[me]).await?;
        let rungs: Vec<Rung> = men
            .into_iter()
            .map(|man| rung_of(app, me, new, man, &before, now))
            .collect();
        if is_same(row.as_ref(), &before, new, &rungs) {
            return Ok(Done::Undo(Written::AsAsked));
        }
        // A ladder without rungs is none, though its row goes on counting versions.
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
            counts_from: here::counts_from(&standing, now),
            next_due_at: None,
            version: version + 1,
            updated_at: now,
        };
        store::put(tx, row.clone()).await?;
        here::back_to_the_foot(app, tx, &row, rungs, &standing).await?;
        tx.wake();
        Ok(Done::Keep(Written::AsAsked))
    })
}

fn is_same(row: Option<&Model>, before: &[Rung], new: &NewLadder, rungs: &[Rung]) -> bool {
    let same_time = row.is_some_and(|row| row.local_time == new.local_time);
    rungs == before && (same_time || rungs.is_empty())
}

/// Whether it is more to be told the one than the other.
fn is_more(one: Tells, other: Tells) -> bool {
    one != other && one == Tells::SinceWhen
}

/// Writes a rung, if it is not as it was, with what he agrees to by it; and asks who is told, if he has not agreed to
/// that before.
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

/// Asks a man whether he may be told: once a day at most, though of what is asked last.
async fn ask(app: &App, tx: &Tx, rung: &Rung, now: DateTime<Utc>) -> Result<(), Fault> {
    let Some((other, _)) = rung.told else {
        return Ok(());
    };
    let key = asked_key(rung.owner, now);
    let what = announcement(
        (rung.owner, other),
        Told::LadderAsked,
        key.clone(),
        rung.id.0,
        (now, ASKED_FOR),
    );
    nudge::service::announce(app, tx, &what).await?;
    nudge::service::is_about(tx, other, &key, rung.id.0).await
}

/// What a ladder would do if a member wrote it now and did nothing more, or why he cannot. Nobody is asked, and nothing
/// is kept.
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
        let found = matching::service::these(app, viewer, &[id]).await?.pop();
        let active = found.filter(|(peering, _)| peering.state == Shown::Active);
        partner = active.map(|(peering, _)| peering.partner);
    }
    let men = match men(db, me, new, partner).await? {
        Ok(men) => men,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let before = store::rungs_of(app, db, &[me]).await?;
    let mut rungs: Vec<Rung> = men
        .into_iter()
        .map(|man| rung_of(app, me, new, man, &before, now))
        .collect();
    let standing = checkin::service::standing(db, me).await?;
    let there = store::of_member(db, me).await?;
    let there = there.filter(|row| is_same(Some(row), &before, new, &rungs));
    let row = there.unwrap_or_else(|| {
        for rung in &mut rungs {
            rung.told_at = None;
        }
        Model {
            member_id: me,
            local_time: new.local_time,
            counts_from: here::counts_from(&standing, now),
            next_due_at: None,
            version: 0,
            updated_at: now,
        }
    });
    let men = men_of(app, viewer, &rungs).await?;
    Ok(Ok((steps(&quiet(&standing, &row), &rungs, now), men)))
}
