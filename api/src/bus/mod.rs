//! Events: a member's devices hear at once that there is something new to read.
//!
//! The promises: an event is published after the commit of what it tells, never fails or holds up whoever
//! publishes, and says where to look and nothing of what is there. It is a hint: what could not be delivered is
//! not kept, and whoever may have missed some is told once to read everything anew. Processes hear of each other
//! through NATS where it is configured; without it, or while it is away, each hears of its own. What is not signed with a
//! key of the installation is passed over.
//!
//! Sessions that were ended are told to the other processes the same way, so that they refuse them at once. They do not
//! depend on it: each reads them from the database as well (`account::revocations`).

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
use message::Said;
use nats::{Carrier, Outgoing, Wire};
use seal::Seal;

/// What has been published reaches the network within this time at the end, or not at all.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Carries events from whoever publishes them to whoever listens. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Parts>);

struct Parts {
    listeners: Arc<Listeners>,
    wire: Option<Wire>,
    carrier: Mutex<Option<Carrier>>,
}

impl Bus {
    /// A bus that keeps to this process until it is [started](Self::start). What other processes say of ended sessions
    /// goes into `revocations`.
    pub fn new(
        config: &BusConfig,
        ids: &Ids,
        revocations: Revocations,
        (signer, clock): (Signer, Clock),
    ) -> Self {
        let listeners = Arc::new(Listeners::default());
        // What cannot be read was refused with the configuration.
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

    /// Reaches for the other processes from now on, where that is configured. It goes on by itself until the
    /// last [`Bus`] is dropped.
    pub fn start(&self) {
        let mut carrier = self
            .0
            .carrier
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(carrier) = carrier.take() {
            // It restarts itself, and ends with the last bus.
            tokio::spawn(carrier.run());
        }
    }

    /// Whether events are to reach other processes.
    pub fn reaches_others(&self) -> bool {
        self.0.wire.is_some()
    }

    /// Whether other processes are heard just now.
    pub fn is_connected(&self) -> bool {
        self.0.wire.as_ref().is_some_and(Wire::is_connected)
    }

    /// Tells whoever listens. Call it after the commit; it waits for nothing and cannot fail.
    pub fn publish(&self, event: &Event) {
        self.0.listeners.tell(event);
        if let Some(wire) = &self.0.wire {
            wire.send(Said::Event { event: *event });
        }
    }

    /// Tells the other processes of sessions that were ended at `at`; this one knows. Call it after the commit; it
    /// waits for nothing and cannot fail.
    pub fn sessions_ended(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        if let Some(wire) = &self.0.wire
            && !sessions.is_empty()
        {
            let sessions = sessions.to_vec();
            wire.send(Said::Ended { sessions, at });
        }
    }

    /// Hears every event of a member from now on, from whichever process.
    pub fn subscribe(&self, member: MemberId) -> Subscription {
        Listeners::add(&self.0.listeners, member)
    }

    /// How many subscriptions there are in this process.
    pub fn subscriptions(&self) -> usize {
        self.0.listeners.count()
    }

    /// Waits until what was published has left the process, or is given up.
    pub async fn flush(&self) {
        let Some(wire) = &self.0.wire else { return };
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if wire.queue.send(Outgoing::Flush(done)).await.is_ok() {
                // Gone without an answer: there is nobody left to wait for.
                let _ = flushed.await;
            }
        };
        if tokio::time::timeout(FLUSH_PATIENCE, flush).await.is_err() {
            tracing::warn!("the last events did not reach NATS");
        }
    }
}
