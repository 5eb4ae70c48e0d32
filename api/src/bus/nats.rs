//! Between processes: NATS.
//!
//! Every process hears everything under one wildcard and throws away what nobody here listens to: an event is a
//! fifth of a kilobyte and rarer than a request, which costs less than telling NATS of each socket that comes and
//! goes, and leaves one subscription to renew. The subjects name the member, so that this can be changed.
//!
//! NATS keeps nothing. A process that was away, or could not keep up, says so when it is back, and every listener
//! everywhere is told to read anew. It counts as back when it hears its own word: by then NATS hears for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event as Change, ServerError};
use futures::StreamExt as _;
use secrecy::ExposeSecret as _;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use uuid::Uuid;

use super::Event;
use super::listeners::Listeners;
use super::message::{self, Said};
use crate::config::{NatsLogin, NatsServers};

/// Events that wait for the network; a batch of reminders fits.
const QUEUE: usize = 16_384;
/// Messages that wait to be told here.
const HEARD: usize = 16_384;
/// A connection that is silent for two of these is given up.
const PING: Duration = Duration::from_secs(10);
/// Between two times of telling everybody to read anew: processes that come back together are one reason.
const REST: Duration = Duration::from_secs(1);

/// What waits to be sent.
pub(super) enum Outgoing {
    Event(Event),
    Flush(oneshot::Sender<()>),
}

/// The near end: takes events without waiting.
pub(super) struct Wire {
    pub(super) queue: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl Wire {
    pub(super) fn send(&self, event: &Event) {
        if self.queue.try_send(Outgoing::Event(*event)).is_err() {
            self.shared.lost.store(true, Ordering::Release);
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.shared.connected.load(Ordering::Acquire)
    }
}

/// What both ends know.
#[derive(Default)]
struct Shared {
    connected: AtomicBool,
    /// Events of ours were thrown away.
    lost: AtomicBool,
    /// Events of others may have been missed.
    missed: Notify,
}

impl Shared {
    fn set_connected(&self, connected: bool) -> bool {
        metrics::gauge!("belay_bus_connected").set(if connected { 1.0 } else { 0.0 });
        self.connected.swap(connected, Ordering::AcqRel)
    }
}

/// The far end: holds the connection.
pub(super) struct Carrier {
    servers: NatsServers,
    subject: String,
    origin: Uuid,
    queue: mpsc::Receiver<Outgoing>,
    listeners: Arc<Listeners>,
    shared: Arc<Shared>,
}

pub(super) fn new(
    servers: NatsServers,
    subject: &str,
    origin: Uuid,
    listeners: Arc<Listeners>,
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
        listeners,
        shared,
    };
    (wire, carrier)
}

/// The connection, as its events tell it.
#[derive(Clone, Copy, Default)]
struct Link {
    up: bool,
    /// How many there have been.
    connections: u64,
    /// Its loss has been logged, and its return has not.
    away: bool,
    /// A refusal on it has been logged.
    refused: bool,
}

impl Carrier {
    /// Carries events to and fro until nobody can publish any more.
    pub(super) async fn run(self) {
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
        let client = match options.connect(self.servers.addresses.as_slice()).await {
            Ok(client) => client,
            // Only for addresses that cannot be read, and they were.
            Err(error) => return tracing::error!(%error, "NATS cannot be used"),
        };
        let (shared, listeners) = (Arc::clone(&self.shared), Arc::clone(&self.listeners));
        let tell = async {
            loop {
                shared.missed.notified().await;
                listeners.tell_all_to_refetch();
                tokio::time::sleep(REST).await;
            }
        };
        tokio::select! {
            () = self.carry(client, links) => {}
            () = tell => {}
        }
    }

    async fn carry(mut self, client: Client, mut links: watch::Receiver<Link>) {
        let everything = format!("{}.>", self.subject);
        let Ok(mut incoming) = client.subscribe(everything).await else {
            return tracing::error!("NATS cannot be listened to");
        };
        let mut greeted = 0;
        loop {
            tokio::select! {
                Ok(()) = links.changed() => {
                    let link = *links.borrow_and_update();
                    if link.up && link.connections > greeted {
                        // What was on its way when the last one broke may be gone.
                        let lost = self.shared.lost.swap(false, Ordering::AcqRel) || greeted > 0;
                        greeted = link.connections;
                        self.shared.set_connected(false);
                        self.say(&client, Said::Here { connection: greeted, lost }).await;
                    }
                }
                message = incoming.next() => match message {
                    Some(message) => self.hear(&message.payload, *links.borrow()),
                    None => return tracing::error!("NATS does not answer any more"),
                },
                outgoing = self.queue.recv() => match outgoing {
                    Some(Outgoing::Event(event)) if links.borrow().up => {
                        self.say(&client, Said::Event { event }).await;
                        if self.shared.lost.swap(false, Ordering::AcqRel) {
                            let connection = greeted;
                            self.say(&client, Said::Here { connection, lost: true }).await;
                        }
                    }
                    Some(Outgoing::Event(_)) => self.shared.lost.store(true, Ordering::Release),
                    Some(Outgoing::Flush(done)) => {
                        if links.borrow().up {
                            // A connection that breaks now takes the rest with it.
                            let _ = client.flush().await;
                        }
                        let _ = done.send(());
                    }
                    None => return,
                },
            }
        }
    }

    async fn say(&self, client: &Client, said: Said) {
        let subject = match said {
            Said::Event { event } => format!("{}.member.{}", self.subject, event.member()),
            Said::Here { .. } => format!("{}.process.{}", self.subject, self.origin),
        };
        let sent = match message::write(self.origin, said) {
            Ok(message) => client.publish(subject, message.into()).await.is_ok(),
            Err(_) => false,
        };
        if !sent {
            self.shared.lost.store(true, Ordering::Release);
        }
    }

    fn hear(&self, message: &[u8], link: Link) {
        let Some((from, said)) = message::read(message) else {
            return;
        };
        match said {
            // Our own were told when they were published.
            Said::Event { event } if from != self.origin => self.listeners.tell(&event),
            Said::Event { .. } => {}
            Said::Here { connection, .. } if from == self.origin => {
                if link.up && connection == link.connections && !self.shared.set_connected(true) {
                    tracing::info!(servers = self.servers.shown(), "NATS is there");
                    self.shared.missed.notify_one();
                }
            }
            Said::Here { lost, .. } => {
                if lost {
                    self.shared.missed.notify_one();
                }
            }
        }
    }
}

/// Takes in what became of the connection, and logs its loss once.
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
            tracing::warn!(why, "NATS refuses something");
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
        // Closing is our own doing.
        _ => {}
    }
}

/// How to sign in, and as whom NATS shows us to its operators.
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
