//! Where messages are sent to, and how patiently.

use std::{num::NonZeroUsize, time::Duration};

use url::Url;

/// Google's endpoint.
pub const DEFAULT_BASE_URL: &str = "https://fcm.googleapis.com";

const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// The streams that Google's servers allow on one connection at a time.
const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// How long one attempt may take, unless configured otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// Where messages are sent to, and how patiently.
#[derive(Debug, Clone)]
pub struct Config {
    /// The project to send for. Absent, the one that the service account belongs to.
    pub project_id: Option<String>,
    /// The endpoint, to which `/v1/projects/{project}/messages:send` is added.
    pub base_url: Url,
    /// How the endpoint is spoken to.
    pub protocol: Protocol,
    /// How many connections the messages are spread over. One carries about 1,600 messages a second
    /// at a distance of 60 ms.
    pub connections: NonZeroUsize,
    /// How many requests wait for their answer on one connection at a time; further ones queue.
    pub in_flight_per_connection: NonZeroUsize,
    /// How long a connection may take to be made, also to the token server.
    pub connect_timeout: Duration,
    /// How long one attempt may take, until the answer is read. Time spent queueing is not counted.
    pub timeout: Duration,
    /// How long a request for an access token may take.
    pub token_timeout: Duration,
}

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2, over cleartext with prior knowledge (RFC 9113 §3.3).
    #[default]
    Http2,
    /// What the server chooses over TLS, and HTTP/1.1 over cleartext: for an endpoint behind a
    /// proxy that speaks nothing newer.
    Negotiated,
}

impl Config {
    /// Google's usual limits, for the endpoint at `base_url`.
    pub fn new(base_url: Url) -> Self {
        Self {
            project_id: None,
            base_url,
            protocol: Protocol::default(),
            connections: DEFAULT_CONNECTIONS,
            in_flight_per_connection: DEFAULT_IN_FLIGHT,
            connect_timeout: Duration::from_secs(5),
            timeout: TIMEOUT,
            token_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for Config {
    #[allow(
        clippy::expect_used,
        reason = "a constant, parsed by this module's test"
    )]
    fn default() -> Self {
        Self::new(Url::parse(DEFAULT_BASE_URL).expect("the default is a URL"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_googles_endpoint() {
        assert_eq!(
            Config::default().base_url.as_str(),
            "https://fcm.googleapis.com/"
        );
    }
}
