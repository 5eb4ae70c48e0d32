//! `node` and `nodes`: anything that has an id, by its id (Relay's Object Identification).

use async_graphql::{Context, ID, Interface, Object};
use entity::{CheckInId, CircleId, DeviceId, MeetingId, MemberId, NotificationId, OccurrenceId};

use super::node::{NodeId, decode};
use super::{Context as _, GqlError, GqlResult, Nullable};
use crate::checkin::graphql::{CheckIn, load_check_in};
use crate::circle::graphql::{Circle, load_circle};
use crate::device::graphql::{Device, load_device};
use crate::meeting::graphql::{Meeting, MeetingOccurrence, load_meeting, load_occurrence};
use crate::nudge::graphql::{Notification, load_notification};
use crate::profile::graphql::{Member, load_member};

/// Something that has an id of its own, and can be fetched by it.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, and the same for ever."))]
pub enum Node {
    /// A member, as you may see him.
    Member(Box<Member>),
    /// A circle you are in.
    Circle(Circle),
    /// A meeting you may go to.
    Meeting(Box<Meeting>),
    /// One time a meeting takes place.
    MeetingOccurrence(Box<MeetingOccurrence>),
    /// A check-in of yours.
    CheckIn(CheckIn),
    /// A device of yours.
    Device(Device),
    /// A line in your inbox.
    Notification(Notification),
}

/// The most ids one `nodes` takes.
const MAX_IDS: usize = 100;

async fn load(ctx: &Context<'_>, id: &ID) -> GqlResult<Option<Node>> {
    // To somebody who has not signed in nothing is there.
    ctx.member()?;
    let Some((tag, id)) = decode(id) else {
        return Ok(None);
    };
    Ok(match tag {
        MemberId::TAG => load_member(ctx, id.into())
            .await?
            .map(Box::new)
            .map(Node::Member),
        CircleId::TAG => load_circle(ctx, id.into()).await?.map(Node::Circle),
        MeetingId::TAG => load_meeting(ctx, id.into())
            .await?
            .map(Box::new)
            .map(Node::Meeting),
        OccurrenceId::TAG => {
            let occurrence = load_occurrence(ctx, id.into()).await?;
            occurrence.map(Box::new).map(Node::MeetingOccurrence)
        }
        CheckInId::TAG => load_check_in(ctx, id.into()).await?.map(Node::CheckIn),
        DeviceId::TAG => load_device(ctx, id.into()).await?.map(Node::Device),
        NotificationId::TAG => {
            let notification = load_notification(ctx, id.into()).await?;
            notification.map(Node::Notification)
        }
        _ => None,
    })
}

/// Anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// What has this id; null when there is nothing, or nothing that you may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of anything that implements `Node`.")] id: ID,
    ) -> Nullable<Node> {
        load(ctx, &id).await.transpose()
    }

    /// What has these ids, in their order, with null for those that are not there or not yours to see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Nullable<Vec<Nullable<Node>>> {
        if let Err(nobody) = ctx.member() {
            return Some(Err(nobody));
        }
        if ids.len() > MAX_IDS {
            let fault = GqlError::BadUserInput("`ids` takes at most 100 ids.");
            return Some(Err(fault));
        }
        let mut found = Vec::with_capacity(ids.len());
        // One after the other: a list must not take every connection for itself.
        for id in &ids {
            found.push(load(ctx, id).await.transpose());
        }
        Some(Ok(found))
    }
}
