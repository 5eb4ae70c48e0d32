//! The way out: a provider behind a trait, chosen by the configuration.

use std::sync::Arc;

use async_trait::async_trait;
use entity::device::Platform;

use super::address::Address;
use super::fcm::{self, FcmTransport};
use super::message::Nudge;
use super::outcome::Outcome;
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::config::{Config, PushTransport};
use crate::dev_outbox::DevOutbox;

/// Sends nudges.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Makes one attempt; the caller decides about another one.
    async fn send(&self, to: &Address, platform: Platform, nudge: &Nudge) -> Outcome;

    /// How many attempts make sense at a time.
    fn capacity(&self) -> usize;

    /// Whether the provider lets us in, found out without sending anything; what is wrong, for the operator.
    async fn check(&self) -> Result<(), String>;
}

/// Nothing is sent; the in-app inbox fills all the same.
struct Off;

#[async_trait]
impl Transport for Off {
    async fn send(&self, _: &Address, _: Platform, _: &Nudge) -> Outcome {
        Outcome::Off
    }

    fn capacity(&self) -> usize {
        usize::MAX
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Why the configured transport cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The service account's key cannot be used.
    #[error("push.fcm.credentials_file: {0}")]
    Credentials(#[from] ::fcm::CredentialsError),
    /// The client cannot be made.
    #[error("push.fcm: {0}")]
    Client(#[from] ::fcm::ClientError),
}

/// The transport that the configuration names. Reads the credentials; sends nothing yet.
pub fn from_config(
    config: &Config,
    clock: &Clock,
    outbox: &DevOutbox,
) -> Result<Arc<dyn Transport>, TransportError> {
    Ok(match config.push.transport {
        PushTransport::Off => Arc::new(Off),
        PushTransport::Terminal => Arc::new(Terminal::new(clock.clone(), outbox.clone())),
        PushTransport::Fcm => Arc::new(FcmTransport::new(fcm::client(&config.push.fcm)?)),
    })
}
