//! Whose request it is, as far as the network can say.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// The other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The client's address. Each of `trusted` proxies has appended the address it saw to
/// `X-Forwarded-For`; so many entries from the right can be believed, and the first of them is the
/// client. What stands further left came with the request and says nothing. An entry that is no address
/// leaves only the connection to go by.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: usize) -> IpAddr {
    let peer = peer.ip().to_canonical();
    if trusted == 0 {
        return peer;
    }
    // A header may come in several lines; their order is the order of their entries (RFC 9110 §5.2).
    let mut entries = Vec::new();
    for line in headers.get_all("x-forwarded-for") {
        let Ok(line) = line.to_str() else {
            return peer;
        };
        entries.extend(line.split(',').map(str::trim));
    }
    let first_believed = entries.len().saturating_sub(trusted);
    entries
        .get(first_believed)
        .and_then(|entry| parse(entry))
        .unwrap_or(peer)
}

/// Some proxies append the port.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry.parse().ok().or_else(|| {
        let with_port = entry.parse::<SocketAddr>();
        with_port.ok().map(|address| address.ip())
    })?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(lines: &[&str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let peer = "[::ffff:10.0.0.9]:443".parse().unwrap();
        client_address(peer, &headers, trusted).to_string()
    }

    #[test]
    fn a_header_is_believed_as_far_as_proxies_are_trusted() {
        let forged_then_true = ["6.6.6.6, 203.0.113.7", "192.0.2.10"];
        assert_eq!(client(&forged_then_true, 0), "10.0.0.9");
        assert_eq!(client(&forged_then_true, 1), "192.0.2.10");
        assert_eq!(client(&forged_then_true, 2), "203.0.113.7");
    }

    #[test]
    fn a_header_that_is_missing_or_nonsense_leaves_the_connection() {
        assert_eq!(client(&[], 1), "10.0.0.9");
        assert_eq!(client(&["unknown"], 1), "10.0.0.9");
        assert_eq!(client(&["203.0.113.7, for=nobody"], 1), "10.0.0.9");
    }

    #[test]
    fn ports_and_mapped_addresses_are_taken_off() {
        assert_eq!(client(&["203.0.113.7:5000"], 1), "203.0.113.7");
        assert_eq!(client(&["[2001:db8::1]:5000"], 1), "2001:db8::1");
        assert_eq!(client(&["2001:db8::1"], 1), "2001:db8::1");
        assert_eq!(client(&["::ffff:203.0.113.7"], 1), "203.0.113.7");
    }
}
