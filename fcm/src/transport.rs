//! The HTTP clients for both endpoints: FCM and the token server.

use std::{error::Error, fmt::Write, time::Duration};

use reqwest::{ClientBuilder, Response, redirect};

use crate::{Config, Protocol};

/// The most bytes of an answer that are read. Google's are below two kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;
/// How often a silent connection is pinged.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What both clients share. Redirects are not followed: neither endpoint sends one, and following one would send a
/// credential to an unknown server.
fn base(config: &Config, timeout: Duration) -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .timeout(timeout)
}

/// One connection to FCM.
pub(crate) fn sender(config: &Config) -> reqwest::Result<reqwest::Client> {
    let mut builder = base(config, config.timeout)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .http2_keep_alive_while_idle(true);
    if config.protocol == Protocol::Http2 {
        // With prior knowledge, a burst on a cold client waits for one connection. Otherwise each request would open
        // one, and all but one would be closed again.
        builder = builder.http2_prior_knowledge();
    }
    // Cleartext is for a server on this machine or next to it, never behind a proxy.
    if config.base_url.scheme() == "http" {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Makes the client for the token server. The metadata server has a link-local address, so it is never behind a proxy.
pub(crate) fn token_client(config: &Config, local: bool) -> reqwest::Result<reqwest::Client> {
    let builder = base(config, config.token_timeout);
    if local {
        builder.no_proxy().build()
    } else {
        builder.build()
    }
}

/// Reads the answer's body, up to [`MAX_ANSWER_BYTES`]. A longer answer is not Google's, and its beginning is enough to
/// tell.
pub(crate) async fn body(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = MAX_ANSWER_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    Ok(body)
}

/// Describes why a request failed, with its causes and without its URL.
pub(crate) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
