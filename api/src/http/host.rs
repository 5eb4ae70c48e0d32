//! The host names that a server in development answers to.
//!
//! With DNS rebinding, a page on the internet can have its own name resolved to a developer's machine. It could then
//! read everything that the server there answers to anybody, such as mailed codes. It cannot do so with an address, or
//! with a name that is only given out on a local network.

use std::net::IpAddr;

use http::header::HOST;
use http::{HeaderMap, Uri};

/// Endings of names that nobody can register (RFC 6761 §6.3, RFC 6762 §3, and the root zone's "internal").
const LOCAL: [&str; 3] = ["localhost", "local", "internal"];

/// Whether the request names a host that only this server can have. A request without a host does not come from a page.
pub fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    if let Some(authority) = uri.authority() {
        return is_local_name(authority.host());
    }
    headers.get_all(HOST).iter().all(|host| {
        let host = host.to_str().unwrap_or("?");
        host.parse::<http::uri::Authority>()
            .is_ok_and(|authority| is_local_name(authority.host()))
    })
}

fn is_local_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.rsplit_once('.') {
        _ if bare.parse::<IpAddr>().is_ok() => true,
        Some((_, last)) => LOCAL.contains(&last),
        None => !host.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_hosts_are_distinguished_from_internet_hosts() {
        let called = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            is_local(&Uri::from_static("/graphql"), &headers)
        };
        for own in [
            "localhost:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "10.0.2.2:8080",
            "app.localhost",
            "mikes-laptop.local:8080",
            "devbox",
        ] {
            assert!(called(own), "{own}");
        }
        for other in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "local.evil.example.",
        ] {
            assert!(!called(other), "{other}");
        }
        assert!(is_local(&Uri::from_static("/"), &HeaderMap::new()));
        assert!(!is_local(
            &Uri::from_static("http://evil.example/"),
            &HeaderMap::new()
        ));
    }
}
