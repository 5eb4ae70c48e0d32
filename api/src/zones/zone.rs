//! A time zone that implements `chrono`'s traits.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike as _, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime,
    Offset, TimeZone, Timelike as _, Utc,
};
use jiff::Timestamp;
use jiff::tz::AmbiguousOffset;

use super::data;

/// A parsed zone.
pub(super) struct Known {
    /// Its name in the IANA database.
    pub name: String,
    /// Its offsets and their changes.
    pub rules: jiff::tz::TimeZone,
}

/// A zone of the IANA database, by the rules that were in force when its name was looked up.
#[derive(Clone, Copy)]
pub struct Zone(pub(super) &'static Known);

/// A name that is not in the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownZone;

/// A stretch of local time that is skipped when the clocks are put forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The instant when the clocks are put forward.
    pub at: DateTime<Utc>,
    /// The offset from UTC until then.
    pub before: FixedOffset,
}

impl Zone {
    /// Its name in the IANA database.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Returns the gap that skips the local time `wall`, or `None` if the clocks do show it.
    pub fn gap(self, wall: NaiveDateTime) -> Option<Gap> {
        let AmbiguousOffset::Gap { before, after } = self.ambiguous(wall) else {
            return None;
        };
        let (before, after) = (fixed(before), fixed(after));
        // Search the change by halving: with the larger offset `wall` is before it, with the smaller one at or after
        // it.
        let mut earlier = wall.checked_sub_offset(after)?.and_utc().timestamp();
        let mut later = wall.checked_sub_offset(before)?.and_utc().timestamp();
        while later - earlier > 1 {
            let middle = earlier.midpoint(later);
            if self.offset_at(middle) == before {
                earlier = middle;
            } else {
                later = middle;
            }
        }
        let at = if self.offset_at(earlier) == before {
            later
        } else {
            earlier
        };
        Some(Gap {
            at: DateTime::from_timestamp(at, 0)?,
            before,
        })
    }

    fn offset_at(self, second: i64) -> FixedOffset {
        // `chrono` has years that `jiff` does not: they use the nearest instant that it has.
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let at = Timestamp::from_second(second.clamp(first, last)).unwrap_or_default();
        fixed(self.0.rules.to_offset(at))
    }

    fn ambiguous(self, wall: NaiveDateTime) -> AmbiguousOffset {
        let wall = to_jiff(wall);
        self.0.rules.to_ambiguous_timestamp(wall).offset()
    }
}

/// Converts a local time, to the second. For years that `jiff` does not have, returns the nearest time that it has.
fn to_jiff(wall: NaiveDateTime) -> jiff::civil::DateTime {
    let small = |part: u32| i8::try_from(part).unwrap_or_default();
    i16::try_from(wall.year())
        .ok()
        .and_then(|year| {
            let (month, day) = (small(wall.month()), small(wall.day()));
            let (hour, minute) = (small(wall.hour()), small(wall.minute()));
            let second = small(wall.second());
            jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
        })
        .unwrap_or(if wall.year() < 0 {
            jiff::civil::DateTime::MIN
        } else {
            jiff::civil::DateTime::MAX
        })
}

fn fixed(offset: jiff::tz::Offset) -> FixedOffset {
    FixedOffset::east_opt(offset.seconds()).unwrap_or(Utc.fix())
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Looks up a zone by its exact name, which may be an alias.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        data::find(name).ok_or(UnknownZone)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The offset of a zone from UTC at some instant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.zone, self.fixed)
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fixed)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let of = |offset| ZoneOffset {
            zone: *self,
            fixed: fixed(offset),
        };
        match self.ambiguous(*local) {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(of(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(of(before), of(after))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        ZoneOffset {
            zone: *self,
            fixed: self.offset_at(utc.and_utc().timestamp()),
        }
    }
}
