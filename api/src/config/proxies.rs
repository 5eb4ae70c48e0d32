//! The addresses of the operator's proxies.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

/// Addresses and networks of proxies. Only a proxy in this list is trusted to state the address of its client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

/// The text is no list of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNetwork;

impl FromStr for Proxies {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split([' ', ',', '\n', '\t']);
        let networks = parts.filter(|part| !part.is_empty()).map(|part| {
            let network = part.parse::<IpNet>().ok();
            network.or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
        });
        let networks: Option<_> = networks.collect();
        networks.map(Self).ok_or(NoNetwork)
    }
}

impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        let text = String::deserialize(de)?;
        text.parse()
            .map_err(|NoNetwork| de::Error::custom("is not a list of addresses and networks"))
    }
}

impl Proxies {
    /// Whether none is listed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the address of a proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether every address counts as a proxy.
    pub fn is_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_addresses_and_networks_are_proxies() {
        let proxies: Proxies = "10.0.0.0/8, 192.0.2.7  2001:db8::/32".parse().unwrap();
        for (address, is_one) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(
                proxies.contains(address.parse().unwrap()),
                is_one,
                "{address}"
            );
        }
        assert!(!proxies.is_everybody());
        assert!("0.0.0.0/0".parse::<Proxies>().unwrap().is_everybody());
        assert!("".parse::<Proxies>().unwrap().is_empty());
        for wrong in ["10.0.0.0/33", "proxy.example.org", "10.0.0"] {
            assert_eq!(wrong.parse::<Proxies>(), Err(NoNetwork), "{wrong}");
        }
    }
}
