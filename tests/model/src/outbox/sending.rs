//! A delivery, from its claim to its record: `api/src/push`.

use super::row::{Halves, LEASE, SKEW};
use super::state::{End, Errand, Notification, Outcome, Stage, State, Work};
use super::{Outbox, Protection};

/// The age of a claim from which a delivery is put back instead of sent: `stop_at`.
const STOP_AT: Halves = LEASE / 2;

/// Claims a delivery.
pub fn claim(model: &Outbox, state: &mut State, hand: usize, delivery: usize) -> Option<()> {
    let (holder, now) = model.idle(state, hand)?;
    let open = state.deliveries[delivery].filter(|open| open.end.is_none())?;
    let is_free = open.row.is_free(now);
    if !is_free && (model.has(Protection::WaitsForTheLease) || open.row.due > now) {
        return None;
    }
    // A worker that loses the row here has sent its message, and can no longer record that.
    let losers = state.hands.iter().filter(|other| match other {
        Work::Delivering(errand) => {
            errand.stage == Stage::Recording(Outcome::Accepted)
                && errand.claim.row == delivery
                && open.row.is_held_by(errand.claim)
        }
        _ => false,
    });
    let excused = losers.count() > 0 && is_free;
    state.seen.excused += u8::from(excused);
    let row = &mut state.deliveries[delivery].as_mut()?.row;
    let claim = row.claim(delivery, holder, now);
    state.hands[hand] = Work::Delivering(Errand {
        claim,
        age: 0,
        stage: Stage::Checking,
        unwanted: false,
        in_time: false,
    });
    Some(())
}

/// Asks policy once more, without a transaction.
pub fn check(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let (mut errand, now) = model.at(state, hand, Stage::Checking)?;
    let is_wanted = state.notification == Notification::Planned;
    errand.unwanted = !is_wanted;
    errand.stage = if !is_wanted && model.has(Protection::AsksOnceMore) {
        Stage::Recording(Outcome::Skipped)
    } else if now < state.not_before {
        Stage::Recording(Outcome::NotYet)
    } else {
        Stage::Sending
    };
    state.hands[hand] = Work::Delivering(errand);
    Some(())
}

/// Checks the time, by the monotonic clock, and sends.
pub fn send(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let (mut errand, _) = model.at(state, hand, Stage::Sending)?;
    errand.in_time = errand.age < STOP_AT;
    errand.stage = if errand.in_time || !model.has(Protection::SendsInHalfTheLease) {
        Stage::OnItsWay
    } else {
        Stage::Recording(Outcome::PutBack)
    };
    if !model.has(Protection::RecordsAfterSending) && errand.stage == Stage::OnItsWay {
        let delivery = state.deliveries[errand.claim.row].as_mut()?;
        delivery.end = Some(End::Accepted);
        delivery.row.put_back(-SKEW);
    }
    state.hands[hand] = Work::Delivering(errand);
    Some(())
}

/// The provider takes the message. `heard` says whether the worker gets the answer.
pub fn accept(model: &Outbox, state: &mut State, hand: usize, heard: bool) -> Option<()> {
    let (mut errand, _) = model.at(state, hand, Stage::OnItsWay)?;
    let is_ours = state.deliveries[errand.claim.row]?
        .row
        .is_held_by(errand.claim);
    state.seen.accepted += 1;
    state.seen.unwanted |= errand.unwanted;
    // It left in time, but cannot be recorded.
    state.seen.excused += u8::from((!is_ours && errand.in_time) || (is_ours && !heard));
    errand.stage = Stage::Recording(if heard {
        Outcome::Accepted
    } else {
        Outcome::Later
    });
    state.hands[hand] = Work::Delivering(errand);
    Some(())
}

/// The provider does not take the message.
pub fn refuse(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let (mut errand, _) = model.at(state, hand, Stage::OnItsWay)?;
    errand.stage = Stage::Recording(Outcome::Later);
    state.hands[hand] = Work::Delivering(errand);
    Some(())
}

/// Records the outcome, unless another worker has claimed the delivery since.
pub fn record(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let (errand, outcome, now) = model.recording(state, hand)?;
    let not_before = state.not_before;
    state.hands[hand] = Work::Idle;
    let delivery = state.deliveries[errand.claim.row].as_mut()?;
    if !model.may_record(&delivery.row, errand.claim) {
        state.seen.too_late = true;
        return Some(());
    }
    state.seen.stale |= delivery.row.attempts != errand.claim.attempts || delivery.end.is_some();
    delivery.end = match outcome {
        Outcome::Accepted => Some(End::Accepted),
        Outcome::Skipped => Some(End::Skipped),
        Outcome::Later | Outcome::NotYet | Outcome::PutBack => None,
    };
    delivery.row.put_back(match outcome {
        Outcome::Accepted | Outcome::Skipped => -SKEW,
        Outcome::Later => now + 1,
        Outcome::NotYet => not_before,
        Outcome::PutBack => now,
    });
    Some(())
}
