//! When a reminder comes to somebody who lets it pass: as often as he asked for three times, then half as often,
//! and after fourteen days once more, to say that the door is open. One a day at the member's own time is enough, and
//! more than he answers is a pressure.

use chrono::NaiveDate;
use entity::check_in_reminder::Model;

/// Reminders that come day by day, before they come half as often.
const AT_FIRST: i32 = 3;
/// After so many days on which he was asked the door is opened, and he is left alone.
const FORTNIGHT: i32 = 14;

/// What was asked of a member since he last checked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// On so many days, reminded or not.
    pub ignored: i32,
    /// The first of them.
    pub since: Option<NaiveDate>,
}

/// What happens at the time of a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Pass,
    /// He is reminded.
    Remind,
    /// He is told that the door is open; there are no more reminders until he is back.
    OpenDoor,
}

impl Patience {
    /// As it is kept.
    pub fn of(row: &Model) -> Self {
        Self {
            ignored: row.ignored,
            since: row.ignored_since,
        }
    }

    /// The step of a day on which he is asked, or is not, given the last that he checked in on; and what is kept after
    /// it.
    pub fn on(
        self,
        day: NaiveDate,
        last_check_in: Option<NaiveDate>,
        is_asked: bool,
    ) -> (Step, Self) {
        let is_back = self.since.is_some_and(|since| last_check_in >= Some(since));
        let this = if is_back { Self::default() } else { self };
        if !is_asked || last_check_in >= Some(day) {
            return (Step::Pass, this);
        }
        let since = this.since.unwrap_or(day);
        let next = Self {
            ignored: this.ignored + 1,
            since: Some(since),
        };
        let step = if this.ignored >= FORTNIGHT {
            Step::OpenDoor
        } else if this.ignored < AT_FIRST || this.ignored % 2 == 0 {
            Step::Remind
        } else {
            Step::Pass
        };
        (step, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(number)
    }

    /// The steps of days in a row, as letters.
    fn steps(patience: &mut Patience, days: std::ops::Range<u64>, last: Option<u64>) -> String {
        days.map(|number| {
            let (step, next) = patience.on(day(number), last.map(day), true);
            *patience = next;
            match step {
                Step::Pass => '.',
                Step::Remind => 'r',
                Step::OpenDoor => 'D',
            }
        })
        .collect()
    }

    #[test]
    fn after_three_it_is_half_as_often_and_after_a_fortnight_once_more() {
        let mut patience = Patience::default();
        assert_eq!(steps(&mut patience, 1..16, None), "rrr.r.r.r.r.r.D");
    }

    #[test]
    fn whoever_checks_in_is_asked_anew() {
        let mut patience = Patience::default();
        assert_eq!(steps(&mut patience, 1..6, Some(0)), "rrr.r");
        assert_eq!(steps(&mut patience, 6..7, Some(6)), ".");
        assert_eq!(steps(&mut patience, 7..12, Some(6)), "rrr.r");
    }

    #[test]
    fn days_on_which_nothing_is_asked_try_nobodys_patience() {
        let before = Patience {
            ignored: 2,
            since: Some(day(1)),
        };
        assert_eq!(before.on(day(9), None, false), (Step::Pass, before));
    }
}
