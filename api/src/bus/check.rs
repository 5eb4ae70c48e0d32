//! Checks whether NATS can be used, for the doctor.

use std::time::Duration;

use async_nats::{ConnectErrorKind, Event as Change};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use super::nats::options;
use crate::config::NatsServers;

/// How long the test message may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why NATS cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server cannot be reached, or is not NATS.
    Unreachable(String),
    /// The server refuses the login.
    Refused,
    /// The server accepts the login but does not deliver the test message. Holds the server's reason, if it gives one.
    Silent(Option<String>),
}

/// Connects, publishes a message under the subject, and waits for it.
pub async fn check(servers: &NatsServers, subject: &str) -> Result<(), Trouble> {
    let (note, mut noted) = mpsc::channel(8);
    let options = options(servers).event_callback(move |change| {
        if let Change::ServerError(error) = change {
            let _ = note.try_send(error.to_string());
        }
        std::future::ready(())
    });
    let client = options.connect(servers.addresses.as_slice()).await;
    let client = client.map_err(|error| match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            Trouble::Refused
        }
        _ => Trouble::Unreachable(error.to_string()),
    })?;
    // A unique name.
    let inbox = client.new_inbox();
    let unique = inbox.rsplit('.').next().unwrap_or_default();
    let place = format!("{subject}.doctor.{unique}");
    let heard = async {
        let mut incoming = client.subscribe(place.clone()).await.ok()?;
        client.publish(place, "hello".into()).await.ok()?;
        incoming.next().await
    };
    match tokio::time::timeout(PATIENCE, heard).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(_) => Err(Trouble::Silent(noted.try_recv().ok())),
    }
}
