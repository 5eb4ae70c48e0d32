//! Commitments in the schema.

mod changes;
mod days;
mod types;

pub use changes::CommitmentMutation;
pub use days::CommitmentDayMutation;
pub use types::Commitment;

use async_graphql::{Context, Object};
use entity::{CommitmentId, MemberId};
use macros::page_args;

use crate::app::App;
use crate::commitment::service::{self, COMMITMENTS, CommitmentWithPartner, Whose};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::page::{Cursor, Page};
use crate::viewer::SignedIn;

/// A page of commitments.
pub type Commitments = Connection<COMMITMENTS, Commitment, CommitmentsFor>;

/// Counts the commitments of a list: the viewer's own, or those that a partner shares.
pub struct CommitmentsFor(MemberId, Whose);

impl Counted for CommitmentsFor {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0, self.1).await
    }
}

/// Returns a page of commitments, newest first.
pub async fn page(ctx: &Context<'_>, whose: Whose, args: &PageArgs) -> GqlResult<Commitments> {
    let me = ctx.member()?.member;
    let page = Page::parse(args)?;
    let rows = service::commitments(ctx.app(), ctx.viewer(), whose, &page).await?;
    let cursor = |(commitment, _): &CommitmentWithPartner| Cursor {
        key: commitment.created_at.timestamp_micros(),
        id: commitment.id.0,
    };
    Ok(page.connection(CommitmentsFor(me, whose), rows, cursor, Commitment::from))
}

/// Loads commitments as the viewer may see them, in three statements. Leaves out those that are not visible to the
/// viewer.
pub async fn load_commitments(
    ctx: &Context<'_>,
    ids: &[CommitmentId],
) -> GqlResult<Vec<(CommitmentId, Commitment)>> {
    let found = service::by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|found| (found.0.id, Commitment::from(found)))
        .collect())
}

async fn load(ctx: &Context<'_>, id: CommitmentId) -> GqlResult<Option<Commitment>> {
    let found = load_commitments(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, commitment)| commitment))
}

/// Your commitments.
pub struct CommitmentMe(pub SignedIn);

#[page_args]
#[Object]
impl CommitmentMe {
    /// Your commitments, newest first, including those that are done or ended.
    async fn commitments(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Commitments> {
        Some(page(ctx, Whose::Own, &args).await)
    }
}
