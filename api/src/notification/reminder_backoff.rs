//! Backoff for ignored reminders. The first three come daily, and then every second day. After fourteen days the last
//! one says that the door is open. One reminder a day at the member's own time is enough. More than the member answers
//! puts pressure on them.

use chrono::NaiveDate;
use entity::check_in_reminder::Model;

/// The daily reminders before the backoff begins.
const AT_FIRST: i32 = 3;
/// After this many days with a request comes the last reminder.
const FORTNIGHT: i32 = 14;

/// The requests to a member since their last check-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// The number of days with a request, with or without a reminder.
    pub ignored: i32,
    /// The first of these days.
    pub since: Option<NaiveDate>,
}

/// What happens when a reminder is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderAction {
    /// Nothing.
    Pass,
    /// The member is reminded.
    Remind,
    /// The member is told that the door is open. No reminder follows until they are back.
    OpenDoor,
}

impl Patience {
    /// Returns the stored state.
    pub fn of(row: &Model) -> Self {
        Self {
            ignored: row.ignored,
            since: row.ignored_since,
        }
    }

    /// Returns the action of a day and the state after it, given whether the member is asked that day and their latest
    /// check-in.
    pub fn on(
        self,
        day: NaiveDate,
        last_check_in: Option<NaiveDate>,
        is_asked: bool,
    ) -> (ReminderAction, Self) {
        let is_back = self.since.is_some_and(|since| last_check_in >= Some(since));
        let this = if is_back { Self::default() } else { self };
        if !is_asked || last_check_in >= Some(day) {
            return (ReminderAction::Pass, this);
        }
        let since = this.since.unwrap_or(day);
        let next = Self {
            ignored: this.ignored + 1,
            since: Some(since),
        };
        let action = if this.ignored >= FORTNIGHT {
            ReminderAction::OpenDoor
        } else if this.ignored < AT_FIRST || this.ignored % 2 == 0 {
            ReminderAction::Remind
        } else {
            ReminderAction::Pass
        };
        (action, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(number)
    }

    /// Returns the actions of consecutive days, as letters.
    fn actions(patience: &mut Patience, days: std::ops::Range<u64>, last: Option<u64>) -> String {
        days.map(|number| {
            let (action, next) = patience.on(day(number), last.map(day), true);
            *patience = next;
            match action {
                ReminderAction::Pass => '.',
                ReminderAction::Remind => 'r',
                ReminderAction::OpenDoor => 'D',
            }
        })
        .collect()
    }

    #[test]
    fn ignored_reminders_become_rarer_and_end_after_a_fortnight() {
        let mut patience = Patience::default();
        assert_eq!(actions(&mut patience, 1..16, None), "rrr.r.r.r.r.r.D");
    }

    #[test]
    fn a_check_in_restarts_the_reminders() {
        let mut patience = Patience::default();
        assert_eq!(actions(&mut patience, 1..6, Some(0)), "rrr.r");
        assert_eq!(actions(&mut patience, 6..7, Some(6)), ".");
        assert_eq!(actions(&mut patience, 7..12, Some(6)), "rrr.r");
    }

    #[test]
    fn days_off_do_not_count_as_ignored() {
        let before = Patience {
            ignored: 2,
            since: Some(day(1)),
        };
        assert_eq!(
            before.on(day(9), None, false),
            (ReminderAction::Pass, before)
        );
    }
}
