//! Networks: how the rate limits group client addresses.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the network that one household or server holds: an IPv4 address, or the /64 of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => prefix(v6, 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A network and the larger networks around it. A provider may give one customer a /56 or a /48, which hold 256 or
/// 65,536 networks (/64).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::account) struct Networks {
    /// An IPv4 address, or a /64.
    pub narrow: String,
    /// The /56 and the /48; `None` for an IPv4 address.
    pub wide: Option<[String; 2]>,
}

impl Networks {
    pub fn of(address: IpAddr) -> Self {
        let wide = match address.to_canonical() {
            IpAddr::V6(v6) => Some([56, 48].map(|bits| format!("{}/{bits}", prefix(v6, bits)))),
            IpAddr::V4(_) => None,
        };
        Self {
            narrow: network(address).to_string(),
            wide,
        }
    }

    /// Returns the largest network that one customer may hold.
    pub fn widest(&self) -> &str {
        self.wide.as_ref().map_or(&self.narrow, |[_, block]| block)
    }
}

fn prefix(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    (u128::from(address) & (u128::MAX << (128 - bits))).into()
}

/// Returns the factor by which a network's limits grow: 1, plus 1 for every five members who signed in or up from it
/// lately, at most 10. One household alone (fewer than five members) gets the same factor as a stranger's network.
pub(in crate::account) fn room(members: u64) -> u32 {
    1 + u32::try_from(members / 5).unwrap_or(u32::MAX).min(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(
            network("2001:db8:1:2:3::4"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn an_ipv6_address_belongs_to_three_networks() {
        let of = |text: &str| Networks::of(text.parse().unwrap());
        let one = of("2001:db8:1:2a::1");
        assert_eq!(one.narrow, "2001:db8:1:2a::");
        let wide = ["2001:db8:1::/56", "2001:db8:1::/48"].map(str::to_owned);
        assert_eq!(one.wide, Some(wide));
        assert_eq!(one.widest(), of("2001:db8:1:ffff::").widest());
        assert_ne!(one.widest(), of("2001:db8:2::").widest());
        assert_eq!(of("192.0.2.1").widest(), "192.0.2.1");
    }

    #[test]
    fn limits_grow_with_every_five_members_of_a_network() {
        assert_eq!([0, 4, 5, 14, 50, 1000].map(room), [1, 1, 2, 3, 10, 10]);
    }
}
