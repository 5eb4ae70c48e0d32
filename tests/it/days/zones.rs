//! A member's days, in every zone there is: they follow each other without gap or overlap, and never go back.

use api::days::{day_bounds, member_day};
use api::zones::{Zone, names};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use proptest::prelude::*;
use support::zone;

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(names().collect::<Vec<_>>()).prop_map(zone)
}

/// From 1900, before which clocks showed local mean time, to 2100.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (-2_208_988_800_i64..4_102_444_800).prop_map(|s| Utc.timestamp_opt(s, 0).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_instant_is_in_one_day_and_days_follow_each_other(
        zone in any_zone(), instant in any_instant(), start in 0_u32..7
    ) {
        let day = member_day(instant, zone, start);
        let (begins, ends) = day_bounds(day, zone, start);
        prop_assert!(begins <= instant && instant < ends);
        let (next, _) = day_bounds(day.succ_opt().unwrap(), zone, start);
        prop_assert_eq!(ends, next);
        let (_, before) = day_bounds(day.pred_opt().unwrap(), zone, start);
        prop_assert_eq!(before, begins);
        prop_assert_eq!(member_day(begins, zone, start), day);
        prop_assert!(member_day(ends, zone, start) > day);
    }

    #[test]
    fn a_day_never_comes_before_an_earlier_one(
        zone in any_zone(), instant in any_instant(), start in 0_u32..7, later in 0_i64..400_000
    ) {
        let then = instant + TimeDelta::seconds(later);
        prop_assert!(member_day(instant, zone, start) <= member_day(then, zone, start));
    }

    #[test]
    fn a_day_is_the_wall_clocks_date_or_a_neighbour(
        zone in any_zone(), instant in any_instant(), start in 0_u32..7
    ) {
        let wall = instant.with_timezone(&zone).naive_local();
        let by_the_wall = (wall - TimeDelta::hours(i64::from(start))).date();
        let day = member_day(instant, zone, start);
        prop_assert!((day - by_the_wall).num_days().abs() <= 1);
    }
}

#[test]
fn without_a_clock_change_a_day_is_the_wall_clocks_date() {
    let wall_says = |at: DateTime<Utc>| {
        (at.with_timezone(&zone("Europe/London")).naive_local() - TimeDelta::hours(3)).date()
    };
    let start: DateTime<Utc> = "2026-04-01T00:00:00Z".parse().unwrap();
    for hours in 0..24 * 30 {
        let at = start + TimeDelta::hours(hours);
        assert_eq!(member_day(at, zone("Europe/London"), 3), wall_says(at));
    }
}
