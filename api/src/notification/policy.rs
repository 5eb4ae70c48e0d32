//! The policy: whether a notification may leave as a push, and when.

use chrono::{DateTime, Utc};
use entity::notification::{SkipReason, State};

/// Whether a notification is still relevant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is.
    Yes,
    /// Its request has been met.
    Done,
    /// What it says is no longer true.
    NoLongerSo,
}

/// The policy's input.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The state of the notification.
    pub state: State,
    /// It must not leave before this instant.
    pub not_before: DateTime<Utc>,
    /// It must not leave from this instant on.
    pub expires_at: DateTime<Utc>,
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// Whether the member's account is scheduled for deletion, or gone.
    pub away: bool,
    /// Whether it is still relevant.
    pub wanted: Wanted,
    /// Whether the member's phone may ring for it. It is in the inbox in any case.
    pub rings: bool,
    /// The number of devices on which the member can be reached.
    pub devices: usize,
    /// When its push may leave, by [`Wait::leaves_at`](super::wait::Wait::leaves_at); `None` if it need not wait.
    pub hold_until: Option<DateTime<Utc>>,
}

/// The policy's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Deliver,
    /// It may not leave, for this reason. It stays in the inbox.
    Skip(SkipReason),
    /// It is no longer true, and also leaves the inbox.
    Cancel,
    /// Its time will come at this instant.
    NotYet(DateTime<Utc>),
    /// It is in the inbox now, and its push waits until this instant.
    Held(DateTime<Utc>),
    /// It was already decided.
    Over,
}

/// Returns the verdict. The same rules apply when deliveries are planned and when they are sent.
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
        Wanted::Yes if !facts.rings => Verdict::Skip(SkipReason::InboxOnly),
        // Devices only matter once the wait is over. Until then the inbox is the same with and without a device.
        Wanted::Yes => match facts.hold_until {
            Some(over) if over >= facts.expires_at => Verdict::Skip(SkipReason::Expired),
            Some(over) => Verdict::Held(over),
            None if facts.devices == 0 => Verdict::Skip(SkipReason::NoDevice),
            None => Verdict::Deliver,
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    fn facts() -> Facts {
        let now = noon();
        Facts {
            state: State::Pending,
            not_before: now,
            expires_at: now + TimeDelta::hours(1),
            now,
            away: false,
            wanted: Wanted::Yes,
            rings: true,
            devices: 1,
            hold_until: None,
        }
    }

    #[test]
    fn a_silent_notification_goes_only_to_the_inbox() {
        let silent = Facts {
            rings: false,
            devices: 0,
            ..facts()
        };
        assert_eq!(judge(&silent), Verdict::Skip(SkipReason::InboxOnly));
    }

    #[test]
    fn a_due_and_wanted_notification_is_delivered() {
        assert_eq!(judge(&facts()), Verdict::Deliver);
        let planned = Facts {
            state: State::Planned,
            ..facts()
        };
        assert_eq!(judge(&planned), Verdict::Deliver);
    }

    #[test]
    fn a_decided_notification_is_not_decided_again() {
        for state in [State::Skipped, State::Cancelled] {
            assert_eq!(judge(&Facts { state, ..facts() }), Verdict::Over);
        }
    }

    #[test]
    fn a_notification_is_delivered_from_its_time_until_it_expires() {
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
    fn a_held_notification_waits_unless_it_would_expire() {
        let Facts { expires_at, .. } = facts();
        let moment = TimeDelta::microseconds(1);
        let held = |until, devices| {
            judge(&Facts {
                hold_until: Some(until),
                devices,
                ..facts()
            })
        };
        let before = expires_at - moment;
        for devices in [0, 1] {
            assert_eq!(held(before, devices), Verdict::Held(before));
            let expired = Verdict::Skip(SkipReason::Expired);
            assert_eq!(held(expires_at, devices), expired);
        }
        // A notification that is no longer relevant does not wait.
        let done = Facts {
            hold_until: Some(before),
            wanted: Wanted::NoLongerSo,
            ..facts()
        };
        assert_eq!(judge(&done), Verdict::Cancel);
    }

    #[test]
    fn a_notification_that_is_not_sent_has_a_reason() {
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

    proptest! {
        #[test]
        fn every_verdict_agrees_with_the_facts(
            state in prop::sample::select(vec![
                State::Pending, State::Planned, State::Skipped, State::Cancelled,
            ]),
            not_before in -100_i64..100,
            expires in -100_i64..100,
            away in any::<bool>(),
            wanted in prop::sample::select(vec![Wanted::Yes, Wanted::Done, Wanted::NoLongerSo]),
            devices in 0_usize..3,
            hold in prop::option::of(1_i64..100),
        ) {
            let at = |minutes: i64| noon() + TimeDelta::minutes(minutes);
            let facts = Facts {
                state,
                not_before: at(not_before),
                expires_at: at(expires),
                now: noon(),
                away,
                wanted,
                rings: true,
                devices,
                hold_until: hold.map(at),
            };
            match judge(&facts) {
                Verdict::Deliver => prop_assert!(
                    !away && wanted == Wanted::Yes && devices > 0 && hold.is_none()
                        && facts.not_before <= facts.now && facts.now < facts.expires_at
                ),
                Verdict::Held(until) => {
                    prop_assert!(!away && wanted == Wanted::Yes && facts.not_before <= facts.now);
                    prop_assert!(facts.now < until && until < facts.expires_at);
                }
                Verdict::NotYet(at) => prop_assert!(at > facts.now && at == facts.not_before),
                Verdict::Cancel => prop_assert_eq!(wanted, Wanted::NoLongerSo),
                Verdict::Over => {
                    prop_assert!(matches!(state, State::Skipped | State::Cancelled));
                }
                Verdict::Skip(SkipReason::NoDevice) => prop_assert!(devices == 0 && hold.is_none()),
                Verdict::Skip(_) => {}
            }
            // The number of devices does not change what is in the inbox.
            let other = Facts { devices: usize::from(devices == 0), ..facts };
            let listed = |facts| matches!(
                judge(facts),
                Verdict::Deliver | Verdict::Skip(_) | Verdict::Held(_)
            );
            prop_assert_eq!(listed(&facts), listed(&other));
        }
    }
}
