//! The data that is read of a feed, and the page that results.

use chrono::{DateTime, Utc};
use entity::MemberId;

use crate::tx::Item;

/// The state of a member's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The last number that was given out.
    pub last_seq: i64,
    /// The highest number of a tombstone that was removed.
    pub pruned_through: i64,
}

/// The latest change of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number in the feed.
    pub seq: i64,
    /// The thing that changed.
    pub item: Item,
    /// Whether it is gone from the phone.
    pub deleted: bool,
    /// When it changed.
    pub changed_at: DateTime<Utc>,
}

/// The position of a phone in its member's feed: the content of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The member whose feed it is.
    pub member: MemberId,
    /// The phone has seen all changes up to this number.
    pub seq: i64,
    /// The feed's last number when the phone started empty. Tombstones up to this number are about things it never had.
    pub began_at: i64,
}

/// The part of a feed to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Changes after this number.
    pub after: i64,
    /// Tombstones only after this number.
    pub tombstones_after: i64,
}

impl Wanted {
    /// Returns what a phone at `position` has not seen, or everything for a phone that starts empty.
    pub fn from(position: Option<Position>) -> Self {
        position.map_or(
            Self {
                after: 0,
                tombstones_after: i64::MAX,
            },
            |position| Self {
                after: position.seq,
                tombstones_after: position.seq.max(position.began_at),
            },
        )
    }
}

/// A page of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The changes, by ascending number.
    pub changes: Vec<Change>,
    /// The phone's position once it has applied the page.
    pub end: Position,
    /// Whether there are more changes.
    pub has_more: bool,
    /// Whether the phone must start again, because its data cannot be brought up to date.
    pub reset: bool,
}

/// Returns the page of at most `limit` changes for a phone at `position`. `rows` are the [`Wanted`] changes by
/// ascending number, up to `limit + 1`, read together with `feed`.
pub fn page(
    member: MemberId,
    position: Option<Position>,
    feed: Feed,
    mut rows: Vec<Change>,
    limit: usize,
) -> Page {
    let start = Position {
        member,
        seq: 0,
        began_at: feed.last_seq,
    };
    let from = position.unwrap_or(start);
    let seen = from.seq.max(from.began_at);
    // A feed that is shorter than what the phone has seen was restored from a backup.
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
        // The phone has seen the whole feed: no change will appear between the last row and `last_seq`.
        feed.last_seq
    };
    Page {
        changes: rows,
        end: Position { seq, ..from },
        has_more,
        reset: false,
    }
}
