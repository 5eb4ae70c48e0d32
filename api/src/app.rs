//! What everything is given.

use std::ops::Deref;
use std::sync::Arc;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::confirmations::Confirmations;
use crate::db::{Db, Tx};
use crate::dev_outbox::DevOutbox;
use crate::entropy::{Entropy, Ids};
use crate::error::Fault;
use crate::fact::{Fact, Follow};
use crate::installation::{Directory, DirectoryError};
use crate::keys::{Keys, Purpose};
use crate::mail::{Mailer, MailerError};
use crate::passphrase::Passphrases;
use crate::push::{Gate, Sender, Transport};
use crate::revocations::Revocations;
use crate::travel_gate::TravelGate;
use crate::vocabulary::Kept;
use crate::vocabulary::emotions::Emotion;
use crate::vocabulary::profile::Vocabulary;
use crate::wake::Wake;
use crate::zones::{InUse, Installed};

/// The parts of a running Belay. Cheap to clone; nothing in it is a global.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// What the operator chose.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// New ids.
    pub ids: Ids,
    /// What is derived from the secret.
    pub keys: Keys,
    /// Tells members' devices what is new.
    pub bus: Bus,
    /// Calls the worker.
    pub wake: Wake,
    /// Where development's mail and nudges go.
    pub dev_outbox: DevOutbox,
    /// Sends pushes.
    pub push: Sender,
    /// The words profiles are written in.
    pub vocabulary: Kept<Vocabulary>,
    /// The words for feelings.
    pub emotions: Kept<Vec<Arc<Emotion>>>,
    /// Whom a member in need can call.
    pub crisis: Directory,
    /// Sends letters.
    pub mailer: Mailer,
    /// Hashes passphrases, a few at a time.
    pub passphrases: Passphrases,
    /// Sessions that were ended lately.
    pub revocations: Revocations,
    /// Which tokens of sessions have been used.
    pub confirmations: Confirmations,
    /// Closed to the worker while a developer moves the time.
    pub gate: TravelGate,
    follow: Follow,
    /// The data by which time zones are known.
    pub zones: InUse,
}

/// What differs between the service and a test of it.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Where development's mail and nudges go.
    pub dev_outbox: DevOutbox,
    /// The way out for pushes; [`push::transport::from_config`](crate::push::transport::from_config) makes the
    /// configured one.
    pub push: Arc<dyn Transport>,
    /// What follows from facts; [`consequences::follow`](crate::consequences::follow).
    pub follow: Follow,
    /// The data by which time zones are known.
    pub zones: Installed,
}

/// Why the parts cannot be put together.
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
    /// Puts the parts together, inside a runtime. The schema must be up to date already.
    ///
    /// # Errors
    /// When mail cannot be set up, or the crisis lines cannot be read, as the configuration asks.
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
                gate: Gate::default(),
            },
            vocabulary: Kept::default(),
            emotions: Kept::default(),
            gate: TravelGate::default(),
            follow,
            zones: InUse::new(zones),
        })))
    }

    /// Lets follow what follows from a fact, inside the transaction that states it.
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
