//! Pacts in the GraphQL schema.

mod changes;
mod days;
mod nudges;
mod received;
pub mod subscription;
mod terms;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entity::{MemberId, PactId};
use macros::page_args;

pub use changes::PactMutation;
use days::PartnerDay;
pub use nudges::{PactNudge, PactNudgeMutation, load_pact_nudges};
pub use received::{ReceivedMe, ReceivedWords, load_received};
pub use terms::{NudgeAnswer, NudgeStyle, NudgeTemplate, PactSharing};

use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::node_id::NodeId as _;
use crate::pact::model;
use crate::pact::service::{self, MY_PACTS, PACT_NUDGES, PactWithPartner};
use crate::page::{Cursor, Page};
use crate::profile::model::Profile;
use crate::proposal::Shown;
use crate::schema::edges;
use crate::schema::matching::{AgreementState, Peering};
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

type Pacts = Connection<MY_PACTS, Pact, PactsOf>;
type Nudges = Connection<PACT_NUDGES, PactNudge, NudgesOf>;

/// Counts the pacts of this member.
struct PactsOf(MemberId);

impl Counted for PactsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// Counts the nudges of a pact that a member sees.
struct NudgesOf(MemberId, PactId);

impl Counted for NudgesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::nudge_count(app, self.0, self.1).await
    }
}

/// One partner's side of a pact: what he shares, and how he likes to be nudged.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PactSide {
    /// What he lets the other partner see.
    sharing: PactSharing,
    /// Until when he agreed to share; null if for as long as the pact lasts.
    sharing_until: Option<DateTime>,
    /// The tone in which he likes to be nudged.
    nudge_style: NudgeStyle,
    #[graphql(skip)]
    wish: Option<Opened>,
    /// Whether the other partner may wake him: his phone also rings in his quiet hours when the other says in a
    /// check-in that he would like a word.
    can_be_woken: bool,
}

#[ComplexObject]
impl PactSide {
    /// How he likes to be nudged, in his own words: one line of up to 200 characters. Null if he wrote nothing.
    async fn nudge_wish(&self) -> Nullable<&str> {
        shown(self.wish.as_ref())
    }
}

impl From<&model::Side> for PactSide {
    fn from(side: &model::Side) -> Self {
        Self {
            sharing: side.terms.sharing.into(),
            sharing_until: side.until.map(DateTime),
            nudge_style: side.terms.style.into(),
            wish: side.terms.wish.clone(),
            can_be_woken: side.terms.can_be_woken,
        }
    }
}

async fn partner_days(
    ctx: &Context<'_>,
    pact: &model::Pact,
    partner: &Profile,
) -> GqlResult<Option<Vec<PartnerDay>>> {
    let terms = partner.fields.day_terms()?;
    let days = service::partner_days(ctx.app(), pact, terms).await?;
    Ok(days.map(|days| days.into_iter().map(PartnerDay::from).collect()))
}

/// An agreement between you and a partner, or a proposal of one.
#[derive(Clone, Debug)]
pub struct Pact {
    pact: model::Pact,
    partner: Profile,
}

impl From<PactWithPartner> for Pact {
    fn from((pact, partner): PactWithPartner) -> Self {
        Self { pact, partner }
    }
}

