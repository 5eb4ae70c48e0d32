//! Proposing a pact, and answering.

use chrono::{DateTime, NaiveDate, Utc};
use entity::notification::Kind;
use entity::pact::{Model, State};
use entity::{MemberId, PactId, PeeringId};

use super::received::{self, For};
use super::{Held, consented, held, proposed_key, put, store, tell, told};
use crate::app::App;
use crate::bus::Activity;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::pact::model::{self, OPEN_FOR, Side, Step, Terms};
use crate::pact::service::over;
use crate::pact::store::Over;
use crate::{matching, nudge, profile};

/// A pact to be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPact {
    /// Its id, made by the app.
    pub id: PactId,
    /// To whom.
    pub peering: PeeringId,
    /// What he will give and likes.
    pub terms: Terms,
    /// Its last day; none when it goes on until one of them ends it.
    pub ends_on: Option<NaiveDate>,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// It waits for the other man, or both have agreed.
    AsAsked(PactId),
    /// He has no such partner.
    NoPartner,
    /// Its last day is over, or too far off.
    OtherEnd,
    /// The two have a pact, or he proposed one, with another content.
    Exists(PactId),
    /// The id was sent before with another content.
    Conflict,
}

/// Proposes a pact to a partner. When he has proposed one as well, both have agreed to that with this.
pub async fn propose(app: &App, me: MemberId, new: &NewPact) -> Result<Proposed, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(other) = matching::service::hold_partner(tx, me, new.peering).await? else {
            return Ok(Done::Undo(Proposed::NoPartner));
        };
        if let Some(there) = store::sent_before(tx, new.id).await? {
            let outcome = if is_same(app, tx, me, new, &there).await? {
                Proposed::AsAsked(new.id)
            } else {
                Proposed::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        let Some(ends_at) = end_of(app, tx, me, other, new.ends_on).await? else {
            return Ok(Done::Undo(Proposed::OtherEnd));
        };
        let side = Side {
            terms: new.terms.clone(),
            until: ends_at,
        };
        if let Some(there) = store::open_of_peering(tx, new.peering).await? {
            if model::waits(&there, now) && there.proposed_by == other {
                let id = there.id;
                begin(app, tx, &of_two(there, me, other), me, &side, now).await?;
                return Ok(Done::Keep(Proposed::AsAsked(id)));
            }
            if model::waits(&there, now) || model::is_active(&there, now) {
                let outcome = if is_same(app, tx, me, new, &there).await? {
                    Proposed::AsAsked(there.id)
                } else {
                    Proposed::Exists(there.id)
                };
                return Ok(Done::Undo(outcome));
            }
            store::close_over(tx, Over::One(there.id), now).await?;
            over::gone(app, tx, &of_two(there, me, other), now).await?;
        }
        let lapses_at = now + OPEN_FOR;
        let expires_at = ends_at.map_or(lapses_at, |end| end.min(lapses_at));
        let row = Model {
            id: new.id,
            peering_id: new.peering,
            proposed_by: me,
            state: State::Proposed,
            ends_on: new.ends_on,
            ends_at,
            created_at: now,
            expires_at,
            accepted_at: None,
            ended_at: None,
            version: 1,
        };
        if !store::insert(tx, row).await? {
            // Sent at the same moment by somebody else.
            return Ok(Done::Undo(Proposed::Conflict));
        }
        store::put_side(app, tx, (new.id, me), &side, now).await?;
        let key = proposed_key(new.id);
        let what = told(
            (me, other),
            Kind::PactProposed,
            key,
            new.id.0,
            (now, expires_at),
        );
        nudge::service::announce(app, tx, &what).await?;
        for member in [me, other] {
            tx.put(member, new.id);
        }
        tell(tx, (me, other), Activity::PactChanged, new.id.0);
        Ok(Done::Keep(Proposed::AsAsked(new.id)))
    })
}

fn of_two(pact: Model, one: MemberId, other: MemberId) -> Held {
    Held {
        pact,
        lower_id: one.min(other),
        higher_id: one.max(other),
    }
}

