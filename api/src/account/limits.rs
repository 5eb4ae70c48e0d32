//! How often somebody may try: per client address, and per account whatever the address.
//!
//! Each limit lets a full hour's tries through at once and then one after the other (the generic cell
//! rate algorithm, ITU-T I.371). It is asked by the field that is limited, so that a document which
//! names the field ten times asks ten times; and it counts an unknown e-mail address like a known one.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use chrono::TimeDelta;

use super::store;
use crate::app::App;
use crate::error::Fault;
use crate::keys::Purpose;

const HOUR: TimeDelta = TimeDelta::hours(1);

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// Guessing a passphrase.
    SignIn,
    /// Having mail sent, and guessing a code.
    Code,
}

/// Leave to go on: one try from this address has been counted. Costly use cases ask for it, so that none
/// can be reached around the limits.
#[derive(Debug)]
pub struct Admitted(());

/// Counts one try from an address; a fault when there were too many.
pub(super) async fn by_address(app: &App, what: Limited, from: IpAddr) -> Result<Admitted, Fault> {
    let limits = &app.config.auth.limits;
    let (name, per_hour) = match what {
        Limited::SignIn => ("sign in by address", limits.sign_in_per_address),
        Limited::Code => ("code by address", limits.code_per_address),
    };
    count(app, name, network(from).to_string().as_bytes(), per_hour).await?;
    Ok(Admitted(()))
}

/// Counts one try on an account, which may be known by its e-mail address or otherwise.
pub(super) async fn by_account(app: &App, what: Limited, account: &[u8]) -> Result<(), Fault> {
    let limits = &app.config.auth.limits;
    let (name, per_hour) = match what {
        Limited::SignIn => ("sign in by account", limits.sign_in_per_account),
        Limited::Code => ("code by account", limits.code_per_account),
    };
    count(app, name, account, per_hour).await
}

async fn count(app: &App, name: &str, subject: &[u8], per_hour: u32) -> Result<(), Fault> {
    let mac = app
        .keys
        .mac(Purpose::RateLimit, &[name.as_bytes(), subject]);
    let key = hex::encode(&mac[..16]);
    let now = app.clock.now();
    let each = HOUR / i32::try_from(per_hour.max(1)).unwrap_or(i32::MAX);
    let latest = now + HOUR - each;
    if store::limit::take(app.db.pool(), &key, now, each, latest).await? {
        return Ok(());
    }
    metrics::counter!("belay_rate_limited_total", "limit" => name.to_owned()).increment(1);
    let full_at = store::limit::full_at(app.db.pool(), &key).await?;
    let wait = full_at.map_or(each, |full_at| full_at - latest);
    // At least a second, for whoever does not read fractions.
    let wait = wait.to_std().unwrap_or_default();
    Err(Fault::RateLimited(wait.max(Duration::from_secs(1))))
}

/// What one household or server holds: an IPv4 address, the first half of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_an_ipv6_network_are_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(
            network("2001:db8:1:2:3::4"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
