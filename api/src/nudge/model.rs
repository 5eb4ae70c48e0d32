//! Policy: whether a notification may leave as a push.

use chrono::{DateTime, Utc};
use entity::notification::{Kind, SkipReason, State};

/// Whether what a notification asks for, or tells of, still is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is.
    Yes,
    /// What it asks for has been done.
    Done,
    /// What it tells of is no longer so.
    NoLongerSo,
}

/// Everything policy looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// How far the notification has come.
    pub state: State,
    /// It must not leave before this instant.
    pub not_before: DateTime<Utc>,
    /// It must not leave from this instant on.
    pub expires_at: DateTime<Utc>,
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// The member's account waits for deletion, or is gone.
    pub away: bool,
    /// Whether it is still wanted.
    pub wanted: Wanted,
    /// On how many devices the member can be reached.
    pub devices: usize,
    /// When the quiet hours are over that it has to wait for; none when it has not.
    pub quiet_until: Option<DateTime<Utc>>,
}

/// What policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Deliver,
    /// It may not, and this is why. It stays in the inbox.
    Skip(SkipReason),
    /// There is nothing to tell any more: it leaves the inbox as well.
    Cancel,
    /// Its time has not come, and will at this instant.
    NotYet(DateTime<Utc>),
    /// It was decided on before.
    Over,
}

/// Whether phones have been told of a notification: its time has come, and it stays in the inbox.
pub const fn is_told(state: State) -> bool {
    matches!(state, State::Planned | State::Skipped)
}

/// Whether a notification of this kind is about the account itself: it reaches devices, too, whose sessions have just been
/// ended.
pub const fn is_about_account(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::SignedIn
            | Kind::PassphraseChanged
            | Kind::EmailChangeConfirmed
            | Kind::EmailChangeDropped
            | Kind::EmailChanged
            | Kind::SessionStolen
            | Kind::PushAddressTaken
    )
}

/// Decides, the same way when deliveries are planned and when they are sent.
pub fn judge(facts: &Facts) -> Verdict {
    match facts.state {
        State::Skipped | State::Cancelled => return Verdict::Over,
        State::Pending | State::Planned => {}
    }
    if facts.now < facts.not_before {
        return Verdict::NotYet(facts.not_before);
    }
    if facts.now >= facts.expires_at {
        return Verdict::Skip(SkipReason::Expired);
    }
    if facts.away {
        return Verdict::Skip(SkipReason::MemberAway);
    }
    match facts.wanted {
        Wanted::NoLongerSo => Verdict::Cancel,
        Wanted::Done => Verdict::Skip(SkipReason::AlreadyDone),
        Wanted::Yes if facts.devices == 0 => Verdict::Skip(SkipReason::NoDevice),
        Wanted::Yes => match facts.quiet_until {
            None => Verdict::Deliver,
            Some(over) if over >= facts.expires_at => Verdict::Skip(SkipReason::Expired),
            Some(over) => Verdict::NotYet(over),
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn facts() -> Facts {
        let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
        Facts {
            state: State::Pending,
            not_before: now,
            expires_at: now + TimeDelta::hours(1),
            now,
            away: false,
            wanted: Wanted::Yes,
            devices: 1,
            quiet_until: None,
        }
    }

    #[test]
    fn what_is_due_and_wanted_leaves() {
        assert_eq!(judge(&facts()), Verdict::Deliver);
        let planned = Facts {
            state: State::Planned,
            ..facts()
        };
        assert_eq!(judge(&planned), Verdict::Deliver);
    }

    #[test]
    fn a_decision_is_not_taken_twice() {
        for state in [State::Skipped, State::Cancelled] {
            assert_eq!(judge(&Facts { state, ..facts() }), Verdict::Over);
        }
    }

    #[test]
    fn it_leaves_from_its_time_on_and_until_it_expires() {
        let Facts { now, .. } = facts();
        let moment = TimeDelta::microseconds(1);
        let at = |not_before, expires_at| {
            judge(&Facts {
                not_before,
                expires_at,
                ..facts()
            })
        };
        assert_eq!(
            at(now + moment, now + moment * 2),
            Verdict::NotYet(now + moment)
        );
        assert_eq!(at(now, now + moment), Verdict::Deliver);
        assert_eq!(at(now - moment, now), Verdict::Skip(SkipReason::Expired));
    }

    #[test]
    fn in_quiet_hours_it_waits_for_their_end_unless_that_is_too_late() {
        let Facts { expires_at, .. } = facts();
        let moment = TimeDelta::microseconds(1);
        let quiet_until = |over| {
            judge(&Facts {
                quiet_until: Some(over),
                ..facts()
            })
        };
        let before = expires_at - moment;
        assert_eq!(quiet_until(before), Verdict::NotYet(before));
        let expired = Verdict::Skip(SkipReason::Expired);
        assert_eq!(quiet_until(expires_at), expired);
        // What is not wanted any more waits for nothing.
        let done = Facts {
            quiet_until: Some(before),
            wanted: Wanted::NoLongerSo,
            ..facts()
        };
        assert_eq!(judge(&done), Verdict::Cancel);
    }

    #[test]
    fn each_reason_not_to_send_is_told() {
        let away = Facts {
            away: true,
            ..facts()
        };
        assert_eq!(judge(&away), Verdict::Skip(SkipReason::MemberAway));
        let wanted = |wanted| {
            judge(&Facts {
                wanted,
                devices: 0,
                ..facts()
            })
        };
        assert_eq!(wanted(Wanted::Done), Verdict::Skip(SkipReason::AlreadyDone));
        assert_eq!(wanted(Wanted::NoLongerSo), Verdict::Cancel);
        assert_eq!(wanted(Wanted::Yes), Verdict::Skip(SkipReason::NoDevice));
    }
}
