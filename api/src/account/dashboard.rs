//! The facilitators' dashboard, which runs in a browser. Its tokens are in cookies that its scripts cannot read. They
//! count only in requests that no other site can make.
//!
//! A request is the dashboard's if its `Origin` is a configured one and it carries the header [`CSRF_HEADER`]. A
//! browser sends that header for another site only if we allow it. A WebSocket is never the dashboard's, because
//! browsers let no script add a header to its opening request. Cookies: RFC 6265bis, with the prefix `__Host-`
//! (§4.1.3.2).

use std::time::Duration;

use chrono::{DateTime, Utc};
use cookie::{Cookie, SameSite};
use http::header::{COOKIE, ORIGIN};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::service::Tokens;

/// The header that every request of the dashboard carries. Its value does not matter.
pub const CSRF_HEADER: &str = "x-belay-dashboard";
const ACCESS: &str = "__Host-belay-access";
const REFRESH: &str = "__Host-belay-refresh";
const DEVICE: &str = "__Host-belay-device";
/// The longest time that browsers keep a cookie (RFC 6265bis §5.5).
const DEVICE_KEPT: Duration = Duration::from_hours(400 * 24);

/// The credentials in a request of the dashboard.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// Its access token.
    pub access: Option<SecretString>,
    /// Its refresh token.
    pub refresh: Option<SecretString>,
    /// Its device key.
    pub device: Option<SecretString>,
}

impl Dashboard {
    /// Reads a request's credentials. Returns `None` if the request is not the dashboard's.
    pub fn of(origins: &str, headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(ORIGIN).iter();
        let origin = given.next()?.to_str().ok()?;
        let is_known = origins.split_whitespace().any(|known| known == origin);
        // No browser sends two `Origin` headers.
        if !is_known || given.next().is_some() || !headers.contains_key(CSRF_HEADER) {
            return None;
        }
        Some(Self {
            access: read(headers, ACCESS),
            refresh: read(headers, REFRESH),
            device: read(headers, DEVICE),
        })
    }
}

fn read(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let sent = headers.get_all(COOKIE).iter();
    let sent = sent.filter_map(|header| header.to_str().ok());
    let mut cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let found = cookies.find(|cookie| cookie.name() == name)?;
    Some(found.value().to_owned().into())
}

/// Returns the cookies that keep the dashboard signed in, and the one that identifies its browser later.
pub fn cookies(tokens: &Tokens, now: DateTime<Utc>) -> [HeaderValue; 3] {
    let left = |until: DateTime<Utc>| (until - now).to_std().unwrap_or_default();
    [
        set(
            ACCESS,
            tokens.access.expose_secret(),
            left(tokens.access_ends_at),
        ),
        set(
            REFRESH,
            tokens.refresh.expose_secret(),
            left(tokens.refresh_ends_at),
        ),
        set(DEVICE, tokens.device_key.expose_secret(), DEVICE_KEPT),
    ]
}

/// Returns the cookies that sign the dashboard out. The browser stays known as a device.
pub fn no_cookies() -> [HeaderValue; 2] {
    [ACCESS, REFRESH].map(|name| set(name, "", Duration::ZERO))
}

fn set(name: &'static str, value: &str, for_so_long: Duration) -> HeaderValue {
    let seconds = i64::try_from(for_so_long.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name, value))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path("/")
        .max_age(cookie::time::Duration::seconds(seconds))
        .build()
        .to_string();
    // Tokens contain only characters that a header may have.
    let mut header = HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINS: &str = "https://one.example.org https://two.example.org";

    fn dashboard(headers: &[(&'static str, &'static str)]) -> Option<Dashboard> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Dashboard::of(ORIGINS, &map)
    }

    #[test]
    fn a_dashboard_request_needs_a_listed_origin_and_the_csrf_header() {
        let origin = ("origin", "https://two.example.org");
        let header = (CSRF_HEADER, "1");
        assert!(dashboard(&[origin, header]).is_some());
        for other in [
            &[origin][..],
            &[header],
            &[("origin", "https://two.example.org.evil.example"), header],
            &[("origin", "https://two.example.or"), header],
            &[("origin", "null"), header],
            &[origin, ("origin", "https://evil.example"), header],
        ] {
            assert!(dashboard(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn tokens_are_found_among_other_cookies() {
        let cookies = "a=b; __Host-belay-refresh=two; __Host-belay-access=one; c=d";
        let headers = [
            ("origin", "https://one.example.org"),
            (CSRF_HEADER, "1"),
            ("cookie", cookies),
        ];
        let found = dashboard(&headers).unwrap();
        let shown =
            |token: Option<SecretString>| token.map(|token| token.expose_secret().to_owned());
        assert_eq!(shown(found.access).as_deref(), Some("one"));
        assert_eq!(shown(found.refresh).as_deref(), Some("two"));
    }

    #[test]
    fn a_cookie_is_host_only_and_hidden_from_scripts() {
        let header = set(ACCESS, "token", Duration::from_mins(10));
        assert_eq!(
            header.to_str().unwrap(),
            "__Host-belay-access=token; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=600"
        );
        assert!(header.is_sensitive());
    }
}
