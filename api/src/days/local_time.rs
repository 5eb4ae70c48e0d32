//! Times of day on a member's wall clock.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};

use crate::zones::Zone;

/// Returns the instant at which the wall clock in `zone` shows `time` on `date`. A time that is skipped when clocks go
/// forward is the first instant after the gap. A time that comes twice when they go back is the first of the two.
pub fn instant_of(zone: Zone, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = date.and_time(time);
    zone.from_local_datetime(&local).earliest().map_or_else(
        || {
            zone.gap(local)
                .map_or_else(|| local.and_utc(), |gap| gap.at)
        },
        |shown| shown.to_utc(),
    )
}

/// Returns the first instant later than `after` at which the wall clock in `zone` shows `time`.
pub fn next_after(zone: Zone, time: NaiveTime, after: DateTime<Utc>) -> DateTime<Utc> {
    let today = after.with_timezone(&zone).date_naive();
    // A zone that moves across the date line skips a whole day. The day after it exists.
    let days = (0..=3).filter_map(|days| today.checked_add_days(Days::new(days)));
    days.map(|date| instant_of(zone, date, time))
        .find(|due| *due > after)
        .unwrap_or(after + TimeDelta::days(1))
}

/// Returns the instant nearest to `at` at which the wall clock in `zone` shows `time`. This may be `at` itself.
pub fn nearest(zone: Zone, time: NaiveTime, at: DateTime<Utc>) -> DateTime<Utc> {
    let date = at.with_timezone(&zone).date_naive();
    let dates = [date.pred_opt(), Some(date), date.succ_opt()];
    let shown = dates.into_iter().flatten();
    shown
        .map(|date| instant_of(zone, date, time))
        .min_by_key(|shown| (*shown - at).abs())
        .unwrap_or(at)
}

/// Returns the last instant up to and including `now` at which the wall clock in `zone` showed `time`.
pub fn last_until(zone: Zone, time: NaiveTime, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    // A zone may have skipped a day, and today's time may not have come yet.
    let days = (0..=3).filter_map(|days| today.checked_sub_days(Days::new(days)));
    days.map(|date| instant_of(zone, date, time))
        .find(|due| *due <= now)
        .unwrap_or(now - TimeDelta::days(1))
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::zones::zone;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    #[test]
    fn local_times_follow_the_spring_clock_change() {
        // London goes from 01:00 to 02:00 on 29 March 2026.
        let next = |at, after| next_after(zone("Europe/London"), time(at), utc(after));
        let before = next("08:00", "2026-03-28T07:59:59Z");
        assert_eq!(before, utc("2026-03-28T08:00:00Z"));
        let after = next("08:00", "2026-03-28T08:00:00Z");
        assert_eq!(after, utc("2026-03-29T07:00:00Z"));
        let skipped = next("01:30", "2026-03-28T12:00:00Z");
        assert_eq!(skipped, utc("2026-03-29T01:00:00Z"));
        let day_after = next("01:30", "2026-03-29T01:00:00Z");
        assert_eq!(day_after, utc("2026-03-30T00:30:00Z"));
    }

    #[test]
    fn an_ambiguous_local_time_occurs_once() {
        // London goes from 02:00 back to 01:00 on 25 October 2026.
        let next = |after| next_after(zone("Europe/London"), time("01:30"), utc(after));
        assert_eq!(next("2026-10-24T12:00:00Z"), utc("2026-10-25T00:30:00Z"));
        assert_eq!(next("2026-10-25T00:30:00Z"), utc("2026-10-26T01:30:00Z"));
        assert_eq!(next("2026-10-25T00:45:00Z"), utc("2026-10-26T01:30:00Z"));
    }

    #[test]
    fn unusual_zones_are_followed() {
        // Lord Howe changes by half an hour, and Samoa once skipped a whole day.
        let lord_howe = next_after(
            zone("Australia/Lord_Howe"),
            time("02:15"),
            utc("2026-10-03T12:00:00Z"),
        );
        assert_eq!(lord_howe, utc("2026-10-03T15:30:00Z"));
        let samoa = next_after(
            zone("Pacific/Apia"),
            time("08:00"),
            utc("2011-12-29T18:00:00Z"),
        );
        assert_eq!(samoa, utc("2011-12-30T10:00:00Z"));
        let kathmandu = next_after(
            zone("Asia/Kathmandu"),
            time("07:00"),
            utc("2026-01-01T00:00:00Z"),
        );
        assert_eq!(kathmandu, utc("2026-01-01T01:15:00Z"));
    }
}
