//! What is read of a feed, and what it comes to.

use chrono::{DateTime, Utc};
pub use entity::change::Kind;
use entity::{
    CheckInId, CommitmentId, MeetingId, MemberId, NotificationId, OccurrenceId, PactId,
    PactNudgeId, PeeringId,
};
use uuid::Uuid;

use crate::node_id::NodeId;

/// A thing that phones keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// Of which kind.
    pub kind: Kind,
    /// Which one.
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
            /// What its global id begins with.
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

/// What a transaction changes of what members keep; written by [`record`](super::service::record).
#[derive(Clone, Debug, Default)]
#[must_use = "nobody's phone is told before it is recorded"]
pub struct Changes(Vec<(MemberId, Item, bool)>);

impl Changes {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a member, this is new or not as it was.
    pub fn put(&mut self, member: MemberId, item: impl Into<Item>) {
        self.0.push((member, item.into(), false));
    }

    /// Of a member, this is gone, or not there for him any more.
    pub fn gone(&mut self, member: MemberId, item: impl Into<Item>) {
        self.0.push((member, item.into(), true));
    }

    /// What is gone, and of whom.
    pub fn gone_items(&self) -> impl Iterator<Item = (MemberId, Item)> {
        let gone = self.0.iter().filter(|(_, _, gone)| *gone);
        gone.map(|(member, item, _)| (*member, *item))
    }

    /// Each once, by member: everybody who tells several members takes them in one order.
    pub(super) fn sorted(mut self) -> Vec<(MemberId, Item, bool)> {
        self.0.sort_unstable();
        self.0.dedup_by_key(|(member, item, _)| (*member, *item));
        self.0
    }
}

/// How far a member's feed has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The last number given out.
    pub last_seq: i64,
    /// The greatest number of a tombstone that was removed.
    pub pruned_through: i64,
}

/// A thing's newest change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number in the feed.
    pub seq: i64,
    /// What changed.
    pub item: Item,
    /// Whether it is gone.
    pub deleted: bool,
    /// When it changed.
    pub changed_at: DateTime<Utc>,
}

/// How far a phone has come in its member's feed: what a cursor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose feed it is.
    pub member: MemberId,
    /// What it has seen: all changes up to this number.
    pub seq: i64,
    /// How far the feed had come when the phone began with nothing. Tombstones up to there tell of what it never had.
    pub began_at: i64,
}

/// What to read of a feed: changes behind a number, tombstones only behind another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Behind this number.
    pub after: i64,
    /// Tombstones, behind this one.
    pub tombstones_after: i64,
}

impl Wanted {
    /// What a phone has not seen that has come so far; all there is for one that begins.
    pub fn from(place: Option<Place>) -> Self {
        place.map_or(
            Self {
                after: 0,
                tombstones_after: i64::MAX,
            },
            |place| Self {
                after: place.seq,
                tombstones_after: place.seq.max(place.began_at),
            },
        )
    }
}

/// A page of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The changes, by their numbers.
    pub changes: Vec<Change>,
    /// How far a phone has come that took them in.
    pub end: Place,
    /// Whether there are more.
    pub has_more: bool,
    /// What the phone has cannot be brought up to date: it begins anew.
    pub reset: bool,
}

/// The page of at most `limit` changes for a phone at `place`. The `rows` are what was [`Wanted`] of the feed, by
/// their numbers and up to one more than the limit, as it stood when it had come to `feed`.
pub fn page(
    member: MemberId,
    place: Option<Place>,
    feed: Feed,
    mut rows: Vec<Change>,
    limit: usize,
) -> Page {
    let start = Place {
        member,
        seq: 0,
        began_at: feed.last_seq,
    };
    let from = place.unwrap_or(start);
    let seen = from.seq.max(from.began_at);
    // A feed that is shorter than what was seen of it was put back from a copy.
    let lost = seen < feed.pruned_through || feed.last_seq < seen;
    if from.member != member || lost {
        return Page {
            changes: Vec::new(),
            end: start,
            has_more: true,
            reset: true,
        };
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let seq = if has_more {
        rows.last().map_or(from.seq, |row| row.seq)
    } else {
        // Nothing between the last change and here will ever be seen.
        feed.last_seq
    };
    Page {
        changes: rows,
        end: Place { seq, ..from },
        has_more,
        reset: false,
    }
}
