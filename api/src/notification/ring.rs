//! Limits how often one member may make another's phone ring.

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use entity::notification::{Model, SkipReason, State};

use crate::notification_kind::{Ring, spec};

/// The window in which [`Ring::ADay`] counts.
pub const RING_WINDOW: TimeDelta = TimeDelta::hours(24);

/// Returns whether a phone may ring for a notification, given the earlier ones of the same kind that the same member
/// caused. `caused` may contain any notifications.
pub fn may_ring(row: &Model, caused: &[Model]) -> bool {
    // A planned notification has rung or is about to.
    if row.state == State::Planned {
        return true;
    }
    let most = match (spec(row.kind).ring, row.caused_by) {
        (Ring::Never, _) => return false,
        (Ring::Always, _) | (_, None) => return true,
        (Ring::ADay(most), Some(_)) => most,
    };
    let before = caused.iter().filter(|other| {
        // A notification of the same instant counts as earlier if it is already decided.
        let is_before = (other.created_at, other.id) < (row.created_at, row.id)
            || (other.created_at == row.created_at && other.state != State::Pending);
        let same = (other.member_id, other.caused_by, other.kind)
            == (row.member_id, row.caused_by, row.kind);
        // Notifications that did not ring do not count.
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

/// Returns what must be loaded for [`may_ring`]: the recipients, the members who caused the notifications, and the
/// earliest instant. Returns `None` if the kinds alone decide.
pub fn to_compare(rows: &[Model]) -> Option<(Vec<MemberId>, Vec<MemberId>, DateTime<Utc>)> {
    let limited = rows
        .iter()
        .filter(|row| matches!(spec(row.kind).ring, Ring::ADay(_)))
        .filter_map(|row| Some((row.member_id, row.caused_by?, row.created_at)));
    let limited: Vec<_> = limited.collect();
    let since = limited.iter().map(|(_, _, at)| *at).min()? - RING_WINDOW;
    let distinct = |mut members: Vec<MemberId>| {
        members.sort_unstable();
        members.dedup();
        members
    };
    let recipients = distinct(limited.iter().map(|(recipient, _, _)| *recipient).collect());
    let by = distinct(limited.iter().map(|(_, by, _)| *by).collect());
    Some((recipients, by, since))
}

#[cfg(test)]
mod tests {
    use entity::notification::Kind;
    use uuid::Uuid;

    use super::*;

    fn notification(at: i64, kind: Kind, state: State) -> Model {
        let now = noon() + TimeDelta::minutes(at);
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

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    #[test]
    fn one_member_can_ring_another_twice_a_day() {
        let kind = Kind::PactProposed;
        let mut before = vec![
            notification(0, kind, State::Planned),
            notification(5, kind, State::Planned),
        ];
        assert!(may_ring(&before[0], &before) && may_ring(&before[1], &before));
        let third = notification(10, kind, State::Pending);
        assert!(!may_ring(&third, &before));
        // At the same instant it does not matter which id is lower.
        let at_once = Model {
            id: entity::NotificationId(Uuid::from_u128(1)),
            created_at: before[1].created_at,
            ..third.clone()
        };
        assert!(!may_ring(&at_once, &before));
        // Caused by another member, of another kind, or a day later.
        let other = Model {
            caused_by: Some(MemberId(Uuid::from_u128(3))),
            ..third.clone()
        };
        assert!(may_ring(&other, &before));
        assert!(may_ring(
            &notification(10, Kind::LadderAsked, State::Pending),
            &before
        ));
        assert!(may_ring(
            &notification(24 * 60, kind, State::Pending),
            &before
        ));
        // A notification that was withdrawn in time, or did not ring, does not count.
        before[1].state = State::Cancelled;
        assert!(may_ring(&third, &before));
        before[1].state = State::Skipped;
        before[1].skip_reason = Some(SkipReason::InboxOnly);
        assert!(may_ring(&third, &before));
    }

    #[test]
    fn going_quiet_always_rings_and_removal_from_a_circle_never_does() {
        let all: Vec<_> = (0..20)
            .map(|at| notification(at, Kind::WentQuiet, State::Planned))
            .collect();
        assert!(all.iter().all(|row| may_ring(row, &all)));
        assert_eq!(to_compare(&all), None);
        let removed = notification(0, Kind::RemovedFromCircle, State::Pending);
        assert!(!may_ring(&removed, &[]));
    }
}
