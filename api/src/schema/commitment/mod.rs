//! Commitments in the schema.

mod changes;
mod days;
mod types;

pub use changes::CommitmentMutation;
pub use days::CommitmentDayMutation;
pub use types::Commitment;

use async_graphql::{Context, Object};
use entity::{CommitmentId, MemberId};

use crate::app::App;
use crate::commitment::service::{self, COMMITMENTS, Seen, Whose};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::page::{Cursor, Page};
use crate::viewer::SignedIn;

/// A page of commitments.
pub type Commitments = Connection<COMMITMENTS, Commitment, CommitmentsFor>;

/// The commitments that are there for a member: his own, or a partner's.
pub struct CommitmentsFor(MemberId, Whose);

impl Counted for CommitmentsFor {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0, self.1).await
    }
}

/// A page of them, the last made first.
pub async fn page(ctx: &Context<'_>, whose: Whose, args: &PageArgs) -> GqlResult<Commitments> {
    let me = ctx.member()?.member;
    let page = Page::parse(args)?;
    let rows = service::commitments(ctx.app(), ctx.viewer(), whose, &page).await?;
    let cursor = |(commitment, _): &Seen| Cursor {
        key: commitment.created_at.timestamp_micros(),
        id: commitment.id.0,
    };
    Ok(page.connection(CommitmentsFor(me, whose), rows, cursor, Commitment::from))
}

/// Commitments as the viewer may see them, in three statements; those that are not there for him are left out.
pub async fn load_commitments(
    ctx: &Context<'_>,
    ids: &[CommitmentId],
) -> GqlResult<Vec<(CommitmentId, Commitment)>> {
    let found = service::these(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|seen| (seen.0.id, Commitment::from(seen)))
        .collect())
}

async fn load(ctx: &Context<'_>, id: CommitmentId) -> GqlResult<Option<Commitment>> {
    let found = load_commitments(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, commitment)| commitment))
}

/// What you mean to do.
pub struct CommitmentMe(pub SignedIn);

#[Object]
impl CommitmentMe {
    /// What you mean to do, the last made first, also what is done or ended.
    async fn commitments(
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
        Some(page(ctx, Whose::Own, &args).await)
    }
}
