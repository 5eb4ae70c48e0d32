//! Meetings: their limits, their instants, and who may see, schedule and change them.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use entity::account::Role;
use entity::circle_membership::CircleRole;
use entity::meeting;
use url::Url;

use crate::problem::{Problem, ProblemCode};
use crate::text::{Lines, TextForm};
use crate::zones::Zone;

/// How long before the start the members who are going are reminded.
pub const REMIND_BEFORE: TimeDelta = TimeDelta::hours(1);

/// How long a change waits at most before it is announced, so that further changes join the same notification.
pub const CHANGES_SETTLE: TimeDelta = TimeDelta::minutes(5);

/// Whether the members who are going must be notified of a change: without it they would come to the wrong place.
pub fn must_be_announced(before: &meeting::Model, after: &meeting::Model) -> bool {
    before.place != after.place
        || before.join_url != after.join_url
        || before.format != after.format
}

/// When a change made at `now` is announced to the members who are going. Waits for further changes: a tenth of the
/// time until the start, and at most [`CHANGES_SETTLE`].
pub fn change_announced_at(now: DateTime<Utc>, starts_at: DateTime<Utc>) -> DateTime<Utc> {
    let tenth = ((starts_at - now) / 10).max(TimeDelta::zero());
    now + tenth.min(CHANGES_SETTLE)
}

/// The shortest and the longest meeting, in minutes.
pub const MINUTES: std::ops::RangeInclusive<i32> = 5..=MAX_MINUTES;
const MAX_MINUTES: i32 = 24 * 60;

/// The longest meeting.
pub const LONGEST: TimeDelta = TimeDelta::minutes(MAX_MINUTES as i64);

/// How far ahead a meeting may start.
pub const FARTHEST: TimeDelta = TimeDelta::days(2 * 366);

/// The range of seats of a meeting with limited seats.
pub const SEATS: std::ops::RangeInclusive<i32> = 1..=10_000;

/// A meeting's title.
pub const TITLE: TextForm = TextForm {
    max: 120,
    lines: Lines::One,
};
/// A meeting's description; may be blank.
pub const DESCRIPTION: TextForm = TextForm {
    max: 4_000,
    lines: Lines::Many,
};
/// A meeting's place, in words.
pub const PLACE: TextForm = TextForm {
    max: 300,
    lines: Lines::One,
};
/// The maximum length of a link, in bytes.
const LONGEST_LINK: usize = 2_000;

/// Returns the instant at which a wall clock in `zone` shows `date` and `time` (RFC 5545 §3.3.5).
///
/// Of a time that the clock shows twice, it takes the first. A time that the clock skips is read with the offset before
/// the gap, which moves it on by the length of the gap (02:30 becomes 03:30).
pub fn instant(date: NaiveDate, time: NaiveTime, zone: Zone) -> DateTime<Utc> {
    let wall = date.and_time(time);
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
        LocalResult::None => {
            let before = zone.gap(wall).map(|gap| gap.before);
            let utc = before.and_then(|before| wall.checked_sub_offset(before));
            utc.unwrap_or(wall).and_utc()
        }
    }
}

/// From when on an account created at `made` can take a seat in an open meeting, or `None` if it can now.
pub fn seat_from(
    made: DateTime<Utc>,
    min_age_days: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let from = made + TimeDelta::days(min_age_days.into());
    (now < from).then_some(from)
}

/// Checks a link to join by: it must use HTTPS, so that nobody can listen in, and be at most `LONGEST_LINK` bytes
/// long.
pub fn link(field: &str, url: &Url) -> Result<String, Problem> {
    if url.scheme() != "https" || url.host_str().is_none_or(str::is_empty) {
        let message = "A link begins with https://.";
        return Err(Problem::field(field, ProblemCode::Invalid, message));
    }
    if url.as_str().len() > LONGEST_LINK {
        let message = format!("At most {LONGEST_LINK} characters.");
        return Err(Problem::field(field, ProblemCode::TooLong, message).limit(LONGEST_LINK));
    }
    Ok(url.as_str().to_owned())
}

/// Checks a number of seats.
pub fn seats(field: &str, seats: i32) -> Result<i32, Problem> {
    in_range(field, seats, &SEATS, "seats")
}

/// Checks a length in minutes.
pub fn minutes(field: &str, minutes: i32) -> Result<i32, Problem> {
    in_range(field, minutes, &MINUTES, "minutes")
}

fn in_range(
    field: &str,
    value: i32,
    range: &std::ops::RangeInclusive<i32>,
    unit: &str,
) -> Result<i32, Problem> {
    if range.contains(&value) {
        return Ok(value);
    }
    let message = format!("From {} to {} {unit}.", range.start(), range.end());
    Err(Problem::field(field, ProblemCode::OutOfRange, message))
}

/// The facts that decide what a member may do with a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeetingAccess {
    /// The role of his account.
    pub role: Role,
    /// Whether the meeting belongs to a circle.
    pub of_circle: bool,
    /// His role in that circle; `None` if he is not in it.
    pub in_circle: Option<CircleRole>,
}

