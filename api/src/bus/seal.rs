//! Signs the messages of the bus: with a key of the installation, over the message and the instant it was sent.
//!
//! Others who reach NATS can listen, and can drop messages. They cannot send any. Otherwise a session that they declare
//! ended would be refused until the process restarts.

use async_nats::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::keys::Signer;

const SENT_AT: &str = "Belay-Sent-At";
const SIGNATURE: &str = "Belay-Signature";
/// The most that the clocks of processes may differ, together with the time a message takes. An older message is a
/// replay.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(60);

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not signed by a process of this installation.
    Unsigned,
    /// It was signed too long ago, or in the future.
    Stale,
}

impl Refused {
    /// The name for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
        }
    }
}

/// Signs messages and checks signatures.
#[derive(Clone)]
pub struct Seal {
    signer: Signer,
    clock: Clock,
}

impl Seal {
    /// Uses the keys and the clock of a process.
    pub const fn new(signer: Signer, clock: Clock) -> Self {
        Self { signer, clock }
    }

    /// Returns the headers of a message.
    pub fn headers(&self, subject: &str, message: &[u8]) -> HeaderMap {
        let sent_at = self.clock.now().timestamp_micros().to_string();
        let signature = self
            .signer
            .sign(&[subject.as_bytes(), sent_at.as_bytes(), message]);
        let mut headers = HeaderMap::new();
        headers.insert(SENT_AT, sent_at.as_str());
        headers.insert(SIGNATURE, hex::encode(signature).as_str());
        headers
    }

    /// Checks that a process of this installation sent the message just now.
    pub fn check(
        &self,
        subject: &str,
        headers: Option<&HeaderMap>,
        message: &[u8],
    ) -> Result<(), Refused> {
        let header = |name| headers.and_then(|headers| headers.get(name));
        let (sent_at, signature) = header(SENT_AT)
            .zip(header(SIGNATURE))
            .ok_or(Refused::Unsigned)?;
        let signature = hex::decode(signature.as_str()).map_err(|_| Refused::Unsigned)?;
        let signed = [subject.as_bytes(), sent_at.as_str().as_bytes(), message];
        if !self.signer.is_signed(&signed, &signature) {
            return Err(Refused::Unsigned);
        }
        let sent_at = sent_at
            .as_str()
            .parse()
            .ok()
            .and_then(DateTime::from_timestamp_micros);
        let is_fresh = sent_at.is_some_and(|at| (self.clock.now() - at).abs() <= FRESH_FOR);
        is_fresh.then_some(()).ok_or(Refused::Stale)
    }

    /// Limits an instant from another process to the latest that any clock can show.
    pub fn bounded(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.min(self.clock.now() + FRESH_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Keys, Purpose};

    fn seal(keys: &Keys, seconds: i64) -> Seal {
        let at = DateTime::from_timestamp(1_773_144_000 + seconds, 0).unwrap();
        Seal::new(keys.signer(Purpose::Bus), Clock::manual(at))
    }

    #[test]
    fn only_recent_messages_signed_with_the_secret_are_accepted() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let keys = Keys::derive(&old.clone().into());
        let headers = seal(&keys, 0).headers("belay.member.1", b"hello");
        let check =
            |seal: &Seal, subject, message: &[u8]| seal.check(subject, Some(&headers), message);
        assert_eq!(check(&seal(&keys, 60), "belay.member.1", b"hello"), Ok(()));
        for seconds in [61, -61] {
            let then = seal(&keys, seconds);
            assert_eq!(
                check(&then, "belay.member.1", b"hello"),
                Err(Refused::Stale)
            );
        }
        let now = seal(&keys, 0);
        assert_eq!(
            check(&now, "belay.member.2", b"hello"),
            Err(Refused::Unsigned)
        );
        assert_eq!(
            check(&now, "belay.member.1", b"hallo"),
            Err(Refused::Unsigned)
        );
        assert_eq!(
            now.check("belay.member.1", None, b"hello"),
            Err(Refused::Unsigned)
        );
        let others = seal(&Keys::derive(&new.clone().into()), 0);
        assert_eq!(
            check(&others, "belay.member.1", b"hello"),
            Err(Refused::Unsigned)
        );
        let changed = seal(&Keys::with_former(&new.into(), &[old.into()]), 0);
        assert_eq!(check(&changed, "belay.member.1", b"hello"), Ok(()));
    }

    #[test]
    fn a_future_instant_is_limited_to_the_allowed_clock_skew() {
        let seal = seal(&Keys::derive(&"a".repeat(40).into()), 0);
        let far = "2099-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(seal.bounded(far), seal.clock.now() + FRESH_FOR);
        let past = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(seal.bounded(past), past);
    }
}
