//! Policy: whether a notification may leave as a push, and when.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use entity::notification::{Kind, Model, SkipReason, State};

use crate::push::message::Category;

/// Senders are asked to leave so many seconds free on either side of each quarter of an hour, when everybody else sends.
const BUSY: i64 = 120;
/// A quarter of an hour, in seconds.
const QUARTER: i64 = 900;
/// What is left of it.
const FREE: i64 = QUARTER - 2 * BUSY;
/// What is spread leaves at most so much later.
pub const SPREAD: TimeDelta = TimeDelta::seconds(QUARTER);

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
    /// Whether his phone may ring for it; it is in his inbox in any case.
    pub rings: bool,
    /// On how many devices the member can be reached.
    pub devices: usize,
    /// When its push may leave, as [`Wait::leaves_at`] says; `None` if it need not wait.
    pub hold_until: Option<DateTime<Utc>>,
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
    /// It belongs in the inbox now; its push waits until this instant.
    Held(DateTime<Utc>),
    /// It was decided on before.
    Over,
}

/// How often one member may make another's phone ring by one kind of notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// As often as it is announced: nobody else causes it, or other rules limit it already.
    Always,
    /// So often within 24 hours.
    ADay(usize),
    /// Never: it is for the inbox.
    Never,
}

/// How often one member may make another's phone ring by a kind of notification. What he does beyond that has its
/// effect, and is in the inbox; the phone stays silent.
pub const fn ring(kind: Kind) -> Ring {
    match kind {
        Kind::CheckInReminder
        | Kind::DoorOpen
        | Kind::MeetingReminder
        | Kind::LadderNote
        | Kind::AskHowItWent
        // That somebody goes quiet is told whatever else was told that day.
        | Kind::WentQuiet
        | Kind::BackAgain
        | Kind::PartnerWantsAWord
        | Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken => Ring::Always,
        Kind::PeeringProposed
        | Kind::PeeringAccepted
        | Kind::PactProposed
        | Kind::PactAccepted
        | Kind::LadderAsked
        | Kind::LadderAgreed
        | Kind::CircleInvitation
        | Kind::RunsCircle => Ring::ADay(2),
        Kind::PactNudgeReceived | Kind::PactNudgeAnswered | Kind::MeetingChanged => Ring::ADay(4),
        // He took each seat himself, and may be on his way.
        Kind::MeetingCancelled => Ring::ADay(10),
        Kind::RemovedFromCircle => Ring::Never,
    }
}

/// What [`ring`] counts within.
pub const RING_WINDOW: TimeDelta = TimeDelta::hours(24);

/// Whether a phone may ring for a notification, by what the same member caused of the same kind before it.
/// `caused` may hold any notifications.
pub fn may_ring(row: &Model, caused: &[Model]) -> bool {
    // What was planned has rung, or is about to.
    if row.state == State::Planned {
        return true;
    }
    let most = match (ring(row.kind), row.caused_by) {
        (Ring::Never, _) => return false,
        (Ring::Always, _) | (_, None) => return true,
        (Ring::ADay(most), Some(_)) => most,
    };
    let before = caused.iter().filter(|other| {
        // Of the same instant, too, that has been decided on already.
        let is_before = (other.created_at, other.id) < (row.created_at, row.id)
            || (other.created_at == row.created_at && other.state != State::Pending);
        let same = (other.member_id, other.caused_by, other.kind)
            == (row.member_id, row.caused_by, row.kind);
        // Those that did not ring take nothing of the day.
        let rang =
            other.state != State::Cancelled && other.skip_reason != Some(SkipReason::InboxOnly);
        other.id != row.id
            && is_before
            && same
            && rang
            && row.created_at - other.created_at < RING_WINDOW
    });
    before.count() < most
}