impl MeetingAccess {
    /// Whether he can see the meeting. Everybody can see an open meeting, and the members of a circle its meetings.
    pub const fn sees(self) -> bool {
        !self.of_circle || self.in_circle.is_some()
    }

    /// Whether he may change the meeting and call it off. Its host may, while he has the facilitator role, and so may
    /// the facilitators of its circle. An open meeting without a host may be changed by every facilitator. `is_host` is
    /// `None` if the meeting has no host.
    pub fn changes(self, is_host: Option<bool>) -> bool {
        let runs_circle = self.of_circle && self.in_circle == Some(CircleRole::Facilitator);
        let hosts = is_host.unwrap_or(!self.of_circle) && self.role == Role::Facilitator;
        self.sees() && (runs_circle || hosts)
    }

    /// Whether he may schedule such a meeting: an open one with the facilitator role, a circle's one as a member of the
    /// circle with that role, or as a facilitator of the circle.
    pub fn schedules(self) -> bool {
        let facilitates = self.role == Role::Facilitator
            || (self.of_circle && self.in_circle == Some(CircleRole::Facilitator));
        self.sees() && facilitates
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::zones::zone;

    fn at(date: &str, time: &str, zone: Zone) -> String {
        instant(date.parse().unwrap(), time.parse().unwrap(), zone).to_rfc3339()
    }

    #[test]
    fn meetings_keep_their_local_time_through_clock_changes() {
        let london = zone("Europe/London");
        assert_eq!(
            at("2026-03-28", "19:00:00", london),
            "2026-03-28T19:00:00+00:00"
        );
        assert_eq!(
            at("2026-03-29", "19:00:00", london),
            "2026-03-29T18:00:00+00:00"
        );
        // The example of RFC 5545: 02:30 does not exist, and is read as 03:30.
        assert_eq!(
            at("2007-03-11", "02:30:00", zone("America/New_York")),
            "2007-03-11T07:30:00+00:00"
        );
        // 01:30 exists twice, and is read as the first.
        assert_eq!(
            at("2007-11-04", "01:30:00", zone("America/New_York")),
            "2007-11-04T05:30:00+00:00"
        );
    }

    #[test]
    fn a_skipped_date_moves_to_the_next_day() {
        assert_eq!(
            at("2011-12-30", "19:00:00", zone("Pacific/Apia")),
            "2011-12-31T05:00:00+00:00"
        );
    }

    #[test]
    fn access_depends_on_role_and_circle_membership() {
        let access = |role, of_circle, in_circle| MeetingAccess {
            role,
            of_circle,
            in_circle,
        };
        let (member, facilitator) = (Role::Member, Role::Facilitator);
        let (part, runs) = (Some(CircleRole::Member), Some(CircleRole::Facilitator));
        for (access, sees, does_run) in [
            (access(member, false, None), true, false),
            (access(facilitator, false, None), true, true),
            (access(member, true, None), false, false),
            (access(facilitator, true, None), false, false),
            (access(member, true, part), true, false),
            (access(member, true, runs), true, true),
            (access(facilitator, true, part), true, true),
        ] {
            assert_eq!(access.sees(), sees, "{access:?}");
            assert_eq!(access.schedules(), does_run, "{access:?}");
        }
    }

    #[test]
    fn a_facilitator_can_change_own_unhosted_and_circle_meetings() {
        let access = |role, of_circle, in_circle| MeetingAccess {
            role,
            of_circle,
            in_circle,
        };
        let (member, facilitator) = (Role::Member, Role::Facilitator);
        let (part, runs) = (Some(CircleRole::Member), Some(CircleRole::Facilitator));
        let (his, others, nobodys) = (Some(true), Some(false), None);
        for (access, host, changes) in [
            (access(facilitator, false, None), his, true),
            (access(facilitator, false, None), others, false),
            (access(facilitator, false, None), nobodys, true),
            // The host lost the facilitator role after he scheduled the meeting.
            (access(member, false, None), his, false),
            (access(member, false, None), nobodys, false),
            (access(facilitator, true, part), his, true),
            (access(facilitator, true, part), others, false),
            (access(facilitator, true, part), nobodys, false),
            (access(member, true, part), his, false),
            (access(member, true, runs), others, true),
            (access(facilitator, true, None), his, false),
        ] {
            assert_eq!(access.changes(host), changes, "{access:?} {host:?}");
        }
    }

    #[test]
    fn only_https_links_are_accepted() {
        let checked = |text: &str| link("joinUrl", &text.parse().unwrap()).map_err(|p| p.code);
        assert_eq!(
            checked("https://meet.example/x"),
            Ok("https://meet.example/x".to_owned())
        );
        for unsafe_link in [
            "http://meet.example/",
            "javascript:alert(1)",
            "ftp://meet.example",
        ] {
            assert_eq!(checked(unsafe_link), Err(ProblemCode::Invalid));
        }
    }
}
