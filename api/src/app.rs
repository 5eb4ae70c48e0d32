//! What everything is given.

use std::ops::Deref;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::dev::outbox::DevOutbox;
use crate::entropy::{Entropy, Ids};
use crate::jobs::Wake;
use crate::keys::Keys;
use crate::profile::vocabulary::VocabularyCache;
use crate::push::{Gate, Sender, Transport};

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
    /// Calls the worker.
    pub wake: Wake,
    /// Where development's mail and nudges go.
    pub dev_outbox: DevOutbox,
    /// Sends pushes.
    pub push: Sender,
    /// The words profiles are written in.
    pub vocabulary: VocabularyCache,
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
}

impl App {
    /// Puts the parts together. The schema must be up to date already.
    pub fn new(config: Config, db: Db, keys: Keys, surroundings: Surroundings) -> Self {
        let Surroundings {
            clock,
            entropy,
            dev_outbox,
            push,
        } = surroundings;
        Self(Arc::new(Parts {
            ids: Ids::new(clock.clone(), entropy.clone()),
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
            vocabulary: VocabularyCache::default(),
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
