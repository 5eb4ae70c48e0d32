//! A push transport with scripted answers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use api::push::Address;
use api::push::message::Rendered;
use api::push::{Outcome, Transport};
use async_trait::async_trait;
use entity::device::Platform;
use tokio::sync::Semaphore;

/// The answer to a message.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// Answers at once.
    Now(Outcome),
    /// Answers when the test [releases](FakeTransport::release) it.
    OnRelease(Outcome),
}

/// A message that the transport received.
#[derive(Clone, Debug)]
pub struct SentNudge {
    /// The address of the device.
    pub address: String,
    /// The platform of the device.
    pub platform: Platform,
    /// The message.
    pub nudge: Rendered,
}

/// A transport that answers from each address's script. It accepts messages once the script is used up.
#[derive(Clone)]
pub struct FakeTransport(Arc<Shared>);

struct Shared {
    scripts: Mutex<HashMap<String, VecDeque<Scripted>>>,
    sent: Mutex<Vec<SentNudge>>,
    arrived: Semaphore,
    released: Semaphore,
}

impl FakeTransport {
    /// Creates a transport that accepts every message.
    #[allow(clippy::new_without_default, reason = "a test names what it creates")]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            scripts: Mutex::default(),
            sent: Mutex::default(),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
        }))
    }

    /// Answers the next messages to `address` with these outcomes, in order.
    pub fn script(&self, address: &str, answers: impl IntoIterator<Item = Outcome>) {
        let answers = answers.into_iter().map(Scripted::Now);
        self.script_with(address, answers);
    }

    /// Like [`FakeTransport::script`]. Each answer also says when it is given.
    pub fn script_with(&self, address: &str, answers: impl IntoIterator<Item = Scripted>) {
        let mut scripts = self.0.scripts.lock().unwrap();
        let script = scripts.entry(address.to_owned()).or_default();
        script.extend(answers);
    }

    /// Returns all messages received so far.
    pub fn sent(&self) -> Vec<SentNudge> {
        self.0.sent.lock().unwrap().clone()
    }

    /// Returns how many messages this address has received.
    pub fn sent_to(&self, address: &str) -> usize {
        let sent = self.sent();
        sent.iter().filter(|sent| sent.address == address).count()
    }

    /// Waits until one more message has been received.
    pub async fn arrival(&self) {
        self.0.arrived.acquire().await.unwrap().forget();
    }

    /// Releases one waiting answer.
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
        // One message at a time, so that tests can rely on the order.
        1
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
