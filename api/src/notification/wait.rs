//! Computes how long a push waits while its notification is in the inbox: until quiet hours are over, and a few minutes
//! more.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;

use crate::notification_kind::Category;

/// The seconds before and after each quarter of an hour in which nothing is sent, as push providers ask: everyone else
/// sends then.
const BUSY: i64 = 120;
/// A quarter of an hour, in seconds.
const QUARTER: i64 = 900;
/// The seconds of a quarter of an hour that are free.
const FREE: i64 = QUARTER - 2 * BUSY;
/// The most by which spreading delays a push.
pub const SPREAD: TimeDelta = TimeDelta::seconds(QUARTER);

/// The input that decides how long a push waits.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// When quiet hours are over; `None` if it is not quiet, or the push ignores quiet hours.
    pub quiet_until: Option<DateTime<Utc>>,
    /// When it was due, if it may leave a few minutes later.
    pub about: Option<DateTime<Utc>>,
    /// When the member must know, even in quiet hours.
    pub needed_by: Option<DateTime<Utc>>,
    /// It must not leave from this instant on.
    pub expires_at: DateTime<Utc>,
    /// The value of [`jitter`].
    pub jitter: u32,
}

impl Wait {
    /// Returns when it leaves, or `None` if it can leave now. The end of the wait is spread over a few minutes, unless
    /// that would be too late.
    pub fn leaves_at(&self) -> Option<DateTime<Utc>> {
        let from = self.quiet_until.or(self.about)?;
        let spread = spread(from, self.jitter);
        let at = if spread < self.expires_at {
            spread
        } else {
            from
        };
        let at = self.needed_by.map_or(at, |by| by.min(at));
        (at > self.now).then_some(at)
    }
}

/// Returns a number of seconds within [`SPREAD`] that is fixed for a member and a category. Pushes of a member that
/// wait for the same moment leave together, but not together with everyone else's.
pub fn jitter(member: MemberId, category: Category) -> u32 {
    let mut hasher = DefaultHasher::new();
    (member, category.channel()).hash(&mut hasher);
    // The remainder is below `FREE`, so it fits.
    u32::try_from(hasher.finish() % FREE.unsigned_abs()).unwrap_or_default()
}

