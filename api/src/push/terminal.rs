//! The development transport: shows a push as a phone would, and keeps the message that the provider would have
//! received.

use async_trait::async_trait;
use entity::device::Platform;

use super::address::Address;
use super::fcm::fcm_message;
use super::message::Rendered;
use super::outcome::Outcome;
use super::transport::Transport;
use crate::clock::Clock;
use crate::dev_outbox::{DevOutbox, Sent};

/// The development transport.
pub(super) struct Terminal {
    clock: Clock,
    outbox: DevOutbox,
}

impl Terminal {
    pub(super) const fn new(clock: Clock, outbox: DevOutbox) -> Self {
        Self { clock, outbox }
    }
}

#[async_trait]
impl Transport for Terminal {
    async fn send(&self, to: &Address, platform: Platform, nudge: &Rendered) -> Outcome {
        let Ok(message) = fcm_message(to, platform, nudge) else {
            return Outcome::Rejected;
        };
        let Ok(mut request) = serde_json::from_slice::<serde_json::Value>(message.body()) else {
            return Outcome::Rejected;
        };
        self.outbox.put(Sent::Push {
            at: self.clock.now(),
            address: to.value().to_owned(),
            message: request["message"].take(),
        });
        Outcome::Accepted {
            message_id: format!("terminal/{}", nudge.notification),
        }
    }

    fn capacity(&self) -> usize {
        // One at a time, in the order they are due.
        1
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
