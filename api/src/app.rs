//! The application state that all code receives.

use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::confirmations::Confirmations;
use crate::db::Db;
use crate::dev_outbox::DevOutbox;
use crate::entropy::{Entropy, Ids};
use crate::error::Fault;
use crate::fact::Fact;
use crate::installation::{Directory, DirectoryError};
use crate::keys::{Keys, Purpose};
use crate::mail::{Mailer, MailerError};
use crate::passphrase::Passphrases;
use crate::push::{CircuitBreaker, Sender, Transport};
use crate::revocations::Revocations;
use crate::travel_gate::TravelGate;
use crate::tx::Tx;
use crate::vocabulary::Kept;
use crate::vocabulary::emotions::Emotion;
use crate::vocabulary::profile::Vocabulary;
use crate::wake::Wake;
use crate::zones::{InUse, Installed};

/// The function that applies the consequences of a fact.
pub type Follow = for<'a> fn(&'a App, &'a Tx, Fact<'a>) -> BoxFuture<'a, Result<(), Fault>>;

/// The parts of a running Belay. Cheap to clone. None of them is a global.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// New ids.
    pub ids: Ids,
    /// The keys that are derived from the secret.
    pub keys: Keys,
    /// Publishes events to members' devices.
    pub bus: Bus,
    /// Wakes the worker.
    pub wake: Wake,
    /// Receives mail and pushes in development.
    pub dev_outbox: DevOutbox,
    /// Sends pushes.
    pub push: Sender,
    /// The vocabulary of profiles.
    pub vocabulary: Kept<Vocabulary>,
    /// The vocabulary of emotions.
    pub emotions: Kept<Vec<Arc<Emotion>>>,
    /// The crisis lines.
    pub crisis: Directory,
    /// Sends letters.
    pub mailer: Mailer,
    /// Hashes passphrases, only a few at a time.
    pub passphrases: Passphrases,
    /// Sessions that ended recently.
    pub revocations: Revocations,
    /// The refresh tokens that were used.
    pub confirmations: Confirmations,
    /// Pauses the worker while a developer moves the time.
    pub gate: TravelGate,
    follow: Follow,
    /// The time zone data.
    pub zones: InUse,
}

/// The parts that differ between the service and its tests.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Receives mail and pushes in development.
    pub dev_outbox: DevOutbox,
    /// Sends pushes. [`push::transport::from_config`](crate::push::transport::from_config) makes the configured
    /// transport.
    pub push: Arc<dyn Transport>,
    /// Applies the consequences of facts: [`consequences::follow`](crate::consequences::follow).
    pub follow: Follow,
    /// The time zone data.
    pub zones: Installed,
}

/// Why the application cannot be assembled.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Mail cannot be set up.
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// The crisis lines cannot be read.
    #[error(transparent)]
    Crisis(#[from] DirectoryError),
}

impl App {
    /// Assembles the parts. Must be called inside a runtime, with a migrated schema.
    ///
    /// # Errors
    /// If mail cannot be set up as configured, or the configured crisis lines cannot be read.
    pub fn new(
        config: Config,
        db: Db,
        keys: Keys,
        surroundings: Surroundings,
    ) -> Result<Self, SetUpError> {
        let Surroundings {
            clock,
            entropy,
            dev_outbox,
            push,
            follow,
            zones,
        } = surroundings;
        let ids = Ids::new(clock.clone(), entropy.clone());
        let revocations = Revocations::default();
        Ok(Self(Arc::new(Parts {
            bus: Bus::new(
                &config.bus,
                &ids,
                revocations.clone(),
                (keys.signer(Purpose::Bus), clock.clone()),
            ),
            crisis: Directory::load(&config.installation.crisis_lines)?,
            mailer: Mailer::new(&config.mail, dev_outbox.clone())?,
            passphrases: Passphrases::default(),
            revocations,
            confirmations: Confirmations::default(),
            ids,
            config,
            db,
            clock,
            entropy,
            keys,
            wake: Wake::default(),
            dev_outbox,
            push: Sender {
                transport: push,
                gate: CircuitBreaker::default(),
            },
            vocabulary: Kept::default(),
            emotions: Kept::default(),
            gate: TravelGate::default(),
            follow,
            zones: InUse::new(zones),
        })))
    }

    /// Applies the consequences of a fact, inside the transaction that states it.
    pub async fn follow(&self, tx: &Tx, fact: Fact<'_>) -> Result<(), Fault> {
        (self.follow)(self, tx, fact).await
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
