//! Sync in the schema.

use async_graphql::connection::CursorType as _;
use async_graphql::{Context, ID, Object, SimpleObject};

use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable, cursor};
use crate::node_id::{Key, encode};
use crate::schema::node_query::{Node, load};
use crate::sync::model::{self, Place};
use crate::sync::service;

/// Something your app keeps that is new, is not as it was, or is gone.
#[derive(SimpleObject)]
pub struct Change {
    /// The global id of the thing: that of `node`, and what to drop when it is gone.
    subject_id: ID,
    /// Whether it is gone, or not there for you any more: drop what you keep under this id.
    deleted: bool,
    /// The thing as it is now; null when `deleted`.
    node: Option<Node>,
    /// When it last changed.
    changed_at: DateTime,
}

/// What has changed of what your app keeps.
#[derive(SimpleObject)]
pub struct ChangePage {
    /// The changes, in the order to take them in. A thing is in here once, as it is now, however often it changed.
    edges: Vec<Change>,
    /// Keep it beside what you keep, and give it as `after` the next time. It is yours alone, and there also when
    /// nothing changed.
    end_cursor: String,
    /// Whether there is more: ask again at once, with `endCursor`.
    has_more: bool,
    /// Whether you must begin anew: what you keep cannot be brought up to date, because you have not asked for too long
    /// (90 days, unless the server is set otherwise), because it is another member's, or because the server was put
    /// back from a copy. Drop what you keep, and ask again with `endCursor`, which is that of the very beginning.
    reset_required: bool,
}

/// What your app keeps.
#[derive(Default)]
pub struct SyncQuery;

#[Object]
impl SyncQuery {
    /// What has changed of what your app keeps for when there is no connection: your profile (`Member`), your check-ins,
    /// the occurrences you answered with their meetings, your notifications, your peerings and pacts with their nudges,
    /// and what you and your partners mean to do (`Commitment`). Ask without `after` for all of it, and from then on with
    /// the last `endCursor`. Seats that other men take or give back are no change of a meeting, and that a day goes by is
    /// none of a commitment.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The `endCursor` you were given last; without it, or with null, everything you keep."
        )]
        after: Option<String>,
        #[graphql(desc = "At most so many, 0 to 100.")] first: i32,
    ) -> Nullable<ChangePage> {
        Some(changes(ctx, after.as_deref(), first).await)
    }
}

async fn changes(ctx: &Context<'_>, after: Option<&str>, first: i32) -> GqlResult<ChangePage> {
    let member = ctx.member()?.member;
    let limit = cursor::size(first)?;
    let place = after
        .map(Place::decode_cursor)
        .transpose()
        .map_err(|_| GqlError::BadUserInput("`after` takes an `endCursor` of `changes`."))?;
    let page = service::changes(ctx.app(), member, place, limit).await?;
    let key = |change: &model::Change| -> Key { (change.item.tag(), change.item.id) };
    let there = page.changes.iter().filter(|change| !change.deleted);
    // What he may see is asked now: whatever the feed says, he is shown nothing else.
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
