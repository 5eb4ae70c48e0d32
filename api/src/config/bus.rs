//! Parses `bus.url`: the addresses of NATS, and how to sign in there.

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::BusConfig;

/// The servers of a NATS cluster.
#[derive(Clone, Debug)]
pub struct NatsServers {
    /// Their addresses, without credentials.
    pub addresses: Vec<ServerAddr>,
    /// The credentials for all of them.
    pub login: NatsLogin,
}

/// How a process signs in to NATS.
#[derive(Clone, Debug)]
pub enum NatsLogin {
    /// Without credentials.
    None,
    /// With a token.
    Token(SecretString),
    /// With a name and a password.
    User(String, SecretString),
}

/// The text is no list of NATS servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNats;

impl BusConfig {
    /// Returns the servers, or `None` if the URL is empty and processes do not talk to each other. The first server
    /// with a name or a token gives the credentials for all.
    pub fn servers(&self) -> Result<Option<NatsServers>, NotNats> {
        let text = self.url.expose_secret().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let mut servers = NatsServers {
            addresses: Vec::new(),
            login: NatsLogin::None,
        };
        for one in text.split(',') {
            let mut url: Url = one.trim().parse().map_err(|_| NotNats)?;
            if !matches!(url.scheme(), "nats" | "tls") || url.host_str().is_none_or(str::is_empty) {
                return Err(NotNats);
            }
            if matches!(servers.login, NatsLogin::None) {
                servers.login = login(&url)?;
            }
            url.set_password(None).map_err(|()| NotNats)?;
            url.set_username("").map_err(|()| NotNats)?;
            let address = ServerAddr::from_url(url).map_err(|_| NotNats)?;
            servers.addresses.push(address);
        }
        Ok(Some(servers))
    }
}

impl NatsServers {
    /// Returns the addresses as text without secrets.
    pub fn shown(&self) -> String {
        let shown: Vec<_> = self.addresses.iter().map(ServerAddr::as_url_str).collect();
        shown.join(",")
    }
}

fn login(url: &Url) -> Result<NatsLogin, NotNats> {
    let plain = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| NotNats)
    };
    let name = plain(url.username())?;
    Ok(match url.password() {
        Some(password) => NatsLogin::User(name, plain(password)?.into()),
        None if name.is_empty() => NatsLogin::None,
        None => NatsLogin::Token(name.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(url: &str) -> Result<Option<NatsServers>, NotNats> {
        let subject = "belay".to_owned();
        let url = url.into();
        BusConfig { url, subject }.servers()
    }

    #[test]
    fn credentials_are_separated_from_the_server_addresses() {
        let found = servers("nats://belay:p%40ss@one.example.org:4223, tls://two.example.org");
        let found = found.unwrap().unwrap();
        assert_eq!(
            found.shown(),
            "nats://one.example.org:4223,tls://two.example.org"
        );
        assert!(!format!("{found:?}").contains("p@ss"));
        let NatsLogin::User(name, password) = found.login else {
            panic!("a name and a password");
        };
        assert_eq!((&*name, password.expose_secret()), ("belay", "p@ss"));

        let token = servers("nats://s3cret@localhost").unwrap().unwrap();
        assert!(
            matches!(token.login, NatsLogin::Token(token) if token.expose_secret() == "s3cret")
        );
        assert!(servers(" ").unwrap().is_none());
    }

    #[test]
    fn malformed_nats_urls_are_refused() {
        for url in ["localhost:4222", "http://localhost", "nats://", "nats://a,"] {
            assert_eq!(servers(url).err(), Some(NotNats), "{url}");
        }
    }
}
