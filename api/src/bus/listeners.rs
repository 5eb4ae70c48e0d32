//! The listeners of this process, and the events that wait for each.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use entity::MemberId;
use futures::Stream;
use futures::task::AtomicWaker;

use super::Event;

/// The most events that wait for a listener. A listener with more is told to read everything again instead.
const WAITING: usize = 64;

/// What a listener receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An event.
    Event(Event),
    /// Events may have been missed: read everything that is shown again.
    Refetch,
}

/// The listeners, by member: an event costs as much as its member has devices.
#[derive(Default)]
pub(super) struct Listeners(Mutex<HashMap<MemberId, Vec<Arc<Ear>>>>);

#[derive(Default)]
struct Ear {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

enum Waiting {
    Events(VecDeque<Event>),
    /// Replaces all waiting events, and those that arrive before it is taken.
    Refetch,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Events(VecDeque::new())
    }
}

impl Listeners {
    pub(super) fn add(this: &Arc<Self>, member: MemberId) -> Subscription {
        let ear = Arc::<Ear>::default();
        let mut listeners = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.entry(member).or_default().push(Arc::clone(&ear));
        metrics::gauge!("belay_bus_subscriptions").increment(1);
        Subscription {
            member,
            ear,
            listeners: Arc::clone(this),
        }
    }

    fn remove(&self, member: MemberId, ear: &Arc<Ear>) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ears) = listeners.get_mut(&member) {
            ears.retain(|other| !Arc::ptr_eq(other, ear));
            if ears.is_empty() {
                listeners.remove(&member);
            }
        }
        metrics::gauge!("belay_bus_subscriptions").decrement(1);
    }

    pub(super) fn tell(&self, event: &Event) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ear in listeners.get(&event.member()).into_iter().flatten() {
            ear.tell(*event);
        }
    }

    pub(super) fn tell_all_to_refetch(&self) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ear in listeners.values().flatten() {
            ear.refetch();
        }
    }

    pub(super) fn count(&self) -> usize {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.values().map(Vec::len).sum()
    }
}

impl Ear {
    fn tell(&self, event: Event) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Waiting::Events(events) if events.len() < WAITING => events.push_back(event),
            Waiting::Events(_) => {
                metrics::counter!("belay_bus_lagged_total").increment(1);
                *waiting = Waiting::Refetch;
            }
            Waiting::Refetch => return,
        }
        drop(waiting);
        self.waker.wake();
    }

    fn refetch(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Waiting::Refetch;
        self.waker.wake();
    }

    fn take(&self) -> Option<Heard> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Waiting::Events(events) => events.pop_front().map(Heard::Event),
            Waiting::Refetch => {
                *waiting = Waiting::default();
                Some(Heard::Refetch)
            }
        }
    }
}

/// The endless stream of one listener. Dropping it ends the subscription.
pub struct Subscription {
    member: MemberId,
    ear: Arc<Ear>,
    listeners: Arc<Listeners>,
}

impl Stream for Subscription {
    type Item = Heard;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        // Registers before it looks: whatever arrives after the look must wake this task.
        self.ear.waker.register(cx.waker());
        self.ear
            .take()
            .map_or(Poll::Pending, |heard| Poll::Ready(Some(heard)))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.listeners.remove(self.member, &self.ear);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use entity::NotificationId;
    use futures::{FutureExt as _, StreamExt as _};
    use uuid::Uuid;

    use super::*;

    const MIKE: MemberId = MemberId(Uuid::from_u128(1));
    const SAM: MemberId = MemberId(Uuid::from_u128(2));

    fn event(member: MemberId, number: usize) -> Event {
        let notification = NotificationId(Uuid::from_u128(number as u128));
        Event::NotificationReceived {
            member,
            notification,
            at: DateTime::UNIX_EPOCH,
        }
    }

    fn drain(subscription: &mut Subscription) -> Vec<Heard> {
        std::iter::from_fn(|| subscription.next().now_or_never().flatten()).collect()
    }

    #[test]
    fn every_listener_of_a_member_receives_only_his_events_in_order() {
        let listeners = Arc::default();
        let mut his = [0; 2].map(|_| Listeners::add(&listeners, MIKE));
        let mut others = Listeners::add(&listeners, SAM);
        for number in 0..3 {
            listeners.tell(&event(MIKE, number));
        }
        for one in &mut his {
            let expected: Vec<_> = (0..3).map(|n| Heard::Event(event(MIKE, n))).collect();
            assert_eq!(drain(one), expected);
        }
        assert_eq!(drain(&mut others), []);
    }

    #[test]
    fn a_lagging_listener_receives_one_refetch_and_then_later_events() {
        let listeners = Arc::default();
        let mut slow = Listeners::add(&listeners, MIKE);
        for number in 0..WAITING {
            listeners.tell(&event(MIKE, number));
        }
        assert_eq!(drain(&mut slow).len(), WAITING);
        for number in 0..3 * WAITING {
            listeners.tell(&event(MIKE, number));
        }
        listeners.tell_all_to_refetch();
        assert_eq!(drain(&mut slow), [Heard::Refetch]);
        listeners.tell(&event(MIKE, 7));
        assert_eq!(drain(&mut slow), [Heard::Event(event(MIKE, 7))]);
    }

    #[tokio::test]
    async fn an_event_wakes_a_waiting_listener() {
        let listeners = Arc::default();
        let mut waiting = Listeners::add(&listeners, MIKE);
        let heard = tokio::spawn(async move { waiting.next().await });
        tokio::task::yield_now().await;
        listeners.tell(&event(MIKE, 1));
        assert_eq!(heard.await.unwrap(), Some(Heard::Event(event(MIKE, 1))));
    }

    #[test]
    fn a_dropped_listener_leaves_no_state() {
        let listeners = Arc::default();
        let (one, other) = (
            Listeners::add(&listeners, MIKE),
            Listeners::add(&listeners, MIKE),
        );
        let ear = Arc::downgrade(&one.ear);
        drop(one);
        assert_eq!((listeners.count(), ear.strong_count()), (1, 0));
        drop(other);
        assert!(listeners.0.lock().unwrap().is_empty());
    }
}
