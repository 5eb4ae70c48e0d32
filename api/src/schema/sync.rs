//! Sync in the schema.

use async_graphql::connection::CursorType as _;
use async_graphql::{Context, ID, Object, SimpleObject};

use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable, cursor};
use crate::node_id::{Key, encode};
use crate::schema::node_query::{Node, load};
use crate::sync::model::{self, Position};
use crate::sync::service;

/// A thing in your app's local data that is new, has changed, or is gone.
#[derive(SimpleObject)]
pub struct Change {
    /// The global id of the thing, as for `node`. Use it to delete your copy if the thing is gone.
    subject_id: ID,
    /// Whether the thing was deleted, or is no longer visible to you. Delete your copy with this id.
    deleted: bool,
    /// The thing as it is now; null if `deleted` is true.
    node: Option<Node>,
    /// When it last changed.
    changed_at: DateTime,
}

/// A page of changes to your app's local data.
#[derive(SimpleObject)]
pub struct ChangePage {
    /// The changes, in the order to apply them. Each thing is included once, as it is now, however often it changed.
    edges: Vec<Change>,
    /// Store it with your local data, and send it as `after` next time. It belongs to you alone, and is also there if
    /// nothing changed.
    end_cursor: String,
    /// Whether there are more changes. If so, ask again immediately with `endCursor`.
    has_more: bool,
    /// Whether you must start again, because your local data cannot be brought up to date. Reasons: you have not asked
    /// for too long (90 days, unless the server is configured otherwise), the cursor is another member's, or the server
    /// was restored from a backup. Delete your local data, and ask again with `endCursor`, which stands for the very
    /// beginning.
    reset_required: bool,
}

/// The query for changes.
#[derive(Default)]
pub struct SyncQuery;

#[Object]
impl SyncQuery {
    /// The changes to the data that your app keeps for offline use.
    ///
    /// This data is your profile (`Member`), your check-ins, the occurrences you answered with their meetings, your
    /// notifications, your peerings and pacts with their nudges, and your and your partners' commitments
    /// (`Commitment`). Ask without `after` for all of it, and then with the last `endCursor`. Seats that other members
    /// take or give back are not a change of a meeting, and a new day is not a change of a commitment.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The last `endCursor` you received. Omit it or send null to get all your data."
        )]
        after: Option<String>,
        #[graphql(desc = "The most changes to return, 0 to 100.")] first: i32,
    ) -> Nullable<ChangePage> {
        Some(changes(ctx, after.as_deref(), first).await)
    }
}

async fn changes(ctx: &Context<'_>, after: Option<&str>, first: i32) -> GqlResult<ChangePage> {
    let member = ctx.member()?.member;
    let limit = cursor::size(first)?;
    let position = after
        .map(Position::decode_cursor)
        .transpose()
        .map_err(|_| GqlError::BadUserInput("`after` takes an `endCursor` of `changes`."))?;
    let page = service::changes(ctx.app(), member, position, limit).await?;
    let key = |change: &model::Change| -> Key { (change.item.tag(), change.item.id) };
    let there = page.changes.iter().filter(|change| !change.deleted);
    // Visibility is checked now: whatever the feed says, the member sees nothing else.
    let mut nodes = load(ctx, &there.map(key).collect::<Vec<_>>()).await?;
    let edges = page.changes.iter().map(|change| {
        let node = nodes.remove(&key(change));
        Change {
            subject_id: encode(key(change)),
            deleted: node.is_none(),
            node,
            changed_at: DateTime(change.changed_at),
        }
    });
    Ok(ChangePage {
        edges: edges.collect(),
        end_cursor: page.end.encode_cursor(),
        has_more: page.has_more,
        reset_required: page.reset,
    })
}
