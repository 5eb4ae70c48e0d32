//! The event bus: it tells a member's devices at once that there is something new to read.
//!
//! The promises:
//! * An event is published after the commit of the change.
//! * Publishing never fails and never waits.
//! * An event says where to look, and nothing of the content.
//! * An event is a hint. Undelivered events are not stored, and listeners that may have missed some are told once to
//!   read everything again.
//! * Processes receive each other's events through NATS, if it is configured. Without NATS, or while it is unavailable,
//!   each process receives only its own.
//! * Messages that are not signed with a key of the installation are ignored.
//!
//! Ended sessions are sent to the other processes the same way, so that they refuse the sessions at once. Correctness
//! does not depend on it: each process reads them from the database as well (`account::revocations`).

pub mod check;
mod event;
mod listeners;
mod message;
mod nats;
mod seal;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};
use tokio::sync::oneshot;
use uuid::Uuid;

pub use event::{Activity, Event};
pub use listeners::{Heard, Subscription};

use crate::clock::Clock;
use crate::config::BusConfig;
use crate::entropy::Ids;
use crate::keys::Signer;
use crate::revocations::Revocations;
use listeners::Listeners;
use message::Payload;
use nats::{Carrier, Outgoing, Wire};
use seal::Seal;

/// How long a shutdown waits for published events to reach the network.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Carries events from publishers to listeners. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Parts>);

struct Parts {
    listeners: Arc<Listeners>,
    wire: Option<Wire>,
    carrier: Mutex<Option<Carrier>>,
}

impl Bus {
    /// Makes a bus that stays within this process until it is [started](Self::start). Sessions that other processes
    /// ended are added to `revocations`.
    pub fn new(
        config: &BusConfig,
        ids: &Ids,
        revocations: Revocations,
        (signer, clock): (Signer, Clock),
    ) -> Self {
        let listeners = Arc::new(Listeners::default());
        // Unreadable servers were refused with the configuration.
        let servers = config.servers().ok().flatten();
        let (wire, carrier) = servers
            .map(|servers| {
                let origin: Uuid = ids.next();
                let ears = nats::Ears {
                    listeners: Arc::clone(&listeners),
                    revocations,
                };
                let seal = Seal::new(signer, clock);
                nats::new(servers, &config.subject, origin, ears, seal)
            })
            .unzip();
        Self(Arc::new(Parts {
            listeners,
            wire,
            carrier: Mutex::new(carrier),
        }))
    }

    /// Connects to the other processes, if that is configured. The connection is kept until the last [`Bus`] is
    /// dropped.
    pub fn start(&self) {
        let mut carrier = self
            .0
            .carrier
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(carrier) = carrier.take() {
            // The task restarts itself, and ends with the last bus.
            tokio::spawn(carrier.run());
        }
    }

    /// Whether events are sent to other processes.
    pub fn reaches_others(&self) -> bool {
        self.0.wire.is_some()
    }

    /// Whether events of other processes arrive at the moment.
    pub fn is_connected(&self) -> bool {
        self.0.wire.as_ref().is_some_and(Wire::is_connected)
    }

    /// Publishes an event. Call it after the commit; it never waits and cannot fail.
    pub fn publish(&self, event: &Event) {
        self.0.listeners.tell(event);
        if let Some(wire) = &self.0.wire {
            wire.send(Payload::Event { event: *event });
        }
    }

    /// Tells the other processes which sessions were ended at `at`; this process knows already. Call it after the
    /// commit; it never waits and cannot fail.
    pub fn sessions_ended(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        if let Some(wire) = &self.0.wire
            && !sessions.is_empty()
        {
            let sessions = sessions.to_vec();
            wire.send(Payload::Ended { sessions, at });
        }
    }

    /// Subscribes to all events of a member from now on, from every process.
    pub fn subscribe(&self, member: MemberId) -> Subscription {
        Listeners::add(&self.0.listeners, member)
    }

    /// Returns the number of subscriptions in this process.
    pub fn subscriptions(&self) -> usize {
        self.0.listeners.count()
    }

    /// Waits until published events have left the process, or gives up.
    pub async fn flush(&self) {
        let Some(wire) = &self.0.wire else { return };
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if wire.queue.send(Outgoing::Flush(done)).await.is_ok() {
                // Without an answer the carrier is gone, and there is nothing to wait for.
                let _ = flushed.await;
            }
        };
        if tokio::time::timeout(FLUSH_PATIENCE, flush).await.is_err() {
            tracing::warn!("the last events did not reach NATS");
        }
    }
}
