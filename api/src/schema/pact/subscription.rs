//! What happens between partners, as it happens.

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription};
use entity::{CommitmentId, PactId, PactNudgeId, PeeringId};
use futures::Stream;
use uuid::Uuid;

use crate::bus::{Activity, Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// What happened between partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Activity")]
pub enum PartnerActivityKind {
    /// A peering is new, is not as it was, or is over.
    PeeringChanged,
    /// A pact is new, is not as it was, or is over.
    PactChanged,
    /// Your partner nudged you. Its subject is the nudge.
    NudgeReceived,
    /// Your partner answered a nudge of yours. Its subject is the nudge.
    NudgeAnswered,
    /// Your partner checked in, and lets you see it. Its subject is the pact.
    CheckedIn,
    /// What your partner means to do is new, is not as it was, or is not yours to see any more. Its subject is the
    /// commitment.
    CommitmentChanged,
}

/// Something happened between a partner and you. It says what to read, and not what it holds.
#[derive(Clone, Debug, SimpleObject)]
pub struct PartnerActivity {
    /// What happened; null with `refetch`.
    kind: Option<PartnerActivityKind>,
    /// The global id of what to read, for `node`, which is null when it is over; null with `refetch`.
    subject_id: Option<ID>,
    /// Whether something may have been missed: when true, read `changes`, or your peerings with what is in them anew.
    refetch: bool,
}

fn global(activity: Activity, subject: Uuid) -> ID {
    match activity {
        Activity::PeeringChanged => PeeringId(subject).global(),
        Activity::CommitmentChanged => CommitmentId(subject).global(),
        Activity::PactChanged | Activity::CheckedIn => PactId(subject).global(),
        Activity::NudgeReceived | Activity::NudgeAnswered => PactNudgeId(subject).global(),
    }
}

impl PartnerActivity {
    fn of(heard: Heard) -> Option<Self> {
        match heard {
            Heard::Refetch => Some(Self {
                kind: None,
                subject_id: None,
                refetch: true,
            }),
            Heard::Event(Event::PartnerActivity {
                activity, subject, ..
            }) => Some(Self {
                kind: Some(activity.into()),
                subject_id: Some(global(activity, subject)),
                refetch: false,
            }),
            Heard::Event(_) => None,
        }
    }
}

/// What can be heard of partners.
#[derive(Default)]
pub struct PartnerSubscription;

#[Subscription]
impl PartnerSubscription {
    /// What your partners, and men who ask you to be theirs, do that you are to see: what you do yourself is not among
    /// it. After a connection was interrupted, and on `refetch`, read `changes`, or your peerings with what is in them
    /// anew: what happened meanwhile is not told later.
    async fn partner_activity(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<PartnerActivity>> {
        listen(ctx, PartnerActivity::of)
    }
}