/// Whether what is there is what he asks for: his own with the same content, or one of the other's that he agreed to.
async fn is_same(
    app: &App,
    tx: &Tx,
    me: MemberId,
    new: &NewPact,
    there: &Model,
) -> Result<bool, Fault> {
    if there.peering_id != new.peering {
        return Ok(false);
    }
    let side = store::side_of(app, tx, there.id, me).await?;
    let same_end = there.proposed_by != me || there.ends_on == new.ends_on;
    Ok(same_end && side.is_some_and(|side| side.terms == new.terms))
}

/// When a pact is over that has this last day, of which the outer none is that it cannot have it.
pub(super) async fn end_of(
    app: &App,
    tx: &Tx,
    me: MemberId,
    other: MemberId,
    last: Option<NaiveDate>,
) -> Result<Option<Option<DateTime<Utc>>>, Fault> {
    let standings = profile::service::standings(tx, &[me, other]).await?;
    let terms = |member| {
        let standing = standings.get(&member).map(|who| who.terms);
        standing.ok_or(Fault::Broken("partners are members"))
    };
    let (own, theirs) = (terms(me)?, terms(other)?);
    let Some(last) = last else {
        return Ok(Some(None));
    };
    let today = own.day(app.clock.now());
    let end = model::end_of(last, [own, theirs]);
    Ok(model::can_end_on(last, today).then_some(Some(end)))
}

/// Both agree, the second of them now. The last thing in a transaction, in which both are held.
async fn begin(
    app: &App,
    tx: &Tx,
    row: &Held,
    me: MemberId,
    side: &Side,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let (id, other) = (row.pact.id, row.beside(me));
    store::activate(tx, id, now).await?;
    store::put_side(app, tx, (id, me), side, now).await?;
    let theirs = store::side_of(app, tx, id, other).await?;
    let theirs = theirs.ok_or(Fault::Broken("who proposed a pact has a side in it"))?;
    consented(app, tx, (me, other), side.terms.sharing, now).await?;
    // What was changed while it waited he agreed to later than that.
    let agreed_at = if row.pact.version == 1 {
        row.pact.created_at
    } else {
        now
    };
    consented(app, tx, (other, me), theirs.terms.sharing, agreed_at).await?;
    nudge::service::withdraw(tx, me, &proposed_key(id)).await?;
    let key = format!("pact_accepted:{id}");
    let what = told(
        (me, other),
        Kind::PactAccepted,
        key,
        id.0,
        (now, now + OPEN_FOR),
    );
    nudge::service::announce(app, tx, &what).await?;
    put(tx, row);
    tell(tx, (me, other), Activity::PactChanged, id.0);
    Ok(())
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Both have agreed.
    Accepted,
    /// He said no, and it is not there for him any more.
    Declined,
    /// There is no such proposal for him.
    NotFound,
    /// It was he who proposed it.
    OwnProposal,
    /// He agreed to it before.
    SaidYes,
}

/// Answers a proposal: yes with what he gives, or no, which is told to nobody.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: PactId,
    terms: Option<&Terms>,
) -> Result<Answered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        match (model::answer(&row.pact, me, terms.is_some(), now), terms) {
            (Step::NotThere, _) => Ok(Done::Undo(Answered::NotFound)),
            (Step::NotHis, _) => Ok(Done::Undo(Answered::OwnProposal)),
            (Step::OtherState, _) => Ok(Done::Undo(Answered::SaidYes)),
            (Step::Stands, None) => Ok(Done::Undo(Answered::Declined)),
            (Step::Stands, Some(terms)) => {
                let side = store::side_of(app, tx, id, me).await?;
                let same = side.is_some_and(|side| side.terms == *terms);
                let outcome = if same {
                    Answered::Accepted
                } else {
                    Answered::SaidYes
                };
                Ok(Done::Undo(outcome))
            }
            (Step::Take, Some(terms)) => {
                let side = Side {
                    terms: terms.clone(),
                    until: row.pact.ends_at,
                };
                begin(app, tx, &row, me, &side, now).await?;
                Ok(Done::Keep(Answered::Accepted))
            }
            (Step::Take, None) => {
                store::decline(tx, id).await?;
                received::keep(app, tx, &row, For::One(me), false).await?;
                nudge::service::withdraw(tx, me, &proposed_key(id)).await?;
                tx.gone(me, id);
                Ok(Done::Keep(Answered::Declined))
            }
        }
    })
}
