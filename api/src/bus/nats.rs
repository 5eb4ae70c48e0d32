//! The bus between processes, over NATS.
//!
//! Every process receives everything under one wildcard and drops events that nobody here listens to. An event has a
//! fifth of a kilobyte and is rarer than a request. This costs less than telling NATS of each socket that comes and
//! goes, and leaves one subscription to renew. The subjects name the member, so that this can be changed.
//!
//! NATS stores nothing. A process that was disconnected, or could not keep up, announces so when it is back, and every
//! listener everywhere is told to read everything again. A process is back when it receives its own message: by then
//! NATS delivers to it.
//!
//! The task that holds the connection must not end before the process. If it does, all listeners here are told to read
//! everything again, and it restarts.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event as Change, Message, ServerError};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use super::listeners::Listeners;
use super::message::{self, Payload};
use super::seal::{Refused, Seal};
use crate::config::{NatsLogin, NatsServers};
use crate::revocations::Revocations;

/// The most events that wait for the network; a batch of reminders fits.
const QUEUE: usize = 16_384;
/// The most received messages that wait to be handled.
const HEARD: usize = 16_384;
/// The interval of pings. A connection that is silent for two of them is given up.
const PING: Duration = Duration::from_secs(10);
/// The pause between two calls to read everything again, because processes often come back together. Also the pause
/// before a restart.
const REST: Duration = Duration::from_secs(1);

/// An entry of the send queue.
pub(super) enum Outgoing {
    Payload(Payload),
    Flush(oneshot::Sender<()>),
}

/// The near end: takes events without waiting.
pub(super) struct Wire {
    pub(super) queue: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl Wire {
    pub(super) fn send(&self, payload: Payload) {
        if self.queue.try_send(Outgoing::Payload(payload)).is_err() {
            self.shared.lost.store(true, Ordering::Release);
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.shared.connected.load(Ordering::Acquire)
    }
}

/// The state that both ends share.
#[derive(Default)]
struct Shared {
    connected: AtomicBool,
    /// Events of this process were dropped.
    lost: AtomicBool,
    /// Events of other processes may have been missed.
    missed: Notify,
    /// It was logged that messages are refused.
    refused: AtomicBool,
}

impl Shared {
    fn set_connected(&self, connected: bool) -> bool {
        metrics::gauge!("belay_bus_connected").set(if connected { 1.0 } else { 0.0 });
        self.connected.swap(connected, Ordering::AcqRel)
    }
}

/// The receivers of messages from other processes.
pub(super) struct Ears {
    pub(super) listeners: Arc<Listeners>,
    pub(super) revocations: Revocations,
}

/// The far end: holds the connection.
pub(super) struct Carrier {
    servers: NatsServers,
    subject: String,
    origin: Uuid,
    queue: mpsc::Receiver<Outgoing>,
    ears: Ears,
    seal: Seal,
    shared: Arc<Shared>,
}

pub(super) fn new(
    servers: NatsServers,
    subject: &str,
    origin: Uuid,
    ears: Ears,
    seal: Seal,
) -> (Wire, Carrier) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let shared = Arc::<Shared>::default();
    let wire = Wire {
        queue: sender,
        shared: Arc::clone(&shared),
    };
    let carrier = Carrier {
        servers,
        subject: subject.to_owned(),
        origin,
        queue,
        ears,
        seal,
        shared,
    };
    (wire, carrier)
}

/// The state of the connection, according to its events.
#[derive(Clone, Copy, Default)]
struct Link {
    up: bool,
    /// How many connections there have been.
    connections: u64,
    /// The loss was logged, and the return was not.
    away: bool,
    /// A refusal on this connection was logged.
    refused: bool,
}

/// Why a connection is no longer held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Nobody can publish any more.
    Done,
    /// Something that should not have happened.
    Broken(&'static str),
}

impl Carrier {
    /// Carries messages both ways until nobody can publish any more.
    pub(super) async fn run(self) {
        self.keep(|carrier| carrier.hold().boxed()).await;
    }

    /// Restarts `hold` whenever it fails or panics.
    async fn keep(mut self, hold: fn(&mut Self) -> BoxFuture<'_, Over>) {
        loop {
            let over = AssertUnwindSafe(hold(&mut self)).catch_unwind().await;
            let why = match over {
                Ok(Over::Done) => return,
                Ok(Over::Broken(why)) => why,
                Err(_) => "a panic",
            };
            tracing::error!(why, "the connection to NATS ended: reconnecting");
            self.shared.set_connected(false);
            self.shared.lost.store(true, Ordering::Release);
            self.ears.listeners.tell_all_to_refetch();
            tokio::time::sleep(REST).await;
        }
    }

