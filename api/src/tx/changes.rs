//! The changes of a transaction to the items that members' devices keep.

use entity::change::Kind;
use entity::{
    CheckInId, CommitmentId, MeetingId, MemberId, NotificationId, OccurrenceId, PactId,
    PactNudgeId, PeeringId,
};
use uuid::Uuid;

use crate::node_id::NodeId;

/// An item that devices keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The kind.
    pub kind: Kind,
    /// The id.
    pub id: Uuid,
}

macro_rules! items {
    ($($id:ident = $kind:ident),+ $(,)?) => {
        $(
            impl From<$id> for Item {
                fn from(id: $id) -> Self {
                    Self { kind: Kind::$kind, id: id.0 }
                }
            }
        )+

        impl Item {
            /// The tag that its global id begins with.
            pub const fn tag(self) -> u8 {
                match self.kind {
                    $(Kind::$kind => $id::TAG,)+
                }
            }
        }
    };
}

items! {
    MemberId = Member,
    CheckInId = CheckIn,
    MeetingId = Meeting,
    OccurrenceId = MeetingOccurrence,
    NotificationId = Notification,
    PeeringId = Peering,
    PactId = Pact,
    PactNudgeId = PactNudge,
    CommitmentId = Commitment,
}

/// The changes of a transaction, by member. [`feed::write`](crate::feed::write) writes them.
#[derive(Clone, Debug, Default)]
#[must_use = "no device learns of changes that are not written"]
pub struct Changes(Vec<(MemberId, Item, bool)>);

impl Changes {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that an item is new or changed for a member.
    pub fn put(&mut self, member: MemberId, item: impl Into<Item>) {
        self.0.push((member, item.into(), false));
    }

    /// Records that an item is gone, or no longer visible to a member.
    pub fn gone(&mut self, member: MemberId, item: impl Into<Item>) {
        self.0.push((member, item.into(), true));
    }

    /// Returns the items that are gone, with their members.
    pub fn gone_items(&self) -> impl Iterator<Item = (MemberId, Item)> {
        let gone = self.0.iter().filter(|(_, _, gone)| *gone);
        gone.map(|(member, item, _)| (*member, *item))
    }

    /// Returns each change once, sorted by member, so that all transactions lock the members in one order.
    pub fn sorted(mut self) -> Vec<(MemberId, Item, bool)> {
        // `false` sorts before `true`: an item that was put and is gone counts as put.
        self.0.sort_unstable();
        self.0.dedup_by_key(|(member, item, _)| (*member, *item));
        self.0
    }
}
