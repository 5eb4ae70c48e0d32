//! Peerings in the schema.

mod changes;

use async_graphql::{Context, Enum, ID, Object};
use entity::{MemberId, PeeringId};

pub use changes::PeeringMutation;

use crate::app::App;
use crate::commitment;
use crate::commitment::service::Whose;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::matching::model::{self, Shown};
use crate::matching::service::{self, MY_PEERINGS, Seen};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::schema::commitment::Commitments;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

type Peerings = Connection<MY_PEERINGS, Peering, PeeringsOf>;

/// The peerings of this member.
struct PeeringsOf(MemberId);

impl Counted for PeeringsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// How far something has come that takes the yes of both: a peering, or a pact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Shown")]
pub enum AgreementState {
    /// One of you asked, and the other has not said yes so far.
    Proposed,
    /// Both of you said yes.
    Active,
}

/// Another man and you, as partners or about to be.
#[derive(Clone, Debug)]
pub struct Peering {
    seen: model::Peering,
    partner: Member,
}

impl From<Seen> for Peering {
    fn from((seen, profile): Seen) -> Self {
        Self {
            seen,
            partner: Member::from(profile),
        }
    }
}

/// Another man and you, as partners or about to be. When it is over, in whatever way, it is not there any more.
#[Object]
impl Peering {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.seen.id.global()
    }

    /// The other man.
    async fn partner(&self) -> &Member {
        &self.partner
    }

    /// How far it has come.
    async fn state(&self) -> AgreementState {
        self.seen.state.into()
    }

    /// Whether it was you who asked.
    async fn proposed_by_you(&self) -> bool {
        self.seen.proposed_by_viewer
    }

    /// When one of you asked the other.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.seen.proposed_at)
    }

    /// When a proposal lapses, seven days after it was made: from then on it is not there any more, and an app that
    /// keeps it drops it. Null once both of you said yes.
    async fn expires_at(&self) -> Option<DateTime> {
        let waits = self.seen.state == Shown::Proposed;
        waits.then_some(DateTime(self.seen.expires_at))
    }

    /// Since when both of you have said yes; null before.
    async fn since(&self) -> Option<DateTime> {
        self.seen.since.map(DateTime)
    }

    /// What your partner means to do and lets you see, the last made first.
    async fn partner_commitments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Commitments> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        let whose = Whose::Partners(self.seen.id);
        Some(super::commitment::page(ctx, whose, &args).await)
    }
}

/// A peering as the viewer may see it.
pub async fn load_peering(ctx: &Context<'_>, id: PeeringId) -> GqlResult<Option<Peering>> {
    let found = load_peerings(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, peering)| peering))
}

/// Peerings as the viewer may see them, in two statements; those that are not there for him are left out.
pub async fn load_peerings(
    ctx: &Context<'_>,
    ids: &[PeeringId],
) -> GqlResult<Vec<(PeeringId, Peering)>> {
    let found = service::these(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|seen| (seen.0.id, Peering::from(seen)))
        .collect())
}

/// Your peerings.
pub struct PeeringMe(pub SignedIn);

#[Object]
impl PeeringMe {
    /// Your partners, and who is asked, the last proposed first. A proposal that you said no to is not among them.
    async fn peerings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Peerings> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(peerings(ctx, self.0, &args).await)
    }
}

async fn peerings(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Peerings> {
    let page = Page::parse(args)?;
    let rows = service::peerings(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(peering, _): &Seen| Cursor {
        key: peering.proposed_at.timestamp_micros(),
        id: peering.id.0,
    };
    Ok(page.connection(PeeringsOf(me.member), rows, cursor, Peering::from))
}
