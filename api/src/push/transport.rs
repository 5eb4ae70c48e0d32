//! The transport trait, and the choice of a provider by the configuration.

use std::sync::Arc;

use async_trait::async_trait;
use entity::device::Platform;

use super::address::Address;
use super::fcm::{self, FcmTransport};
use super::message::Rendered;
use super::outcome::Outcome;
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::config::{Config, PushTransport};
use crate::dev_outbox::DevOutbox;

/// A transport that sends pushes.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Makes one attempt. The caller decides about retries.
    async fn send(&self, to: &Address, platform: Platform, nudge: &Rendered) -> Outcome;

    /// Returns how many attempts make sense at the same time.
    fn capacity(&self) -> usize;

    /// Checks the access to the provider without sending anything. The error is for the operator.
    async fn check(&self) -> Result<(), String>;
}

/// A transport that sends nothing. The in-app inbox still works.
struct Off;

#[async_trait]
impl Transport for Off {
    async fn send(&self, _: &Address, _: Platform, _: &Rendered) -> Outcome {
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
    /// The client cannot be created.
    #[error("push.fcm: {0}")]
    Client(#[from] ::fcm::ClientError),
}

/// Creates the configured transport. Reads the credentials, but sends nothing yet.
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
