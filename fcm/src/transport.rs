//! What both endpoints, FCM's and the token server's, are reached with.

use std::{error::Error, fmt::Write, time::Duration};

use reqwest::{ClientBuilder, Response, redirect};

use crate::{Config, Protocol};

/// The most that is read of an answer. Google's are below two kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;
/// How often a silent connection is asked whether it is alive.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What every connection has in common. A redirect is not followed: neither endpoint sends one, and
/// following it would hand a credential to wherever it points.
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
        // Known beforehand, a burst on a cold client waits for one connection instead of opening
        // one each and closing all but one.
        builder = builder.http2_prior_knowledge();
    }
    // Cleartext is for a server on this machine or next to it, never behind a proxy.
    if config.base_url.scheme() == "http" {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// The way to the token server. The metadata server is a link-local address.
pub(crate) fn token_client(config: &Config, local: bool) -> reqwest::Result<reqwest::Client> {
    let builder = base(config, config.token_timeout);
    if local {
        builder.no_proxy().build()
    } else {
        builder.build()
    }
}

/// The answer's body, up to [`MAX_ANSWER_BYTES`]: what is longer is no answer of Google's, and its
/// beginning is enough to say so.
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

/// Why a request failed, with its causes and without its URL.
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
