//! The configuration: the endpoint, the connections and the timeouts.

use std::{num::NonZeroUsize, time::Duration};

use url::Url;

/// Google's endpoint.
pub const DEFAULT_BASE_URL: &str = "https://fcm.googleapis.com";

const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// The concurrent streams that Google's servers allow on one connection.
const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// How long one attempt may take, unless configured otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// The endpoint, the connections and the timeouts.
#[derive(Debug, Clone)]
pub struct Config {
    /// The project to send for. If absent, that of the service account.
    pub project_id: Option<String>,
    /// The endpoint, to which `/v1/projects/{project}/messages:send` is added.
    pub base_url: Url,
    /// The protocol of the endpoint.
    pub protocol: Protocol,
    /// The number of connections that messages are spread over. One carries about 1,600 messages a second at a
    /// round-trip time of 60 ms.
    pub connections: NonZeroUsize,
    /// The most requests that wait for their answer on one connection. Further ones queue.
    pub in_flight_per_connection: NonZeroUsize,
    /// How long connecting may take, also to the token server.
    pub connect_timeout: Duration,
    /// How long one attempt may take, until the answer is read. Time in the queue does not count.
    pub timeout: Duration,
    /// How long a request for an access token may take.
    pub token_timeout: Duration,
}

/// The protocol of an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2; over cleartext with prior knowledge (RFC 9113 §3.3).
    #[default]
    Http2,
    /// Over TLS the server chooses, over cleartext HTTP/1.1. For an endpoint behind a proxy that supports nothing
    /// newer.
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