/// An agreement between you and a partner to keep each other company, or a proposal of one. You no longer see a pact
/// that has ended, or a proposal that was declined by you, withdrawn, or has expired.
#[page_args]
#[Object]
impl Pact {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.pact.id.global()
    }

    /// The peering it belongs to.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        edges::peering(ctx, self.pact.peering).await
    }

    /// The id of the `Peering` it belongs to.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    async fn peering_id(&self) -> ID {
        self.pact.peering.global()
    }

    /// Your partner.
    async fn partner(&self) -> Member {
        Member::from(self.partner.clone())
    }

    /// Whether it is a proposal or active.
    async fn state(&self) -> AgreementState {
        self.pact.state.into()
    }

    /// Whether you proposed it.
    async fn proposed_by_you(&self) -> bool {
        self.pact.proposed_by_viewer
    }

    /// Your side; null until you have agreed.
    async fn your_side(&self) -> Option<PactSide> {
        self.pact.own.as_ref().map(PactSide::from)
    }

    /// Your partner's side; null until he has agreed. For a proposal of his, what he will share.
    async fn partner_side(&self) -> Option<PactSide> {
        self.pact.theirs.as_ref().map(PactSide::from)
    }

    /// Your partner's last seven days, by his own calendar, of which the last is his today, as far as he shares them.
    /// Null if he does not. Of a check-in that he wrote, or that is for a day, before he agreed to share, you see only
    /// that it exists.
    async fn partner_days(&self, ctx: &Context<'_>) -> Nullable<Vec<PartnerDay>> {
        partner_days(ctx, &self.pact, &self.partner)
            .await
            .transpose()
    }

    /// Whether your partner may read what you ask him now only in the morning: he is in his quiet hours, and does not
    /// let you wake him. Null while the pact is a proposal. See `Query.installation.crisisHelp` for help at night.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        self.may_wait(ctx).await.transpose()
    }

    /// Its last day; null if it lasts until one of you ends it.
    async fn ends_on(&self) -> Option<Date> {
        self.pact.ends_on.map(Date)
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.pact.created_at)
    }

    /// When the proposal expires. The app has to delete it then: it is no longer visible to you. Null once both of you
    /// agreed.
    async fn expires_at(&self) -> Option<DateTime> {
        let waits = self.pact.state == Shown::Proposed;
        waits.then_some(DateTime(self.pact.expires_at))
    }

    /// Since when both of you have agreed; null before.
    async fn since(&self) -> Option<DateTime> {
        self.pact.since.map(DateTime)
    }

    /// Rises by one with every change that either of you makes. Send it as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.pact.version
    }

    /// The nudges that you sent each other, the latest first.
    async fn nudges(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Nudges> {
        Some(nudges(ctx, self.pact.id, &args).await)
    }
}

impl Pact {
    async fn may_wait(&self, ctx: &Context<'_>) -> GqlResult<Option<bool>> {
        if self.pact.state != Shown::Active {
            return Ok(None);
        }
        let side = (self.pact.id, self.pact.partner);
        let app = ctx.app();
        let asleep = service::who_may_be_asleep(app, app.db.pool(), &[side]).await?;
        Ok(Some(asleep.contains(&side)))
    }
}

/// Whether the partner may read what is asked of him now only in the morning, or `None` if no such active pact is
/// visible to the viewer.
async fn may_wait(ctx: &Context<'_>, pact: Option<PactId>) -> GqlResult<Option<bool>> {
    let Some(pact) = pact else {
        return Ok(None);
    };
    match load_pact(ctx, pact).await? {
        Some(pact) => pact.may_wait(ctx).await,
        None => Ok(None),
    }
}

async fn nudges(ctx: &Context<'_>, pact: PactId, args: &PageArgs) -> GqlResult<Nudges> {
    let me = ctx.member()?.member;
    let page = Page::parse(args)?;
    let rows = service::nudges(ctx.app(), me, pact, &page).await?;
    let cursor = |nudge: &model::Nudge| Cursor {
        key: nudge.sent_at.timestamp_micros(),
        id: nudge.id.0,
    };
    Ok(page.connection(NudgesOf(me, pact), rows, cursor, PactNudge::from))
}

/// Loads a pact, or `None` if it is not visible to the viewer.
pub async fn load_pact(ctx: &Context<'_>, id: PactId) -> GqlResult<Option<Pact>> {
    let found = load_pacts(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, pact)| pact))
}

/// Loads the given pacts that are visible to the viewer. Two statements.
pub async fn load_pacts(ctx: &Context<'_>, ids: &[PactId]) -> GqlResult<Vec<(PactId, Pact)>> {
    let found = service::by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|found| (found.0.id, Pact::from(found)))
        .collect())
}

/// The fields of [`Me`](crate::schema::Me) that are about pacts.
pub struct PactMe(pub SignedIn);

#[page_args]
#[Object]
impl PactMe {
    /// Your pacts and open proposals, the last proposed first. Leaves out proposals that you declined.
    async fn pacts(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Pacts> {
        Some(pacts(ctx, self.0, &args).await)
    }
}

async fn pacts(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Pacts> {
    let page = Page::parse(args)?;
    let rows = service::pacts(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(pact, _): &PactWithPartner| Cursor {
        key: pact.created_at.timestamp_micros(),
        id: pact.id.0,
    };
    Ok(page.connection(PactsOf(me.member), rows, cursor, Pact::from))
}
