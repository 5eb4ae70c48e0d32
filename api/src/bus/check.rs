//! Whether NATS can be used, for the doctor.

use std::time::Duration;

use async_nats::{ConnectErrorKind, Event as Change};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use super::nats::options;
use crate::config::NatsServers;

/// A word to oneself takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody is there, or it is not NATS.
    Unreachable(String),
    /// It does not let us in.
    Refused,
    /// It lets us in, and does not pass on what we say; in its words, where it gives any.
    Silent(Option<String>),
}

/// Connects, says something under the subject, and hears it.
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
    // A name nobody else takes.
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
