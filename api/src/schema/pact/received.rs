//! Received words in the GraphQL schema.

use async_graphql::{Context, Enum, ID, Object};
use entity::{MemberId, PactNudgeId, ReceivedId};
use macros::page_args;

use super::NudgeTemplate;
use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::shown;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::pact::model::{self, KEPT_FOR, NudgeContent};
use crate::pact::service::{self, RECEIVED};
use crate::page::{Cursor, Page};
use crate::schema::profile::{Member, load_members};
use crate::viewer::SignedIn;

/// The kind of words that you received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::ReceivedKind")]
pub enum ReceivedKind {
    /// A nudge.
    Nudge,
    /// How your partner likes to be nudged, in his own words.
    Wish,
    /// A pact that was proposed to you. The words are the wish that came with it.
    Proposal,
}

/// Words that another member sent you, and that you no longer see elsewhere: the pact or the peering is over, he took
/// them back, or he left. They are yours to keep, or to show to somebody who helps you.
#[derive(Clone, Debug)]
pub struct ReceivedWords(model::Received);

impl From<model::Received> for ReceivedWords {
    fn from(received: model::Received) -> Self {
        Self(received)
    }
}

/// Words that another member sent you, and that you no longer see elsewhere: the pact or the peering is over, he took
/// them back, or he left. They are yours to keep, or to show to somebody who helps you.
#[Object]
impl ReceivedWords {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What kind of words they are.
    async fn kind(&self) -> ReceivedKind {
        self.0.kind.into()
    }

    /// The text; in English if it has a `template`. Null for a proposal without words.
    async fn text(&self) -> Nullable<&str> {
        let content = self.0.content.as_ref()?;
        Some(content.text().map_err(GqlError::from))
    }

    /// The ready-made text of a nudge; null if the sender wrote his own words.
    async fn template(&self) -> Option<NudgeTemplate> {
        match self.0.content {
            Some(NudgeContent::Template(template)) => Some(template.into()),
            Some(NudgeContent::Words(_)) | None => None,
        }
    }

    /// The sender's handle at `endedAt`.
    async fn sender_handle(&self) -> Nullable<&str> {
        shown(Some(&self.0.sender_handle))
    }

    /// The id of the sender's `Member`, with which you can report him even after he has left.
    async fn sender_id(&self) -> ID {
        self.0.sender.global()
    }

    /// The sender; null if you cannot see him any more, or he has left.
    async fn sender(&self, ctx: &Context<'_>) -> Nullable<Member> {
        sender(ctx, self.0.sender).await.transpose()
    }

    /// The id that the `PactNudge` had; null if it was not a nudge.
    async fn nudge_id(&self) -> Option<ID> {
        let is_nudge = self.0.kind == model::ReceivedKind::Nudge;
        is_nudge.then(|| PactNudgeId(self.0.source).global())
    }

    /// The id that the `Pact` had.
    async fn pact_id(&self) -> ID {
        self.0.pact.global()
    }

    /// The id of the `Peering` it belonged to.
    async fn peering_id(&self) -> ID {
        self.0.peering.global()
    }

    /// When you received it.
    async fn received_at(&self) -> DateTime {
        DateTime(self.0.received_at)
    }

    /// Since when you have not seen it elsewhere.
    async fn ended_at(&self) -> DateTime {
        DateTime(self.0.ended_at)
    }

    /// When it is deleted: 90 days after `endedAt`.
    async fn kept_until(&self) -> DateTime {
        DateTime(self.0.ended_at + KEPT_FOR)
    }
}

async fn sender(ctx: &Context<'_>, id: MemberId) -> GqlResult<Option<Member>> {
    let found = load_members(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, member)| member))
}

/// Loads the given received words that are the viewer's. One statement.
pub async fn load_received(
    ctx: &Context<'_>,
    ids: &[ReceivedId],
) -> GqlResult<Vec<(ReceivedId, ReceivedWords)>> {
    let found = service::received_by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|received| (received.id, ReceivedWords::from(received)))
        .collect())
}

type AllReceived = Connection<RECEIVED, ReceivedWords, ReceivedOf>;

/// Counts the words that this member received.
struct ReceivedOf(MemberId);

impl Counted for ReceivedOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::received_count(app, self.0).await
    }
}

/// The fields of [`Me`](crate::schema::Me) that are about received words.
pub struct ReceivedMe(pub SignedIn);

#[page_args]
#[Object]
impl ReceivedMe {
    /// Words that other members sent you, and that you no longer see elsewhere, the latest first. They stay for 90
    /// days, even if the sender leaves. Read this after a pact or a nudge has disappeared.
    async fn received(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<AllReceived> {
        Some(page(ctx, self.0.member, &args).await)
    }
}

async fn page(ctx: &Context<'_>, me: MemberId, args: &PageArgs) -> GqlResult<AllReceived> {
    let page = Page::parse(args)?;
    let rows = service::received(ctx.app(), me, &page).await?;
    let cursor = |received: &model::Received| Cursor {
        key: received.received_at.timestamp_micros(),
        id: received.id.0,
    };
    Ok(page.connection(ReceivedOf(me), rows, cursor, ReceivedWords::from))
}