    async fn hold(&mut self) -> Over {
        self.shared.set_connected(false);
        let (link, links) = watch::channel(Link::default());
        let shared = Arc::clone(&self.shared);
        let options = options(&self.servers)
            .retry_on_initial_connect()
            .ping_interval(PING)
            .subscription_capacity(HEARD)
            .event_callback(move |change| {
                link.send_modify(|link| note(link, &shared, &change));
                std::future::ready(())
            });
        let client = options.connect(self.servers.addresses.as_slice()).await;
        // Fails only for unreadable addresses, and these were checked.
        let Ok(client) = client else {
            return Over::Broken("an address of a server is unreadable");
        };
        let (shared, listeners) = (Arc::clone(&self.shared), Arc::clone(&self.ears.listeners));
        let tell = async {
            loop {
                shared.missed.notified().await;
                listeners.tell_all_to_refetch();
                tokio::time::sleep(REST).await;
            }
        };
        tokio::select! {
            over = self.carry(client, links) => over,
            over = tell => over,
        }
    }

    async fn carry(&mut self, client: Client, mut links: watch::Receiver<Link>) -> Over {
        let everything = format!("{}.>", self.subject);
        let Ok(mut incoming) = client.subscribe(everything).await else {
            return Over::Broken("the subscription ended");
        };
        let mut greeted = 0;
        loop {
            tokio::select! {
                Ok(()) = links.changed() => {
                    let link = *links.borrow_and_update();
                    if link.up && link.connections > greeted {
                        // Messages that were on their way when the last connection broke may be lost.
                        let lost = self.shared.lost.swap(false, Ordering::AcqRel) || greeted > 0;
                        greeted = link.connections;
                        self.shared.set_connected(false);
                        self.say(&client, &Payload::Here { connection: greeted, lost }).await;
                    }
                }
                message = incoming.next() => match message {
                    Some(message) => self.hear(&message, *links.borrow()),
                    None => return Over::Broken("the subscription ended"),
                },
                outgoing = self.queue.recv() => match outgoing {
                    Some(Outgoing::Payload(payload)) if links.borrow().up => {
                        self.say(&client, &payload).await;
                        if self.shared.lost.swap(false, Ordering::AcqRel) {
                            let connection = greeted;
                            self.say(&client, &Payload::Here { connection, lost: true }).await;
                        }
                    }
                    Some(Outgoing::Payload(_)) => self.shared.lost.store(true, Ordering::Release),
                    Some(Outgoing::Flush(done)) => {
                        if links.borrow().up {
                            // If the connection breaks now, the rest is lost with it.
                            let _ = client.flush().await;
                        }
                        let _ = done.send(());
                    }
                    None => return Over::Done,
                },
            }
        }
    }

    async fn say(&self, client: &Client, payload: &Payload) {
        let subject = match payload {
            Payload::Event { event } => format!("{}.member.{}", self.subject, event.member()),
            Payload::Ended { .. } | Payload::Here { .. } => {
                format!("{}.process.{}", self.subject, self.origin)
            }
        };
        let sent = match message::write(self.origin, payload) {
            Ok(message) => {
                let headers = self.seal.headers(&subject, &message);
                let sent = client.publish_with_headers(subject, headers, message.into());
                sent.await.is_ok()
            }
            Err(_) => false,
        };
        if !sent {
            self.shared.lost.store(true, Ordering::Release);
        }
    }

