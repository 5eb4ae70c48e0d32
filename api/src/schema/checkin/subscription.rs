//! Check-ins as they come in from a member's other devices.

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::Stream;

use crate::bus::{Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::scalars::DateTime;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// A check-in of yours is new or has changed. It says which to read, and not what it holds.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckInRecorded {
    /// Its global id, for `node`; null with `refetch`.
    check_in_id: Option<ID>,
    /// When it was last changed: nothing is to be read when you have it as of then, as the device has that
    /// recorded it. Null with `refetch`.
    updated_at: Option<DateTime>,
    /// Whether something may have been missed: when true, read `changes`, or your check-ins and your progress anew.
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

/// What can be heard of check-ins.
#[derive(Default)]
pub struct CheckInSubscription;

#[Subscription]
impl CheckInSubscription {
    /// Your check-ins, as they are recorded and changed on any of your devices. One that is sent again unchanged is
    /// not told again. The first thing you hear is a `refetch`: from then on nothing passes by. On each, read
    /// `changes`, or your check-ins and your progress anew: what happened before it, or while a connection was
    /// interrupted, is not told later.
    async fn check_in_recorded(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<CheckInRecorded>> {
        listen(ctx, CheckInRecorded::of)
    }
}
