//! Who asks: from the `Authorization` header to a [`Viewer`].

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;

use crate::account::{Viewer, service};
use crate::app::App;
use crate::config::GraphqlConfig;

/// The token is not ours, has ended, or is none. Never taken for nobody: an app would show a signed-out
/// screen where it should refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken;

/// Who a request is for: nobody without a header, a member with a good access token (RFC 6750 §2.1).
pub fn viewer(app: &App, headers: &HeaderMap) -> Result<Viewer, BadToken> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = given.next() else {
        return Ok(Viewer::Anonymous);
    };
    if given.next().is_some() {
        return Err(BadToken);
    }
    let text = header.to_str().map_err(|_| BadToken)?;
    let (scheme, token) = text.split_once(' ').ok_or(BadToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BadToken);
    }
    service::authenticate(app, token.trim())
        .map(Viewer::Member)
        .ok_or(BadToken)
}

/// Whether a request carries the developer token.
pub fn is_developer(config: &GraphqlConfig, headers: &HeaderMap) -> bool {
    headers
        .get("x-developer-token")
        .is_some_and(|given| is_developer_token(config, given.as_bytes()))
}

/// Whether this is the developer token; nothing is while none is configured.
pub fn is_developer_token(config: &GraphqlConfig, given: &[u8]) -> bool {
    let token = config.developer_token.expose_secret().as_bytes();
    !token.is_empty() && verify_slices_are_equal(token, given).is_ok()
}
