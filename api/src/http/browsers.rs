//! CORS (Fetch §3.2): the browser scripts that may send requests from another origin. These are the facilitators'
//! dashboard with its cookies, and members' web apps with an access token.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};
use url::{Host, Url};

use super::viewer::DEVICE_KEY;
use crate::account::dashboard::CSRF_HEADER;
use crate::config::{Config, HttpConfig, Mode};

/// How long a browser may cache a preflight. No browser caches it for longer than two hours.
const PREFLIGHT_KEPT: Duration = Duration::from_hours(2);

/// Headers that apps may send, besides those that CORS always allows.
const SENT_BY_APPS: [HeaderName; 8] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("apollographql-client-name"),
    HeaderName::from_static("apollographql-client-version"),
    HeaderName::from_static(DEVICE_KEY),
    HeaderName::from_static("x-apollo-operation-name"),
    HeaderName::from_static("x-developer-token"),
];

/// Headers that apps may read, besides those that CORS always exposes.
const READ_BY_APPS: [HeaderName; 3] = [
    header::DATE,
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
];

/// Lets the dashboard's scripts send requests from its own origins, with its cookies. Returns `None` if no origin is
/// configured.
pub fn dashboards(config: &HttpConfig) -> Option<CorsLayer> {
    let origins = config.dashboard_origins.split_whitespace();
    let origins: Vec<HeaderValue> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let headers = [
        header::ACCEPT,
        header::CONTENT_TYPE,
        HeaderName::from_static(CSRF_HEADER),
    ];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins.clone())
            // The layer writes this header on every response that passes through it, and responses to apps do too.
            .allow_credentials(AllowCredentials::predicate(move |origin, _| {
                origins.contains(origin)
            }))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(headers)
            .max_age(Duration::from_mins(10))
    })
}

/// The origins of members' web apps, and the CORS layer for them.
#[derive(Clone)]
pub struct Apps {
    origins: Arc<[String]>,
    /// The dashboard's origins. They are never treated as an app's, even if they are listed as one.
    dashboards: Arc<[String]>,
    /// Whether every loopback origin counts as an app's.
    loopback: bool,
    layer: CorsLayer,
}

impl Apps {
    /// Reads the origins from the configuration.
    pub fn of(config: &Config) -> Self {
        let list = |origins: &str| origins.split_whitespace().map(str::to_owned).collect();
        Self {
            origins: list(&config.http.app_origins),
            dashboards: list(&config.http.dashboard_origins),
            loopback: config.mode == Mode::Development,
            layer: CorsLayer::new()
                // Only requests from an app's origin reach this layer.
                .allow_origin(AllowOrigin::mirror_request())
                .allow_methods([Method::GET, Method::POST])
                .allow_headers(SENT_BY_APPS)
                .expose_headers(READ_BY_APPS)
                .max_age(PREFLIGHT_KEPT),
        }
    }

    fn sent(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return false;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let is_in = |list: &[String]| list.iter().any(|one| one == origin);
        !is_in(&self.dashboards)
            && (is_in(&self.origins) || (self.loopback && is_of_this_machine(origin)))
    }
}

/// Whether this is a loopback origin, in the form in which browsers write it.
fn is_of_this_machine(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    is_local
        && matches!(url.scheme(), "http" | "https")
        && url.origin().ascii_serialization() == origin
}

/// Lets members' web apps send requests, without cookies.
pub async fn apps(State(apps): State<Apps>, request: Request, next: Next) -> Response<Body> {
    if !apps.sent(request.headers()) {
        return next.run(request).await;
    }
    let answered = apps.layer.layer(next).oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use super::*;
    use crate::config::{DEFAULTS, load_from};

    #[test]
    fn production_accepts_only_configured_app_origins() {
        let layers = Figment::from(Toml::string(DEFAULTS))
            .merge(("http.app_origins", "https://app.example.org"))
            .merge(("http.dashboard_origins", "https://dashboard.example.org"));
        let mut config = load_from(&layers).unwrap();
        config.mode = Mode::Production;
        let sent = |origins: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            Apps::of(&config).sent(&headers)
        };
        assert!(sent(&["https://app.example.org"]));
        for others in [
            &[][..],
            &["http://localhost:5173"],
            &["https://dashboard.example.org"],
            &["https://app.example.org", "https://app.example.org"],
        ] {
            assert!(!sent(others), "{others:?}");
        }
    }

    #[test]
    fn local_origins_are_recognised_and_lookalikes_are_not() {
        for ours in [
            "http://localhost:5173",
            "http://localhost",
            "https://app.localhost:8443",
            "http://127.0.0.1:3000",
            "http://127.1.2.3:3000",
            "http://[::1]:3000",
        ] {
            assert!(is_of_this_machine(ours), "{ours}");
        }
        for other in [
            "null",
            "http://localhost.example.org",
            "http://notlocalhost",
            "http://10.0.0.1:3000",
            "http://localhost:5173/",
            "http://user@localhost:5173",
            "file://localhost",
            "http://[::2]",
        ] {
            assert!(!is_of_this_machine(other), "{other}");
        }
    }
}
