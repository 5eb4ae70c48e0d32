//! The bounds of a member's day.

use chrono::{DateTime, Days, LocalResult, NaiveDate, TimeDelta, TimeZone as _, Utc};

use crate::zones::Zone;

/// Returns the member's day at an instant: the latest day that has begun.
///
/// It never goes back as time goes on, even where clocks do (02:00 back to 01:00, or a date that comes twice at the
/// date line). A date that a zone skipped entirely is never a day (30 December 2011 in Apia).
pub fn member_day(instant: DateTime<Utc>, zone: Zone, day_start_hour: u32) -> NaiveDate {
    let on_the_wall = instant.with_timezone(&zone).date_naive();
    // A wall clock that is set back over the start of a day shows the previous date although the day has begun.
    let mut day = on_the_wall.succ_opt().unwrap_or(on_the_wall);
    while start_of(day, zone, day_start_hour) > instant {
        let Some(before) = day.pred_opt() else { break };
        day = before;
    }
    day
}

/// Returns when a member's day begins and when the next one does. The two are equal for a date that the zone skipped
/// entirely.
///
/// If the wall clock skips the start, the day begins at the instant of the skip. If it shows the start twice, the day
/// begins at the first.
pub fn day_bounds(
    date: NaiveDate,
    zone: Zone,
    day_start_hour: u32,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let next = date.succ_opt().unwrap_or(date);
    (
        start_of(date, zone, day_start_hour),
        start_of(next, zone, day_start_hour),
    )
}

fn start_of(date: NaiveDate, zone: Zone, day_start_hour: u32) -> DateTime<Utc> {
    let hours = TimeDelta::hours(i64::from(day_start_hour));
    let mut day = date;
    // One iteration is enough, except for dates that a zone skipped entirely. Those begin with the next date.
    for _ in 0..3 {
        let wall = day.and_time(chrono::NaiveTime::MIN) + hours;
        match zone.from_local_datetime(&wall) {
            LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => return start.to_utc(),
            LocalResult::None => {}
        }
        match zone.gap(wall) {
            Some(gap) if gap.at.with_timezone(&zone).date_naive() <= day => return gap.at,
            Some(_) => day = day.checked_add_days(Days::new(1)).unwrap_or(day),
            None => return wall.and_utc(),
        }
    }
    day.and_time(chrono::NaiveTime::MIN).and_utc() + hours
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::zones::zone;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_lasts_until_its_start_hour_on_the_next_date() {
        let day = |text| member_day(at(text), zone("Europe/London"), 3);
        assert_eq!(day("2026-03-10T02:59:59Z"), date("2026-03-09"));
        assert_eq!(day("2026-03-10T03:00:00Z"), date("2026-03-10"));
    }

    #[test]
    fn days_with_a_clock_change_have_23_or_25_hours() {
        let hours = |day| {
            let (start, end) = day_bounds(date(day), zone("Europe/London"), 3);
            (end - start).num_hours()
        };
        assert_eq!(hours("2026-03-28"), 23);
        assert_eq!(hours("2026-03-29"), 24);
        assert_eq!(hours("2026-10-24"), 25);
    }

    #[test]
    fn a_skipped_day_start_is_the_instant_of_the_clock_change() {
        // New York skips 02:00 to 03:00 on 8 March 2026.
        let (start, _) = day_bounds(date("2026-03-08"), zone("America/New_York"), 2);
        assert_eq!(start, at("2026-03-08T07:00:00Z"));
    }

    #[test]
    fn an_ambiguous_day_start_is_the_earlier_instant() {
        // New York has 01:00 to 02:00 twice on 1 November 2026.
        let (start, _) = day_bounds(date("2026-11-01"), zone("America/New_York"), 1);
        assert_eq!(start, at("2026-11-01T05:00:00Z"));
    }

    #[test]
    fn the_day_that_apia_skipped_is_empty() {
        let zone = zone("Pacific/Apia");
        let (start, end) = day_bounds(date("2011-12-30"), zone, 3);
        assert_eq!(start, end);
        // 00:30 on the 31st, half an hour after the 29th ended on the wall clock. The next day begins at 03:00.
        assert_eq!(
            member_day(at("2011-12-30T10:30:00Z"), zone, 3),
            date("2011-12-29")
        );
        assert_eq!(
            member_day(at("2011-12-30T13:00:00Z"), zone, 3),
            date("2011-12-31")
        );
    }

    #[test]
    fn a_day_does_not_start_again_when_clocks_go_back() {
        // Troll sets its clocks back by two hours, from 03:00 to 01:00.
        let zone = zone("Antarctica/Troll");
        let before = at("2026-10-25T00:30:00Z");
        let after = before + TimeDelta::hours(1);
        assert_eq!(member_day(before, zone, 2), date("2026-10-25"));
        assert_eq!(member_day(after, zone, 2), date("2026-10-25"));
    }
}