/// Returns an instant shortly after `from`, `jitter` free seconds later and never near a quarter of an hour.
pub fn spread(from: DateTime<Utc>, jitter: u32) -> DateTime<Utc> {
    // Whole seconds, rounded up so that the push is never early.
    let whole = from.timestamp() + i64::from(from.timestamp_subsec_nanos() > 0);
    let into = whole.rem_euclid(QUARTER);
    // Counted in free seconds.
    let free = (into - BUSY).clamp(0, FREE) + i64::from(jitter) % FREE;
    let quarter = whole - into + free / FREE * QUARTER;
    DateTime::from_timestamp(quarter + BUSY + free % FREE, 0).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    fn wait() -> Wait {
        let now = noon();
        Wait {
            now,
            quiet_until: None,
            about: None,
            needed_by: None,
            expires_at: now + TimeDelta::days(1),
            jitter: 200,
        }
    }

    #[test]
    fn a_push_without_a_reason_to_wait_leaves_now() {
        assert_eq!(wait().leaves_at(), None);
        let needed = Wait {
            needed_by: Some(noon() + TimeDelta::hours(1)),
            ..wait()
        };
        assert_eq!(needed.leaves_at(), None);
        let late = Wait {
            about: Some(noon() - TimeDelta::hours(1)),
            ..wait()
        };
        assert_eq!(late.leaves_at(), None);
    }

    #[test]
    fn a_push_needed_earlier_does_not_wait_for_the_end_of_quiet_hours() {
        let over = noon() + TimeDelta::hours(8);
        let with = |by| {
            let waits = Wait {
                quiet_until: Some(over),
                needed_by: Some(by),
                ..wait()
            };
            waits.leaves_at()
        };
        let spread = Some(over + TimeDelta::seconds(BUSY + 200));
        assert_eq!(with(over + TimeDelta::hours(3)), spread);
        // Within the minutes of spreading.
        let minute = over + TimeDelta::minutes(1);
        assert_eq!(with(minute), Some(minute));
        let before = over - TimeDelta::minutes(90);
        assert_eq!(with(before), Some(before));
        assert_eq!(with(noon()), None);
    }

    #[test]
    fn a_push_that_expires_during_the_spread_leaves_first() {
        let over = noon() + TimeDelta::hours(8);
        let waits = Wait {
            quiet_until: Some(over),
            expires_at: over + TimeDelta::minutes(2),
            ..wait()
        };
        assert_eq!(waits.leaves_at(), Some(over));
    }

    #[test]
    fn jitter_is_even_over_members_and_constant_for_each() {
        let times = |category| {
            let member = |id| jitter(MemberId(Uuid::from_u128(id)), category);
            (0..1000).map(member).collect::<Vec<_>>()
        };
        let all = times(Category::Contacts);
        assert_eq!(all, times(Category::Contacts));
        assert_ne!(all, times(Category::Meetings));
        // Each tenth of the range has about a tenth of the members.
        for tenth in 0..10 {
            let within = (tenth * 66)..(tenth * 66 + 66);
            let share = all.iter().filter(|jitter| within.contains(*jitter)).count();
            assert!((60..=140).contains(&share), "{tenth}: {share}");
        }
    }

    /// Instants within two days, to the microsecond.
    fn instants() -> impl Strategy<Value = DateTime<Utc>> {
        let near = prop_oneof![
            0_i64..172_800_000_000,
            (0_i64..192).prop_map(|q| q * 900_000_000)
        ];
        near.prop_map(|micros| noon() + TimeDelta::microseconds(micros))
    }

    proptest! {
        #[test]
        fn a_spread_instant_follows_soon_and_avoids_quarter_hours(
            from in instants(), jitter in 0_u32..2000,
        ) {
            let at = spread(from, jitter);
            prop_assert!(at >= from && at - from <= SPREAD, "{from} {at}");
            let into = at.timestamp().rem_euclid(QUARTER);
            prop_assert!((BUSY..QUARTER - BUSY).contains(&into), "{at}");
            // Spreading an instant that is already spread, with no jitter, changes nothing.
            prop_assert_eq!(spread(at, 0), at);
        }

        #[test]
        fn a_later_end_of_quiet_hours_never_gives_an_earlier_push(
            from in instants(), later in 0_i64..100_000, jitter in 0_u32..660,
        ) {
            prop_assert!(spread(from, jitter) <= spread(from + TimeDelta::seconds(later), jitter));
        }

        #[test]
        fn a_push_leaves_by_its_deadline_and_waits_only_for_a_reason(
            quiet in prop::option::of(-60_i64..900),
            about in prop::option::of(-60_i64..900),
            needed in prop::option::of(-60_i64..900),
            expires in 1_i64..1200,
            jitter in 0_u32..660,
        ) {
            let at = |minutes: i64| noon() + TimeDelta::minutes(minutes);
            let wait = Wait {
                now: noon(),
                quiet_until: quiet.map(at),
                about: about.map(at),
                needed_by: needed.map(at),
                expires_at: at(expires),
                jitter,
            };
            let leaves = wait.leaves_at();
            let from = wait.quiet_until.or(wait.about);
            match leaves {
                Some(leaves) => {
                    prop_assert!(leaves > wait.now);
                    prop_assert!(wait.needed_by.is_none_or(|by| leaves <= by));
                    let from = from.unwrap();
                    prop_assert!(leaves >= from || Some(leaves) == wait.needed_by);
                    prop_assert!(leaves <= from + SPREAD);
                    prop_assert!(from >= wait.expires_at || leaves < wait.expires_at);
                }
                None => prop_assert!(
                    from.is_none_or(|from| from <= wait.now)
                        || wait.needed_by.is_some_and(|by| by <= wait.now)
                ),
            }
        }
    }
}
