//! Quiet hours: the time of day in which a member's phone stays silent, on the member's wall clock.

use chrono::{DateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc};

use crate::zones::Zone;

/// A period from one wall clock time to another. If the end is the earlier one, it is on the next morning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Whether the quiet hours are switched on.
    pub enabled: bool,
    from: NaiveTime,
    until: NaiveTime,
}

const fn hour(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl Default for QuietHours {
    /// The default: from ten at night to seven in the morning.
    fn default() -> Self {
        Self {
            enabled: true,
            from: hour(22),
            until: hour(7),
        }
    }
}

impl QuietHours {
    /// Creates quiet hours, or returns `None` if both times are the same, which could mean never or always.
    pub fn new(enabled: bool, from: NaiveTime, until: NaiveTime) -> Option<Self> {
        (from != until).then_some(Self {
            enabled,
            from,
            until,
        })
    }

    /// Returns the time at which they begin.
    pub const fn from(self) -> NaiveTime {
        self.from
    }

    /// Returns the time at which they end.
    pub const fn until(self) -> NaiveTime {
        self.until
    }

    /// Returns the first instant after `now` at which they are over, or `None` if it is not quiet at `now`.
    ///
    /// It is quiet whenever the wall clock shows a time within them, also when it shows that time twice. A time that
    /// the clock skips does not matter.
    pub fn over_at(self, zone: Zone, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.enabled || !self.shown(zone, now) {
            return None;
        }
        let mut at = now;
        // Bounds the loop: a clock change comes up once or twice, not endlessly.
        for _ in 0..8 {
            let wall = at.with_timezone(&zone).time();
            let mut left = self.until - wall;
            if left <= TimeDelta::zero() {
                left += TimeDelta::days(1);
            }
            let end = at + left;
            match first_change(zone, at, end) {
                None => return Some(end),
                Some(change) if !self.shown(zone, change) => return Some(change),
                Some(change) => at = change,
            }
        }
        Some(at)
    }

    fn shown(self, zone: Zone, at: DateTime<Utc>) -> bool {
        let wall = at.with_timezone(&zone).time();
        if self.from < self.until {
            self.from <= wall && wall < self.until
        } else {
            self.from <= wall || wall < self.until
        }
    }
}

/// Returns the first clock change in `zone` after `from` and up to `to`, or `None` if there is none. `to` must be
/// little more than a day later.
fn first_change(zone: Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let before = offset(from);
    if offset(to) == before {
        return None;
    }
    // Clocks change at a whole second, so a binary search over seconds finds the change.
    let (mut same, mut other) = (from.timestamp(), to.timestamp());
    if DateTime::from_timestamp(other, 0).is_some_and(|at| offset(at) == before) {
        other += 1;
    }
    while other - same > 1 {
        let middle = same.midpoint(other);
        if DateTime::from_timestamp(middle, 0).is_some_and(|at| offset(at) == before) {
            same = middle;
        } else {
            other = middle;
        }
    }
    DateTime::from_timestamp(other, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zones::zone;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours(from: &str, until: &str) -> QuietHours {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        QuietHours::new(true, time(from), time(until)).unwrap()
    }

    #[test]
    fn quiet_hours_last_until_their_local_end() {
        let night = QuietHours::default();
        for (hours, now, over) in [
            (night, "2026-03-10T21:59:59Z", None),
            (night, "2026-03-10T22:00:00Z", Some("2026-03-11T07:00:00Z")),
            (night, "2026-03-11T06:59:59Z", Some("2026-03-11T07:00:00Z")),
            (night, "2026-03-11T07:00:00Z", None),
            (
                hours("13:00", "14:30"),
                "2026-03-10T13:30:00Z",
                Some("2026-03-10T14:30:00Z"),
            ),
            (hours("13:00", "14:30"), "2026-03-10T22:00:00Z", None),
        ] {
            let expected = over.map(utc);
            assert_eq!(
                hours.over_at(zone("Europe/London"), utc(now)),
                expected,
                "{now}"
            );
        }
        let off = QuietHours {
            enabled: false,
            ..night
        };
        assert_eq!(
            off.over_at(zone("Europe/London"), utc("2026-03-10T23:00:00Z")),
            None
        );
        assert_eq!(QuietHours::new(true, hour(7), hour(7)), None);
    }

    #[test]
    fn clock_changes_shorten_or_lengthen_quiet_hours() {
        let night = QuietHours::default();
        for (zone, hours, now, over) in [
            // London, 29 March and 25 October 2026.
            (
                zone("Europe/London"),
                night,
                "2026-03-28T22:00:00Z",
                "2026-03-29T06:00:00Z",
            ),
            (
                zone("Europe/London"),
                night,
                "2026-10-24T21:00:00Z",
                "2026-10-25T07:00:00Z",
            ),
            // The end is skipped.
            (
                zone("Europe/London"),
                hours("22:00", "01:30"),
                "2026-03-28T23:00:00Z",
                "2026-03-29T01:00:00Z",
            ),
            // The end occurs twice: from before the first occurrence, and from between the two.
            (
                zone("Europe/London"),
                hours("22:00", "01:30"),
                "2026-10-24T23:00:00Z",
                "2026-10-25T00:30:00Z",
            ),
            (
                zone("Europe/London"),
                hours("22:00", "01:30"),
                "2026-10-25T01:10:00Z",
                "2026-10-25T01:30:00Z",
            ),
            // The clock goes back to before the start, so the quiet hours start again later.
            (
                zone("Europe/London"),
                hours("01:30", "07:00"),
                "2026-10-25T00:40:00Z",
                "2026-10-25T01:00:00Z",
            ),
            (
                zone("Europe/London"),
                hours("01:30", "07:00"),
                "2026-10-25T01:30:00Z",
                "2026-10-25T07:00:00Z",
            ),
            // A change of half an hour.
            (
                zone("Australia/Lord_Howe"),
                hours("22:00", "02:15"),
                "2026-10-03T13:00:00Z",
                "2026-10-03T15:30:00Z",
            ),
            (
                zone("America/New_York"),
                night,
                "2026-03-08T04:00:00Z",
                "2026-03-08T11:00:00Z",
            ),
            // A whole day is skipped.
            (
                zone("Pacific/Apia"),
                night,
                "2011-12-30T09:00:00Z",
                "2011-12-30T17:00:00Z",
            ),
        ] {
            assert_eq!(
                hours.over_at(zone, utc(now)),
                Some(utc(over)),
                "{zone} {now}"
            );
        }
    }

    const ZONES: [&str; 6] = [
        "Europe/London",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Antarctica/Troll",
    ];

    proptest! {
        #[test]
        fn the_end_is_the_first_instant_that_is_not_quiet(
            zone in prop::sample::select(&ZONES[..]).prop_map(zone),
            // 2026 and 2027, by the minute.
            minute in 0_i64..1_051_200,
            // Many are near midnight and the hours of clock changes.
            from in prop_oneof![0_u32..1440, 0_u32..240],
            long in prop_oneof![1_u32..1440, 1_u32..90],
        ) {
            let now = utc("2026-01-01T00:00:00Z") + TimeDelta::minutes(minute);
            let time = |minutes: u32| {
                let minutes = minutes % 1440;
                NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap()
            };
            let hours = QuietHours::new(true, time(from), time(from + long)).unwrap();
            match hours.over_at(zone, now) {
                None => prop_assert!(!hours.shown(zone, now)),
                Some(over) => {
                    prop_assert!(over > now && !hours.shown(zone, over));
                    let minutes = (over - now).num_minutes();
                    for minute in 0..minutes {
                        let before = now + TimeDelta::minutes(minute);
                        prop_assert!(hours.shown(zone, before), "{before}");
                    }
                    prop_assert!(hours.shown(zone, over - TimeDelta::seconds(1)));
                }
            }
        }
    }
}
