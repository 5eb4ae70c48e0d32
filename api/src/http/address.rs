//! The client's network address.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::config::HttpConfig;

/// The address of the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Returns the client's address.
///
/// Each proxy appends the address it saw to `X-Forwarded-For`. If proxies are listed, the header counts only if the
/// connection comes from one of them. If none is listed but a count is set, the header counts from every sender.
///
/// With a count, that many entries from the right are taken as written by proxies, and the leftmost of those is the
/// client. Without a count, the client is the first entry from the right that is not a listed proxy. Entries further
/// left came with the request and prove nothing. If an entry is not an address, the address of the connection is used.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, http: &HttpConfig) -> IpAddr {
    let (count, proxies) = (http.trusted_proxies, &http.proxies);
    let peer = peer.ip().to_canonical();
    let is_heard = proxies.contains(peer) || (proxies.is_empty() && count > 0);
    if !is_heard {
        return peer;
    }
    // A header may come in several lines. Their order is the order of the entries (RFC 9110 §5.2).
    let mut entries = Vec::new();
    for line in headers.get_all("x-forwarded-for") {
        let Ok(line) = line.to_str() else {
            return peer;
        };
        entries.extend(line.split(',').map(str::trim));
    }
    if count > 0 {
        let first_believed = entries.len().saturating_sub(count);
        let client = entries.get(first_believed).and_then(|entry| parse(entry));
        return client.unwrap_or(peer);
    }
    let mut client = peer;
    for entry in entries.iter().rev() {
        let Some(address) = parse(entry) else {
            return peer;
        };
        client = address;
        if !proxies.contains(address) {
            break;
        }
    }
    client
}

/// Parses an address. Some proxies append the port.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry.parse().ok().or_else(|| {
        let with_port = entry.parse::<SocketAddr>();
        with_port.ok().map(|address| address.ip())
    })?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use super::*;
    use crate::config::{DEFAULTS, load_from};

    fn client(lines: &[&str], trusted: usize) -> String {
        client_behind("", lines, trusted)
    }

    fn client_behind(proxies: &str, lines: &[&str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let peer = "[::ffff:10.0.0.9]:443".parse().unwrap();
        let settings = Figment::from(Toml::string(DEFAULTS))
            .merge(("http.proxies", proxies))
            .merge(("http.trusted_proxies", trusted));
        let config = load_from(&settings).unwrap();
        client_address(peer, &headers, &config.http).to_string()
    }

    #[test]
    fn only_listed_proxies_are_trusted() {
        let forged_then_true = ["6.6.6.6, 203.0.113.7", "10.0.0.1"];
        // The connection comes from 10.0.0.9.
        assert_eq!(
            client_behind("10.0.0.0/8", &forged_then_true, 0),
            "203.0.113.7"
        );
        assert_eq!(client_behind("10.0.0.9", &forged_then_true, 0), "10.0.0.1");
        assert_eq!(
            client_behind("192.0.2.0/24", &forged_then_true, 0),
            "10.0.0.9"
        );
        assert_eq!(
            client_behind("192.0.2.0/24", &forged_then_true, 1),
            "10.0.0.9"
        );
        assert_eq!(
            client_behind("10.0.0.9", &forged_then_true, 2),
            "203.0.113.7"
        );
        assert_eq!(
            client_behind("10.0.0.0/8", &["10.0.0.2, 10.0.0.1"], 0),
            "10.0.0.2"
        );
        assert_eq!(
            client_behind("10.0.0.0/8", &["203.0.113.7, unknown"], 0),
            "10.0.0.9"
        );
        assert_eq!(client_behind("10.0.0.0/8", &[], 0), "10.0.0.9");
    }

    #[test]
    fn the_header_is_trusted_for_the_configured_number_of_proxies() {
        let forged_then_true = ["6.6.6.6, 203.0.113.7", "192.0.2.10"];
        assert_eq!(client(&forged_then_true, 0), "10.0.0.9");
        assert_eq!(client(&forged_then_true, 1), "192.0.2.10");
        assert_eq!(client(&forged_then_true, 2), "203.0.113.7");
    }

    #[test]
    fn a_missing_or_malformed_header_yields_the_peer_address() {
        assert_eq!(client(&[], 1), "10.0.0.9");
        assert_eq!(client(&["unknown"], 1), "10.0.0.9");
        assert_eq!(client(&["203.0.113.7, for=nobody"], 1), "10.0.0.9");
    }

    #[test]
    fn ports_and_ipv4_mappings_are_removed() {
        assert_eq!(client(&["203.0.113.7:5000"], 1), "203.0.113.7");
        assert_eq!(client(&["[2001:db8::1]:5000"], 1), "2001:db8::1");
        assert_eq!(client(&["2001:db8::1"], 1), "2001:db8::1");
        assert_eq!(client(&["::ffff:203.0.113.7"], 1), "203.0.113.7");
    }
}
