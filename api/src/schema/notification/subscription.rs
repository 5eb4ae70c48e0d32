//! The inbox as it fills.

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::Stream;

use crate::bus::{Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::scalars::DateTime;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// A line in your inbox fell due. It says which to read, and not what it is about.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationReceived {
    /// Its global id, for `node`; a push for it carries the same one. Null with `refetch`.
    notification_id: Option<ID>,
    /// When it was due, as the line itself says. Null with `refetch`.
    at: Option<DateTime>,
    /// Whether something may have been missed: when true, read `changes`, or your notifications and how many are unread
    /// anew.
    refetch: bool,
}

impl NotificationReceived {
    fn of(heard: Heard) -> Option<Self> {
        match heard {
            Heard::Refetch => Some(Self {
                notification_id: None,
                at: None,
                refetch: true,
            }),
            Heard::Event(Event::NotificationReceived {
                notification, at, ..
            }) => Some(Self {
                notification_id: Some(notification.global()),
                at: Some(DateTime(at)),
                refetch: false,
            }),
            Heard::Event(_) => None,
        }
    }
}

/// What can be heard of notifications.
#[derive(Default)]
pub struct NotificationSubscription;

#[Subscription]
impl NotificationSubscription {
    /// The lines of your inbox, each once when it falls due, whether or not a push leaves for it. The first thing you
    /// hear is a `refetch`: from then on nothing passes by. On each, read `changes`, or your notifications anew: what
    /// happened before it, or while a connection was interrupted, is not told later.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<NotificationReceived>> {
        listen(ctx, NotificationReceived::of)
    }
}
