//! The subscription to a member's own check-ins.

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::Stream;

use crate::bus::{Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::scalars::DateTime;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// One of your check-ins is new or has changed. Fetch it by its id; its content is not included.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckInRecorded {
    /// The global id, for `node`; null if `refetch` is true.
    check_in_id: Option<ID>,
    /// When it was last changed. You need not fetch it if you have it as of this instant, as the device that recorded
    /// it does. Null if `refetch` is true.
    updated_at: Option<DateTime>,
    /// Whether you may have missed events. If true, read `changes`, or fetch your check-ins and your progress again.
    refetch: bool,
}

impl CheckInRecorded {
    fn of(heard: Heard) -> Option<Self> {
        match heard {
            Heard::Refetch => Some(Self {
                check_in_id: None,
                updated_at: None,
                refetch: true,
            }),
            Heard::Event(Event::CheckInRecorded {
                check_in,
                updated_at,
                ..
            }) => Some(Self {
                check_in_id: Some(check_in.global()),
                updated_at: Some(DateTime(updated_at)),
                refetch: false,
            }),
            Heard::Event(_) => None,
        }
    }
}

/// The subscription to check-ins.
#[derive(Default)]
pub struct CheckInSubscription;

#[Subscription]
impl CheckInSubscription {
    /// Your check-ins, as they are recorded and changed on any of your devices. A retry without changes causes no
    /// event.
    ///
    /// The first event is a `refetch`; after it, no event is missed. On each `refetch` read `changes`, or fetch your
    /// check-ins and your progress again. Events from before it, or from an interruption of the connection, are not
    /// repeated.
    async fn check_in_recorded(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<CheckInRecorded>> {
        listen(ctx, CheckInRecorded::of)
    }
}
