//! Who asks: from an `Authorization` to a [`Viewer`], and for how long he may be taken for him.

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

/// The token is not ours, has ended, or is none. Never taken for nobody: an app would show a signed-out
/// screen where it should refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken;

/// Who asks, and what he asks with, which what lasts longer than a moment has to look at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing(Option<Access>);

/// Why somebody is not taken for a member any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// The access token has ended; the session may go on with another.
    Expired,
    /// The session was ended, here or from another device.
    SignedOut,
}

impl Standing {
    /// Of a request: nobody without a header, a member with a good access token. The dashboard's stands in a cookie; one
    /// that has ended is none, because a browser sends it with the request for the next as well.
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

    /// Of `Bearer` and an access token (RFC 6750 §2.1).
    pub fn of_credentials(app: &App, text: &str) -> Result<Self, BadToken> {
        let (scheme, token) = text.split_once(' ').ok_or(BadToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(BadToken);
        }
        let access = service::authenticate(app, token.trim()).ok_or(BadToken)?;
        Ok(Self(Some(access)))
    }

    /// Who it is.
    pub fn viewer(&self) -> Viewer {
        self.0
            .map_or(Viewer::Anonymous, |access| Viewer::Member(access.who))
    }

    /// Whether he may go on now. Asks the database for nothing.
    pub fn check(&self, app: &App) -> Result<(), Lapse> {
        match self.0 {
            Some(access) if access.ends_at <= app.clock.now() => Err(Lapse::Expired),
            Some(access) if app.revocations.contains(access.who.session) => Err(Lapse::SignedOut),
            _ => Ok(()),
        }
    }
}

/// In which a device shows that somebody signed in on it before, with its `Credentials.deviceKey`.
pub const DEVICE_KEY: &str = "belay-device-key";

/// The device a request comes from, when it shows a key of this installation's. What is no key is none.
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

/// Whether this is the developer token; nothing is while none is configured.
pub fn is_developer_token(config: &GraphqlConfig, given: &[u8]) -> bool {
    let token = config.developer_token.expose_secret().as_bytes();
    !token.is_empty() && verify_slices_are_equal(token, given).is_ok()
}
