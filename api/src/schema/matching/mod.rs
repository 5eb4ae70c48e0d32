//! Peerings in the GraphQL schema.

mod changes;

use async_graphql::{Context, Enum, ID, Object};
use entity::{MemberId, PeeringId};
use macros::page_args;

pub use changes::PeeringMutation;

use crate::app::App;
use crate::commitment::service::Whose;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::matching::model;
use crate::matching::service::{self, MY_PEERINGS, PeeringWithPartner};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::proposal::Shown;
use crate::schema::commitment::Commitments;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

type Peerings = Connection<MY_PEERINGS, Peering, PeeringsOf>;

/// Counts the peerings of this member.
struct PeeringsOf(MemberId);

impl Counted for PeeringsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// The state of a peering or a pact, which both members have to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Shown")]
pub enum AgreementState {
    /// One of you proposed it, and the other has not accepted it so far.
    Proposed,
    /// Both of you agreed.
    Active,
}

/// You and another member: partners, or one of you proposed it.
#[derive(Clone, Debug)]
pub struct Peering {
    peering: model::Peering,
    partner: Member,
}

impl From<PeeringWithPartner> for Peering {
    fn from((peering, profile): PeeringWithPartner) -> Self {
        Self {
            peering,
            partner: Member::from(profile),
        }
    }
}

/// You and another member: partners, or one of you proposed it. You no longer see a peering that has ended, or a
/// proposal that was declined by you, withdrawn, or has expired.
#[page_args]
#[Object]
impl Peering {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.peering.id.global()
    }

    /// Your partner, or the member who may become it.
    async fn partner(&self) -> &Member {
        &self.partner
    }

    /// Whether it is a proposal or active.
    async fn state(&self) -> AgreementState {
        self.peering.state.into()
    }

    /// Whether you proposed it.
    async fn proposed_by_you(&self) -> bool {
        self.peering.proposed_by_viewer
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.peering.proposed_at)
    }

    /// When the proposal expires, seven days after it was made. The app has to delete it then: it is no longer visible
    /// to you. Null once both of you agreed.
    async fn expires_at(&self) -> Option<DateTime> {
        let waits = self.peering.state == Shown::Proposed;
        waits.then_some(DateTime(self.peering.expires_at))
    }

    /// Since when you have been partners; null before.
    async fn since(&self) -> Option<DateTime> {
        self.peering.since.map(DateTime)
    }

    /// The commitments of your partner that you can see, the last made first.
    async fn partner_commitments(
        &self,
        ctx: &Context<'_>,
        args: PageArgs,
    ) -> Nullable<Commitments> {
        let whose = Whose::Partners(self.peering.id);
        Some(super::commitment::page(ctx, whose, &args).await)
    }
}

/// Loads a peering, or `None` if it is not visible to the viewer.
pub async fn load_peering(ctx: &Context<'_>, id: PeeringId) -> GqlResult<Option<Peering>> {
    let found = load_peerings(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, peering)| peering))
}

/// Loads the given peerings that are visible to the viewer. Two statements.
pub async fn load_peerings(
    ctx: &Context<'_>,
    ids: &[PeeringId],
) -> GqlResult<Vec<(PeeringId, Peering)>> {
    let found = service::by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|found| (found.0.id, Peering::from(found)))
        .collect())
}

/// The fields of [`Me`](crate::schema::Me) that are about peerings.
pub struct PeeringMe(pub SignedIn);

#[page_args]
#[Object]
impl PeeringMe {
    /// Your peerings and open proposals, the last proposed first. Leaves out proposals that you declined.
    async fn peerings(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Peerings> {
        Some(peerings(ctx, self.0, &args).await)
    }
}

async fn peerings(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Peerings> {
    let page = Page::parse(args)?;
    let rows = service::peerings(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(peering, _): &PeeringWithPartner| Cursor {
        key: peering.proposed_at.timestamp_micros(),
        id: peering.id.0,
    };
    Ok(page.connection(PeeringsOf(me.member), rows, cursor, Peering::from))
}
