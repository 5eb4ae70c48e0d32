//! A way out for pushes that does what a test says.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use api::push::Address;
use api::push::message::Rendered;
use api::push::{Outcome, Transport};
use async_trait::async_trait;
use entity::device::Platform;
use tokio::sync::Semaphore;

/// What a message is answered with.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// This, at once.
    Now(Outcome),
    /// This, when the test [releases](FakeTransport::release) it.
    OnRelease(Outcome),
}

/// A message that was handed over.
#[derive(Clone, Debug)]
pub struct SentNudge {
    /// To which address.
    pub address: String,
    /// On which platform.
    pub platform: Platform,
    /// What.
    pub nudge: Rendered,
}

/// Answers as scripted for the address, and accepts once the script is over.
#[derive(Clone)]
pub struct FakeTransport(Arc<Shared>);

struct Shared {
    scripts: Mutex<HashMap<String, VecDeque<Scripted>>>,
    sent: Mutex<Vec<SentNudge>>,
    arrived: Semaphore,
    released: Semaphore,
}

impl FakeTransport {
    /// One that accepts everything.
    #[allow(clippy::new_without_default, reason = "a test says what it makes")]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            scripts: Mutex::default(),
            sent: Mutex::default(),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
        }))
    }

    /// Answers the next messages to `address` in this order.
    pub fn script(&self, address: &str, answers: impl IntoIterator<Item = Outcome>) {
        let answers = answers.into_iter().map(Scripted::Now);
        self.script_with(address, answers);
    }

    /// As [`FakeTransport::script`], with a word on when.
    pub fn script_with(&self, address: &str, answers: impl IntoIterator<Item = Scripted>) {
        let mut scripts = self.0.scripts.lock().unwrap();
        let script = scripts.entry(address.to_owned()).or_default();
        script.extend(answers);
    }

    /// Everything handed over so far.
    pub fn sent(&self) -> Vec<SentNudge> {
        self.0.sent.lock().unwrap().clone()
    }

    /// How often something was handed over for an address.
    pub fn sent_to(&self, address: &str) -> usize {
        let sent = self.sent();
        sent.iter().filter(|sent| sent.address == address).count()
    }

    /// Waits until one more message has been handed over.
    pub async fn arrival(&self) {
        self.0.arrived.acquire().await.unwrap().forget();
    }

    /// Lets one answer go that waits for it.
    pub fn release(&self) {
        self.0.released.add_permits(1);
    }
}

#[async_trait]
impl Transport for FakeTransport {
    async fn send(&self, to: &Address, platform: Platform, nudge: &Rendered) -> Outcome {
        let address = to.value().to_owned();
        let script = {
            let mut scripts = self.0.scripts.lock().unwrap();
            scripts.get_mut(&address).and_then(VecDeque::pop_front)
        };
        let message_id = format!("fake/{}", nudge.notification);
        self.0.sent.lock().unwrap().push(SentNudge {
            address,
            platform,
            nudge: *nudge,
        });
        self.0.arrived.add_permits(1);
        match script {
            None => Outcome::Accepted { message_id },
            Some(Scripted::Now(outcome)) => outcome,
            Some(Scripted::OnRelease(outcome)) => {
                self.0.released.acquire().await.unwrap().forget();
                outcome
            }
        }
    }

    fn capacity(&self) -> usize {
        // In order, so that a test knows what comes first.
        1
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
