//! Pacts in the schema.

mod changes;
mod days;
mod nudges;
mod received;
pub mod subscription;
mod terms;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entity::{MemberId, PactId};

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
use crate::pact::model::{self, Shown};
use crate::pact::service::{self, MY_PACTS, PACT_NUDGES, Seen};
use crate::page::{Cursor, Page};
use crate::profile::model::Profile;
use crate::schema::edges;
use crate::schema::matching::{AgreementState, Peering};
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

type Pacts = Connection<MY_PACTS, Pact, PactsOf>;
type Nudges = Connection<PACT_NUDGES, PactNudge, NudgesOf>;

/// The pacts of this member.
struct PactsOf(MemberId);

impl Counted for PactsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// The nudges of a pact, for a member.
struct NudgesOf(MemberId, PactId);

impl Counted for NudgesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::nudge_count(app, self.0, self.1).await
    }
}

/// What one of the two gives and likes in a pact.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PactSide {
    /// What he lets the other see.
    sharing: PactSharing,
    /// Until when he agreed to that; null when for as long as the pact goes on.
    sharing_until: Option<DateTime>,
    /// In which manner he likes to be nudged.
    nudge_style: NudgeStyle,
    #[graphql(skip)]
    wish: Option<Opened>,
    /// Whether the other may wake him: when that one says in a check-in that he would like a word, this member's phone
    /// rings in his quiet hours, too.
    can_be_woken: bool,
}

#[ComplexObject]
impl PactSide {
    /// How he likes to be nudged, in his own words, up to 200 characters.
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

/// What your partner and you agreed to, or are about to.
#[derive(Clone, Debug)]
pub struct Pact {
    seen: model::Pact,
    partner: Profile,
}

impl From<Seen> for Pact {
    fn from((seen, partner): Seen) -> Self {
        Self { seen, partner }
    }
}

/// What your partner and you agreed to, or are about to, to keep each other company. When it is over, in whatever way,
/// it is not there any more.
#[Object]
impl Pact {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.seen.id.global()
    }

    /// The peering it belongs to.
    async fn peering(&self, ctx: &Context<'_>) -> Nullable<Peering> {
        edges::peering(ctx, self.seen.peering).await
    }

    /// The id of the `Peering` it belongs to.
    #[graphql(deprecation = "Use `peering`. Since 2026-11-27.")]
    async fn peering_id(&self) -> ID {
        self.seen.peering.global()
    }

    /// The other man.
    async fn partner(&self) -> Member {
        Member::from(self.partner.clone())
    }

    /// How far it has come.
    async fn state(&self) -> AgreementState {
        self.seen.state.into()
    }

    /// Whether it was you who proposed it.
    async fn proposed_by_you(&self) -> bool {
        self.seen.proposed_by_viewer
    }

    /// What you give him and like; null before you agreed.
    async fn your_side(&self) -> Option<PactSide> {
        self.seen.own.as_ref().map(PactSide::from)
    }

    /// What he gives you and likes; null before he agreed. Of a proposal it is what he will give.
    async fn partner_side(&self) -> Option<PactSide> {
        self.seen.theirs.as_ref().map(PactSide::from)
    }

    /// His last seven days, on his own calendar and his today's the last, as far as he lets you see them; null when he
    /// does not. Of what he wrote before he agreed to that, or for a day before, you see no more than that it is there.
    async fn partner_days(&self, ctx: &Context<'_>) -> Nullable<Vec<PartnerDay>> {
        partner_days(ctx, &self.seen, &self.partner)
            .await
            .transpose()
    }

    /// Whether what you ask your partner now may wait until the morning: he has quiet hours, and did not say that you
    /// may wake him. Null while the pact is proposed. Who answers at night: `Query.installation.crisisHelp`.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        self.may_wait(ctx).await.transpose()
    }

    /// Its last day; null when it goes on until one of you ends it.
    async fn ends_on(&self) -> Option<Date> {
        self.seen.ends_on.map(Date)
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.seen.created_at)
    }

    /// When a proposal lapses: from then on it is not there any more, and an app that keeps it drops it. Null once both
    /// of you agreed.
    async fn expires_at(&self) -> Option<DateTime> {
        let waits = self.seen.state == Shown::Proposed;
        waits.then_some(DateTime(self.seen.expires_at))
    }

    /// Since when both of you have agreed; null before.
    async fn since(&self) -> Option<DateTime> {
        self.seen.since.map(DateTime)
    }

    /// Rises by one with every change of it, whoever of you makes it, and is what `expectedVersion` compares.
    async fn version(&self) -> i32 {
        self.seen.version
    }

    /// What you two sent each other, the latest first.
    async fn nudges(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Nudges> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(nudges(ctx, self.seen.id, &args).await)
    }
}

impl Pact {
    async fn may_wait(&self, ctx: &Context<'_>) -> GqlResult<Option<bool>> {
        if self.seen.state != Shown::Active {
            return Ok(None);
        }
        let side = (self.seen.id, self.seen.partner);
        let app = ctx.app();
        let asleep = service::who_may_be_asleep(app, app.db.pool(), &[side]).await?;
        Ok(Some(asleep.contains(&side)))
    }
}

/// Whether what is asked of the other man of a pact now may wait until the morning; `None` if there is no such pact for
/// the viewer.
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

/// A pact as the viewer may see it.
pub async fn load_pact(ctx: &Context<'_>, id: PactId) -> GqlResult<Option<Pact>> {
    let found = load_pacts(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, pact)| pact))
}

/// Pacts as the viewer may see them, in two statements; those that are not there for him are left out.
pub async fn load_pacts(ctx: &Context<'_>, ids: &[PactId]) -> GqlResult<Vec<(PactId, Pact)>> {
    let found = service::these(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|seen| (seen.0.id, Pact::from(seen)))
        .collect())
}

/// Your pacts.
pub struct PactMe(pub SignedIn);

#[Object]
impl PactMe {
    /// Your pacts, and what is proposed, the last proposed first. A proposal that you said no to is not among them.
    async fn pacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Pacts> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(pacts(ctx, self.0, &args).await)
    }
}

async fn pacts(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Pacts> {
    let page = Page::parse(args)?;
    let rows = service::pacts(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(pact, _): &Seen| Cursor {
        key: pact.created_at.timestamp_micros(),
        id: pact.id.0,
    };
    Ok(page.connection(PactsOf(me.member), rows, cursor, Pact::from))
}