    fn hear(&self, message: &Message, link: Link) {
        let Some((from, payload)) = message::read(&message.payload) else {
            return;
        };
        let headers = message.headers.as_ref();
        match self.seal.check(&message.subject, headers, &message.payload) {
            // A stale message of this process is fine: its clock may have been moved since it was sent.
            Err(Refused::Stale) if from == self.origin => {}
            Err(refused) => return self.refuse(refused),
            Ok(()) => {}
        }
        match payload {
            // Events of this process were delivered when they were published.
            Payload::Event { event } if from != self.origin => self.ears.listeners.tell(&event),
            Payload::Ended { sessions, at } if from != self.origin => {
                self.ears.revocations.add(&sessions, self.seal.bounded(at));
            }
            Payload::Event { .. } | Payload::Ended { .. } => {}
            Payload::Here { connection, .. } if from == self.origin => {
                if link.up && connection == link.connections && !self.shared.set_connected(true) {
                    tracing::info!(servers = self.servers.shown(), "NATS is there");
                    self.shared.missed.notify_one();
                }
            }
            Payload::Here { lost, .. } => {
                if lost {
                    self.shared.missed.notify_one();
                }
            }
        }
    }
}

impl Carrier {
    /// Counts a refused message, and logs the first one.
    fn refuse(&self, refused: Refused) {
        let why = refused.name();
        metrics::counter!("belay_bus_refused_total", "why" => why).increment(1);
        if !self.shared.refused.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                why,
                "a message on the bus was passed over: of another installation, or of a process with another secret or \
                 another time"
            );
        }
    }
}

/// Applies a change of the connection, and logs its loss once.
fn note(link: &mut Link, shared: &Shared, change: &Change) {
    match change {
        Change::Connected => {
            *link = Link {
                up: true,
                connections: link.connections + 1,
                ..Link::default()
            };
        }
        Change::SlowConsumer(_) => shared.missed.notify_one(),
        Change::ServerError(ServerError::Other(why)) if link.up && !link.refused => {
            link.refused = true;
            tracing::warn!(why, "NATS reported an error");
        }
        Change::Disconnected | Change::ClientError(_) => {
            link.up = false;
            shared.set_connected(false);
            if !link.away {
                link.away = true;
                tracing::warn!(
                    why = %change,
                    "NATS is away: until it is back each process hears of its own events alone"
                );
            }
        }
        // The connection is only closed by this process itself.
        _ => {}
    }
}

/// Returns the options: the login, and the name that NATS shows to its operators.
pub(super) fn options(servers: &NatsServers) -> ConnectOptions {
    let options = ConnectOptions::new().name("belay");
    match &servers.login {
        NatsLogin::None => options,
        NatsLogin::Token(token) => options.token(token.expose_secret().to_owned()),
        NatsLogin::User(name, password) => {
            options.user_and_password(name.clone(), password.expose_secret().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::MemberId;

    use super::super::listeners::Heard;
    use super::*;
    use crate::clock::Clock;
    use crate::keys::{Keys, Purpose};

    fn carrier(listeners: &Arc<Listeners>) -> (Wire, Carrier) {
        let servers = NatsServers {
            addresses: Vec::new(),
            login: NatsLogin::None,
        };
        let ears = Ears {
            listeners: Arc::clone(listeners),
            revocations: Revocations::default(),
        };
        let keys = Keys::derive(&"a".repeat(40).into());
        let seal = Seal::new(keys.signer(Purpose::Bus), Clock::system());
        new(servers, "belay", Uuid::from_u128(1), ears, seal)
    }

    #[tokio::test]
    async fn a_broken_or_panicking_connection_restarts_and_listeners_refetch() {
        let listeners = Arc::<Listeners>::default();
        let mut listening = Listeners::add(&listeners, MemberId(Uuid::from_u128(2)));
        let (wire, carrier) = carrier(&listeners);
        let kept = tokio::spawn(carrier.keep(|carrier| {
            async {
                carrier.shared.set_connected(true);
                match carrier.queue.recv().await {
                    Some(Outgoing::Payload(_)) => Over::Broken("on request"),
                    Some(Outgoing::Flush(_)) => panic!("on request"),
                    None => Over::Done,
                }
            }
            .boxed()
        }));
        for panics in [false, true] {
            wire.shared.lost.store(false, Ordering::Release);
            if panics {
                let (done, _) = oneshot::channel();
                wire.queue.send(Outgoing::Flush(done)).await.unwrap();
            } else {
                wire.send(Payload::Here {
                    connection: 1,
                    lost: false,
                });
            }
            assert_eq!(listening.next().await, Some(Heard::Refetch));
            assert!(!wire.is_connected() && wire.shared.lost.load(Ordering::Acquire));
            let restarted = async {
                while !wire.is_connected() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let restarted = tokio::time::timeout(Duration::from_secs(30), restarted);
            restarted.await.expect("the connection restarts");
        }
        drop(wire);
        kept.await.unwrap();
    }
}