/// What has to be read to decide whether phones may ring for these: whose notifications, whose doing, and since when.
/// None if that follows from their kinds.
pub fn to_compare(rows: &[Model]) -> Option<(Vec<MemberId>, Vec<MemberId>, DateTime<Utc>)> {
    let limited = rows
        .iter()
        .filter(|row| matches!(ring(row.kind), Ring::ADay(_)))
        .filter_map(|row| Some((row.member_id, row.caused_by?, row.created_at)));
    let limited: Vec<_> = limited.collect();
    let since = limited.iter().map(|(_, _, at)| *at).min()? - RING_WINDOW;
    let distinct = |mut members: Vec<MemberId>| {
        members.sort_unstable();
        members.dedup();
        members
    };
    let told = distinct(limited.iter().map(|(told, _, _)| *told).collect());
    let by = distinct(limited.iter().map(|(_, by, _)| *by).collect());
    Some((told, by, since))
}

/// Whether phones have been told of a notification: its time has come, and it stays in the inbox.
pub const fn is_told(row: &Model) -> bool {
    match row.state {
        State::Planned | State::Skipped => true,
        State::Pending => row.held_until.is_some(),
        State::Cancelled => false,
    }
}

/// What decides how long a push waits, while its line is in the inbox.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// When the quiet hours are over that it keeps; `None` if it is not quiet, or it keeps none.
    pub quiet_until: Option<DateTime<Utc>>,
    /// When it was due, if some minutes later do as well.
    pub about: Option<DateTime<Utc>>,
    /// What it tells has to be known by then, quiet or not.
    pub needed_by: Option<DateTime<Utc>>,
    /// It must not leave from this instant on.
    pub expires_at: DateTime<Utc>,
    /// As [`jitter`] says.
    pub jitter: u32,
}

impl Wait {
    /// When it leaves; `None` if it can leave now. Spread over some minutes, unless that would be too late.
    pub fn leaves_at(&self) -> Option<DateTime<Utc>> {
        let from = self.quiet_until.or(self.about)?;
        let spread = spread(from, self.jitter);
        let at = if spread < self.expires_at {
            spread
        } else {
            from
        };
        let at = self.needed_by.map_or(at, |by| by.min(at));
        (at > self.now).then_some(at)
    }
}

/// A number of seconds within [`SPREAD`], always the same for a member and a category: whatever waited for the same
/// moment leaves together, and not with everybody else's.
pub fn jitter(member: MemberId, category: Category) -> u32 {
    let mut hasher = DefaultHasher::new();
    (member, category.channel()).hash(&mut hasher);
    // The remainder is below `FREE`.
    u32::try_from(hasher.finish() % FREE.unsigned_abs()).unwrap_or_default()
}

