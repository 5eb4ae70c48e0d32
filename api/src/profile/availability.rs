//! When and how a member likes to talk. Each is stored as a bit mask.

use chrono::Weekday;

/// A part of the day on the member's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayPart {
    /// From 05:00 to 12:00.
    Morning,
    /// From 12:00 to 17:00.
    Afternoon,
    /// From 17:00 to 22:00.
    Evening,
    /// From 22:00 to 05:00; it belongs to the day it begins on.
    Night,
}

const DAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];
const PARTS: [DayPart; 4] = [
    DayPart::Morning,
    DayPart::Afternoon,
    DayPart::Evening,
    DayPart::Night,
];
const MODES: [ContactMode; 4] = [
    ContactMode::Text,
    ContactMode::Voice,
    ContactMode::Video,
    ContactMode::InPerson,
];

/// The parts of a usual week in which a member can be reached. The bit of a part is 4 × day + part, where Monday and
/// morning are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Availability(i32);

impl Availability {
    /// Reads what the database stores, and drops bits without a meaning.
    pub const fn from_bits(bits: i32) -> Self {
        Self(bits & ((1 << 28) - 1))
    }

    /// Returns what the database stores.
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// Returns the week with these parts of this day added.
    #[must_use]
    pub fn with(self, day: Weekday, parts: &[DayPart]) -> Self {
        Self(
            parts
                .iter()
                .fold(self.0, |bits, part| bits | slot(day, *part)),
        )
    }

    /// Returns the days that have a part, from Monday, with their parts in order.
    pub fn days(self) -> impl Iterator<Item = (Weekday, Vec<DayPart>)> {
        DAYS.into_iter()
            .map(move |day| (day, self.parts(day)))
            .filter(|(_, parts)| !parts.is_empty())
    }

    fn parts(self, day: Weekday) -> Vec<DayPart> {
        let has = |part: &DayPart| self.0 & slot(day, *part) != 0;
        PARTS.into_iter().filter(has).collect()
    }
}

fn slot(day: Weekday, part: DayPart) -> i32 {
    1 << (4 * day.num_days_from_monday() + part as u32)
}

/// A way to be in touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactMode {
    /// By writing.
    Text,
    /// By talking on the phone.
    Voice,
    /// By video.
    Video,
    /// By meeting.
    InPerson,
}

/// The ways a member likes to be in touch. The order of the bits is the order in [`ContactMode`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContactModes(i32);

impl ContactModes {
    /// Reads what the database stores, and drops bits without a meaning.
    pub const fn from_bits(bits: i32) -> Self {
        Self(bits & 0b1111)
    }

    /// Returns what the database stores.
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// Returns the modes, in order.
    pub fn modes(self) -> impl Iterator<Item = ContactMode> {
        let has = move |mode: &ContactMode| self.0 & (1 << *mode as u32) != 0;
        MODES.into_iter().filter(has)
    }
}

impl FromIterator<ContactMode> for ContactModes {
    fn from_iter<I: IntoIterator<Item = ContactMode>>(modes: I) -> Self {
        let bit = |mode| 1 << mode as u32;
        Self(modes.into_iter().map(bit).fold(0, |bits, bit| bits | bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_week_round_trips() {
        // Each of the 28 slots alone, none and all of them: the bits are independent of each other.
        let alone = (0..28).map(|bit| 1 << bit);
        for bits in alone.chain([0, (1 << 28) - 1]) {
            let week = Availability::from_bits(bits);
            let rebuilt = week
                .days()
                .fold(Availability::default(), |rebuilt, (day, parts)| {
                    rebuilt.with(day, &parts)
                });
            assert_eq!(rebuilt.bits(), bits);
        }
        assert_eq!(Availability::from_bits(-1).days().count(), 7);
    }

    #[test]
    fn the_stored_bits_keep_their_meaning() {
        let week = Availability::default()
            .with(Weekday::Mon, &[DayPart::Morning])
            .with(Weekday::Sun, &[DayPart::Night, DayPart::Night]);
        assert_eq!(week.bits(), 1 | 1 << 27);
        let modes: ContactModes = [ContactMode::InPerson, ContactMode::Text]
            .into_iter()
            .collect();
        assert_eq!(modes.bits(), 0b1001);
        let listed: Vec<_> = modes.modes().collect();
        assert_eq!(listed, [ContactMode::Text, ContactMode::InPerson]);
    }
}
