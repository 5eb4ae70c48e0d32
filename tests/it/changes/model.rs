//! The rules of a feed, under random orders of changes, prunings and phones.

use std::collections::BTreeMap;

use api::sync::model::{Change, Feed, Page, Position, Wanted, page};
use api::tx::Item;
use chrono::DateTime;
use entity::{CheckInId, MemberId};
use proptest::prelude::*;
use uuid::Uuid;

const MIKE: MemberId = MemberId(Uuid::from_u128(1));

/// A feed as the database keeps it.
#[derive(Default)]
struct Kept {
    last_seq: i64,
    pruned_through: i64,
    /// The sequence number of each object, and whether it was deleted.
    rows: BTreeMap<u128, (i64, bool)>,
}

impl Kept {
    fn change(&mut self, thing: u128, deleted: bool) {
        self.last_seq += 1;
        self.rows.insert(thing, (self.last_seq, deleted));
    }

    /// Removes the tombstones up to a sequence number.
    fn prune(&mut self, through: i64) {
        let old = |(seq, deleted): &(i64, bool)| *deleted && *seq <= through;
        let greatest = self
            .rows
            .values()
            .filter(|row| old(row))
            .map(|row| row.0)
            .max();
        self.pruned_through = self.pruned_through.max(greatest.unwrap_or_default());
        self.rows.retain(|_, row| !old(row));
    }

    fn read(&self, position: Option<Position>, limit: usize) -> Page {
        let wanted = Wanted::from(position);
        let mut rows: Vec<Change> = self
            .rows
            .iter()
            .filter(|(_, (seq, deleted))| {
                *seq > wanted.after && (!deleted || *seq > wanted.tombstones_after)
            })
            .map(|(thing, (seq, deleted))| Change {
                seq: *seq,
                item: Item::from(CheckInId(Uuid::from_u128(*thing))),
                deleted: *deleted,
                changed_at: DateTime::UNIX_EPOCH,
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.seq);
        rows.truncate(limit + 1);
        let feed = Feed {
            last_seq: self.last_seq,
            pruned_through: self.pruned_through,
        };
        page(MIKE, position, feed, rows, limit)
    }

    fn current(&self) -> BTreeMap<u128, i64> {
        let current = self.rows.iter().filter(|(_, (_, deleted))| !deleted);
        current.map(|(thing, (seq, _))| (*thing, *seq)).collect()
    }
}

#[derive(Default)]
struct Phone {
    position: Option<Position>,
    kept: BTreeMap<u128, i64>,
}

impl Phone {
    /// Fetches one page. Returns whether there are more.
    fn ask(&mut self, feed: &Kept, limit: usize) -> bool {
        let page = feed.read(self.position, limit);
        if page.reset {
            assert!(
                self.position.is_some(),
                "a new phone is never told to reset"
            );
            self.kept.clear();
        }
        assert!(page.changes.len() <= limit);
        for change in page.changes {
            let thing = change.item.id.as_u128();
            if change.deleted {
                self.kept.remove(&thing);
            } else {
                self.kept.insert(thing, change.seq);
            }
        }
        self.position = Some(page.end);
        page.has_more
    }
}

#[derive(Clone, Debug)]
enum Step {
    Change { thing: u128, deleted: bool },
    Prune { parts: i64 },
    Ask { phone: usize, limit: usize },
    Join,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..12u128, any::<bool>()).prop_map(|(thing, deleted)| Step::Change { thing, deleted }),
        1 => (0..=4i64).prop_map(|parts| Step::Prune { parts }),
        4 => (0..4usize, 0..4usize).prop_map(|(phone, limit)| Step::Ask { phone, limit }),
        1 => Just(Step::Join),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_phone_that_fetches_every_page_keeps_the_current_data(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let mut feed = Kept::default();
        let mut phones = vec![Phone::default()];
        for step in steps {
            match step {
                Step::Change { thing, deleted } => feed.change(thing, deleted),
                Step::Prune { parts } => feed.prune(feed.last_seq * parts / 4),
                Step::Ask { phone, limit } => {
                    let phone = phone % phones.len();
                    phones[phone].ask(&feed, limit);
                }
                Step::Join => phones.push(Phone::default()),
            }
        }
        for phone in &mut phones {
            let mut asked = 0;
            while phone.ask(&feed, 2) {
                asked += 1;
                prop_assert!(asked < 100, "it comes to an end");
            }
            prop_assert_eq!(&phone.kept, &feed.current());
            // From then on there are no changes.
            let (position, kept) = (phone.position, phone.kept.clone());
            prop_assert!(!phone.ask(&feed, 2));
            prop_assert_eq!((phone.position, &phone.kept), (position, &kept));
        }
    }
}
