//! The subscription to what happens between partners.

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription};
use entity::{CommitmentId, PactId, PactNudgeId, PeeringId};
use futures::Stream;
use uuid::Uuid;

use crate::bus::{Activity, Event, Heard};
use crate::graphql::GqlResult;
use crate::graphql::subscription::listen;
use crate::node_id::NodeId as _;

/// What happened between you and a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Activity")]
pub enum PartnerActivityKind {
    /// A peering is new, has changed, or is over.
    PeeringChanged,
    /// A pact is new, has changed, or is over.
    PactChanged,
    /// Your partner nudged you. The subject is the nudge.
    NudgeReceived,
    /// Your partner answered a nudge of yours. The subject is the nudge.
    NudgeAnswered,
    /// Your partner checked in, and lets you see it. The subject is the pact.
    CheckedIn,
    /// A commitment of your partner is new, has changed, or is no longer visible to you. The subject is the commitment.
    CommitmentChanged,
}

/// Something happened between you and a partner. It names what to read again, without the content.
#[derive(Clone, Debug, SimpleObject)]
pub struct PartnerActivity {
    /// What happened; null if `refetch` is true.
    kind: Option<PartnerActivityKind>,
    /// The global id of the subject, to read with `node`, which returns null if the subject is no longer visible to
    /// you. Null if `refetch` is true.
    subject_id: Option<ID>,
    /// Whether events may have been missed. If true, read `changes`, or read your peerings again with everything in
    /// them.
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

/// The subscription to partners.
#[derive(Default)]
pub struct PartnerSubscription;

#[Subscription]
impl PartnerSubscription {
    /// What your partners, and members who propose to become partners, do that is visible to you. Leaves out what you
    /// do yourself. Missed events are not sent later: after an interrupted connection, and if `refetch` is true, read
    /// `changes`, or read your peerings again with everything in them.
    async fn partner_activity(
        &self,
        ctx: &Context<'_>,
    ) -> impl Stream<Item = GqlResult<PartnerActivity>> {
        listen(ctx, PartnerActivity::of)
    }
}
