//! The caller's credentials: turns an `Authorization` header into a [`Viewer`], and checks whether it is still valid.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::account::dashboard::Dashboard;
use crate::account::{DeviceKey, service};
use crate::app::App;
use crate::config::GraphqlConfig;
use crate::viewer::{Access, Viewer};

/// The token is invalid or has expired. The caller must not be treated as anonymous: an app would show a signed-out
/// screen where it should refresh the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken;

/// The caller and its access token. Long-lived connections must check it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credential(Option<Access>);

/// Why an access token is no longer valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalidation {
    /// The access token has expired. The session may continue with another token.
    Expired,
    /// The session was ended, here or from another device.
    SignedOut,
}

impl Credential {
    /// Reads the credentials of a request. The caller is anonymous without an `Authorization` header, and a member with
    /// a valid access token. The dashboard's token comes in a cookie. An expired cookie counts as none, because the
    /// browser also sends it with the request that refreshes it.
    pub fn of_request(app: &App, headers: &HeaderMap) -> Result<Self, BadToken> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = given.next() else {
            let dashboard = Dashboard::of(&app.config.http.dashboard_origins, headers);
            let token = dashboard.and_then(|dashboard| dashboard.access);
            let access = token.and_then(|token| service::authenticate(app, token.expose_secret()));
            return Ok(Self(access));
        };
        if given.next().is_some() {
            return Err(BadToken);
        }
        Self::of_credentials(app, header.to_str().map_err(|_| BadToken)?)
    }

    /// Reads `Bearer` and an access token (RFC 6750 §2.1).
    pub fn of_credentials(app: &App, text: &str) -> Result<Self, BadToken> {
        let (scheme, token) = text.split_once(' ').ok_or(BadToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(BadToken);
        }
        let access = service::authenticate(app, token.trim()).ok_or(BadToken)?;
        Ok(Self(Some(access)))
    }

    /// Returns the viewer.
    pub fn viewer(&self) -> Viewer {
        self.0
            .map_or(Viewer::Anonymous, |access| Viewer::Member(access.who))
    }

    /// Whether the token is still valid. Needs no database query.
    pub fn check(&self, app: &App) -> Result<(), Invalidation> {
        match self.0 {
            Some(access) if access.ends_at <= app.clock.now() => Err(Invalidation::Expired),
            Some(access) if app.revocations.contains(access.who.session) => {
                Err(Invalidation::SignedOut)
            }
            _ => Ok(()),
        }
    }
}

/// The header with a device's `Credentials.deviceKey`, which proves an earlier sign-in on the device.
pub const DEVICE_KEY: &str = "belay-device-key";

/// Returns the device of a request that carries a device key of this installation. `None` if it carries none or an
/// invalid one.
pub fn known_device(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    let given = headers.get(DEVICE_KEY)?.to_str().ok()?;
    let key = DeviceKey::read(given)?;
    key.is_ours(&app.keys).then(|| key.device())
}

/// Whether a request carries the developer token.
pub fn is_developer(config: &GraphqlConfig, headers: &HeaderMap) -> bool {
    headers
        .get("x-developer-token")
        .is_some_and(|given| is_developer_token(config, given.as_bytes()))
}

/// Whether this is the developer token. Always false if none is configured.
pub fn is_developer_token(config: &GraphqlConfig, given: &[u8]) -> bool {
    let token = config.developer_token.expose_secret().as_bytes();
    !token.is_empty() && verify_slices_are_equal(token, given).is_ok()
}
