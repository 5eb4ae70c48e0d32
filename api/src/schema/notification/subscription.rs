//! The subscription to a member's inbox.

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::Stream;

use crate::bus::{Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::scalars::DateTime;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// A notification arrived in your inbox. Fetch it by its id; its content is not included.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationReceived {
    /// The global id, for `node`. The push carries the same one. Null if `refetch` is true.
    notification_id: Option<ID>,
    /// When it was due, as in `Notification.at`. Null if `refetch` is true.
    at: Option<DateTime>,
    /// Whether you may have missed events. If true, read `changes`, or fetch your notifications and the number of
    /// unread ones again.
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

/// The subscription to notifications.
#[derive(Default)]
pub struct NotificationSubscription;

#[Subscription]
impl NotificationSubscription {
    /// The notifications in your inbox, each once when it is due, whether or not a push is sent.
    ///
    /// The first event is a `refetch`; after it, no event is missed. On each `refetch` read `changes`, or fetch your
    /// notifications again. Events from before it, or from an interruption of the connection, are not repeated.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<NotificationReceived>> {
        listen(ctx, NotificationReceived::of)
    }
}