/// An instant of the minutes after `from`, `jitter` seconds on and never near a quarter of an hour.
pub fn spread(from: DateTime<Utc>, jitter: u32) -> DateTime<Utc> {
    // Whole seconds, and none earlier than asked.
    let whole = from.timestamp() + i64::from(from.timestamp_subsec_nanos() > 0);
    let into = whole.rem_euclid(QUARTER);
    // Counted in seconds that are free.
    let free = (into - BUSY).clamp(0, FREE) + i64::from(jitter) % FREE;
    let quarter = whole - into + free / FREE * QUARTER;
    DateTime::from_timestamp(quarter + BUSY + free % FREE, 0).unwrap_or(from)
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
        Wanted::Yes if !facts.rings => Verdict::Skip(SkipReason::InboxOnly),
        // Whether there is a device is asked when the wait is over: until then inboxes with and without one are the same.
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
    use proptest::prelude::*;
    use uuid::Uuid;

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

    fn caused(at: i64, kind: Kind, state: State) -> Model {
        let now = facts().now + TimeDelta::minutes(at);
        Model {
            id: entity::NotificationId(Uuid::from_u128(u128::try_from(at).unwrap())),
            member_id: MemberId(Uuid::from_u128(1)),
            kind,
            dedup_key: String::new(),
            subject_id: None,
            not_before: now,
            expires_at: now,
            state,
            skip_reason: None,
            created_at: now,
            read_at: None,
            caused_by: Some(MemberId(Uuid::from_u128(2))),
            held_until: None,
        }
    }

    #[test]
    fn one_member_makes_anothers_phone_ring_a_few_times_a_day() {
        let kind = Kind::PactProposed;
        let mut before = vec![
            caused(0, kind, State::Planned),
            caused(5, kind, State::Planned),
        ];
        assert!(may_ring(&before[0], &before) && may_ring(&before[1], &before));
        let third = caused(10, kind, State::Pending);
        assert!(!may_ring(&third, &before));
        // At one instant it does not matter whose id is the lower.
        let at_once = Model {
            id: entity::NotificationId(Uuid::from_u128(1)),
            created_at: before[1].created_at,
            ..third.clone()
        };
        assert!(!may_ring(&at_once, &before));
        // By another member, of another kind, or a day later.
        let other = Model {
            caused_by: Some(MemberId(Uuid::from_u128(3))),
            ..third.clone()
        };
        assert!(may_ring(&other, &before));
        assert!(may_ring(
            &caused(10, Kind::LadderAsked, State::Pending),
            &before
        ));
        assert!(may_ring(&caused(24 * 60, kind, State::Pending), &before));
        // What was taken back in time, or did not ring, leaves room.
        before[1].state = State::Cancelled;
        assert!(may_ring(&third, &before));
        before[1].state = State::Skipped;
        before[1].skip_reason = Some(SkipReason::InboxOnly);
        assert!(may_ring(&third, &before));
    }

    #[test]
    fn that_somebody_goes_quiet_rings_however_often() {
        let all: Vec<_> = (0..20)
            .map(|at| caused(at, Kind::WentQuiet, State::Planned))
            .collect();
        assert!(all.iter().all(|row| may_ring(row, &all)));
        assert_eq!(to_compare(&all), None);
        let removed = caused(0, Kind::RemovedFromCircle, State::Pending);
        assert!(!may_ring(&removed, &[]));
        let silent = Facts {
            rings: false,
            devices: 0,
            ..facts()
        };
        assert_eq!(judge(&silent), Verdict::Skip(SkipReason::InboxOnly));
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
    fn what_is_held_waits_unless_that_is_too_late() {
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
        // What is not wanted any more waits for nothing.
        let done = Facts {
            hold_until: Some(before),
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

    fn wait() -> Wait {
        let now = noon();
        Wait {
            now,
            quiet_until: None,
            about: None,
            needed_by: None,
            expires_at: now + TimeDelta::days(1),
            jitter: 200,
        }
    }

    #[test]
    fn what_need_not_wait_leaves_now() {
        assert_eq!(wait().leaves_at(), None);
        let needed = Wait {
            needed_by: Some(noon() + TimeDelta::hours(1)),
            ..wait()
        };
        assert_eq!(needed.leaves_at(), None);
        let late = Wait {
            about: Some(noon() - TimeDelta::hours(1)),
            ..wait()
        };
        assert_eq!(late.leaves_at(), None);
    }

    #[test]
    fn what_helps_only_earlier_does_not_wait_for_the_end_of_the_night() {
        let over = noon() + TimeDelta::hours(8);
        let with = |by| {
            let waits = Wait {
                quiet_until: Some(over),
                needed_by: Some(by),
                ..wait()
            };
            waits.leaves_at()
        };
        let spread = Some(over + TimeDelta::seconds(BUSY + 200));
        assert_eq!(with(over + TimeDelta::hours(3)), spread);
        // Within the minutes over which pushes are spread.
        let minute = over + TimeDelta::minutes(1);
        assert_eq!(with(minute), Some(minute));
        let before = over - TimeDelta::minutes(90);
        assert_eq!(with(before), Some(before));
        assert_eq!(with(noon()), None);
    }

    #[test]
    fn what_expires_while_pushes_are_spread_leaves_first() {
        let over = noon() + TimeDelta::hours(8);
        let waits = Wait {
            quiet_until: Some(over),
            expires_at: over + TimeDelta::minutes(2),
            ..wait()
        };
        assert_eq!(waits.leaves_at(), Some(over));
    }

    #[test]
    fn members_leave_at_times_of_their_own_and_each_always_at_the_same() {
        let times = |category| {
            let member = |id| jitter(MemberId(Uuid::from_u128(id)), category);
            (0..1000).map(member).collect::<Vec<_>>()
        };
        let all = times(Category::Contacts);
        assert_eq!(all, times(Category::Contacts));
        assert_ne!(all, times(Category::Meetings));
        // A tenth of the minutes has about a tenth of the members.
        for tenth in 0..10 {
            let within = (tenth * 66)..(tenth * 66 + 66);
            let share = all.iter().filter(|jitter| within.contains(*jitter)).count();
            assert!((60..=140).contains(&share), "{tenth}: {share}");
        }
    }

    /// Around two days, by the microsecond.
    fn instants() -> impl Strategy<Value = DateTime<Utc>> {
        let near = prop_oneof![
            0_i64..172_800_000_000,
            (0_i64..192).prop_map(|q| q * 900_000_000)
        ];
        near.prop_map(|micros| noon() + TimeDelta::microseconds(micros))
    }

    proptest! {
        #[test]
        fn a_spread_instant_follows_soon_and_keeps_off_the_quarters(
            from in instants(), jitter in 0_u32..2000,
        ) {
            let at = spread(from, jitter);
            prop_assert!(at >= from && at - from <= SPREAD, "{from} {at}");
            let into = at.timestamp().rem_euclid(QUARTER);
            prop_assert!((BUSY..QUARTER - BUSY).contains(&into), "{at}");
            // Nobody's place depends on where in its free minutes a wait ends before them.
            prop_assert_eq!(spread(at, 0), at);
        }

        #[test]
        fn a_later_end_is_never_an_earlier_push(
            from in instants(), later in 0_i64..100_000, jitter in 0_u32..660,
        ) {
            prop_assert!(spread(from, jitter) <= spread(from + TimeDelta::seconds(later), jitter));
        }

        #[test]
        fn a_push_never_leaves_after_it_is_needed_and_is_held_for_no_other_reason(
            quiet in prop::option::of(-60_i64..900),
            about in prop::option::of(-60_i64..900),
            needed in prop::option::of(-60_i64..900),
            expires in 1_i64..1200,
            jitter in 0_u32..660,
        ) {
            let at = |minutes: i64| noon() + TimeDelta::minutes(minutes);
            let wait = Wait {
                now: noon(),
                quiet_until: quiet.map(at),
                about: about.map(at),
                needed_by: needed.map(at),
                expires_at: at(expires),
                jitter,
            };
            let leaves = wait.leaves_at();
            let from = wait.quiet_until.or(wait.about);
            match leaves {
                Some(leaves) => {
                    prop_assert!(leaves > wait.now);
                    prop_assert!(wait.needed_by.is_none_or(|by| leaves <= by));
                    let from = from.unwrap();
                    prop_assert!(leaves >= from || Some(leaves) == wait.needed_by);
                    prop_assert!(leaves <= from + SPREAD);
                    prop_assert!(from >= wait.expires_at || leaves < wait.expires_at);
                }
                None => prop_assert!(
                    from.is_none_or(|from| from <= wait.now)
                        || wait.needed_by.is_some_and(|by| by <= wait.now)
                ),
            }
        }

        #[test]
        fn every_verdict_is_one_that_its_facts_allow(
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
            // A device more or less changes nothing of what is in the inbox.
            let other = Facts { devices: usize::from(devices == 0), ..facts };
            let listed = |facts| matches!(
                judge(facts),
                Verdict::Deliver | Verdict::Skip(_) | Verdict::Held(_)
            );
            prop_assert_eq!(listed(&facts), listed(&other));
        }
    }
}
