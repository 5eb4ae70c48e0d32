//! Between processes: NATS.
//!
//! Every process hears everything under one wildcard and throws away what nobody here listens to: an event is a
//! fifth of a kilobyte and rarer than a request, which costs less than telling NATS of each socket that comes and
//! goes, and leaves one subscription to renew. The subjects name the member, so that this can be changed.
//!
//! NATS keeps nothing. A process that was away, or could not keep up, says so when it is back, and every listener
//! everywhere is told to read anew. It counts as back when it hears its own word: by then NATS hears for it.
//!
//! The task that holds the connection must not end before the process: when it does, everybody here is told to read
//! anew, and it begins again.

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
use super::message::{self, Said};
use super::seal::{Refused, Seal};
use crate::config::{NatsLogin, NatsServers};
use crate::revocations::Revocations;

/// Events that wait for the network; a batch of reminders fits.
const QUEUE: usize = 16_384;
/// Messages that wait to be told here.
const HEARD: usize = 16_384;
/// A connection that is silent for two of these is given up.
const PING: Duration = Duration::from_secs(10);
/// Between two times of telling everybody to read anew: processes that come back together are one reason. And before
/// what has failed begins again.
const REST: Duration = Duration::from_secs(1);

/// What waits to be sent.
pub(super) enum Outgoing {
    Said(Said),
    Flush(oneshot::Sender<()>),
}

/// The near end: takes events without waiting.
pub(super) struct Wire {
    pub(super) queue: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl Wire {
    pub(super) fn send(&self, said: Said) {
        if self.queue.try_send(Outgoing::Said(said)).is_err() {
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
    /// It was said that messages are passed over.
    refused: AtomicBool,
}

impl Shared {
    fn set_connected(&self, connected: bool) -> bool {
        metrics::gauge!("belay_bus_connected").set(if connected { 1.0 } else { 0.0 });
        self.connected.swap(connected, Ordering::AcqRel)
    }
}

/// Who is told what other processes say.
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

/// Why a connection is not held any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Nobody can publish any more.
    Done,
    /// Something that should not have happened.
    Broken(&'static str),
}

impl Carrier {
    /// Carries what is said to and fro until nobody can say anything any more.
    pub(super) async fn run(self) {
        self.keep(|carrier| carrier.hold().boxed()).await;
    }

    /// Begins again whatever becomes of it.
    async fn keep(mut self, hold: fn(&mut Self) -> BoxFuture<'_, Over>) {
        loop {
            let over = AssertUnwindSafe(hold(&mut self)).catch_unwind().await;
            let why = match over {
                Ok(Over::Done) => return,
                Ok(Over::Broken(why)) => why,
                Err(_) => "a panic",
            };
            tracing::error!(why, "the connection to NATS ended: it begins again");
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
        // Only for addresses that cannot be read, and they were.
        let Ok(client) = client else {
            return Over::Broken("the servers cannot be reached for");
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
            return Over::Broken("nothing can be listened to");
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
                        self.say(&client, &Said::Here { connection: greeted, lost }).await;
                    }
                }
                message = incoming.next() => match message {
                    Some(message) => self.hear(&message, *links.borrow()),
                    None => return Over::Broken("nothing is heard any more"),
                },
                outgoing = self.queue.recv() => match outgoing {
                    Some(Outgoing::Said(said)) if links.borrow().up => {
                        self.say(&client, &said).await;
                        if self.shared.lost.swap(false, Ordering::AcqRel) {
                            let connection = greeted;
                            self.say(&client, &Said::Here { connection, lost: true }).await;
                        }
                    }
                    Some(Outgoing::Said(_)) => self.shared.lost.store(true, Ordering::Release),
                    Some(Outgoing::Flush(done)) => {
                        if links.borrow().up {
                            // A connection that breaks now takes the rest with it.
                            let _ = client.flush().await;
                        }
                        let _ = done.send(());
                    }
                    None => return Over::Done,
                },
            }
        }
    }

    async fn say(&self, client: &Client, said: &Said) {
        let subject = match said {
            Said::Event { event } => format!("{}.member.{}", self.subject, event.member()),
            Said::Ended { .. } | Said::Here { .. } => {
                format!("{}.process.{}", self.subject, self.origin)
            }
        };
        let sent = match message::write(self.origin, said) {
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
        let Some((from, said)) = message::read(&message.payload) else {
            return;
        };
        let headers = message.headers.as_ref();
        match self.seal.check(&message.subject, headers, &message.payload) {
            // This process knows when it spoke; its clock may have been moved since.
            Err(Refused::Stale) if from == self.origin => {}
            Err(refused) => return self.refuse(refused),
            Ok(()) => {}
        }
        match said {
            // Our own were told when they were published.
            Said::Event { event } if from != self.origin => self.ears.listeners.tell(&event),
            Said::Ended { sessions, at } if from != self.origin => {
                self.ears.revocations.add(&sessions, self.seal.bounded(at));
            }
            Said::Event { .. } | Said::Ended { .. } => {}
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

impl Carrier {
    /// Counts what is passed over, and says it once.
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
    async fn a_connection_that_is_lost_for_whatever_reason_begins_again_and_everybody_reads_anew() {
        let listeners = Arc::<Listeners>::default();
        let mut listening = Listeners::add(&listeners, MemberId(Uuid::from_u128(2)));
        let (wire, carrier) = carrier(&listeners);
        let kept = tokio::spawn(carrier.keep(|carrier| {
            async {
                carrier.shared.set_connected(true);
                match carrier.queue.recv().await {
                    Some(Outgoing::Said(_)) => Over::Broken("as it was asked to"),
                    Some(Outgoing::Flush(_)) => panic!("as it was asked to"),
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
                wire.send(Said::Here {
                    connection: 1,
                    lost: false,
                });
            }
            assert_eq!(listening.next().await, Some(Heard::Refetch));
            assert!(!wire.is_connected() && wire.shared.lost.load(Ordering::Acquire));
            let begun_again = async {
                while !wire.is_connected() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let begun_again = tokio::time::timeout(Duration::from_secs(30), begun_again);
            begun_again.await.expect("it begins again");
        }
        drop(wire);
        kept.await.unwrap();
    }
}
