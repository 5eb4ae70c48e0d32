//! Checks whether a secret could be guessed.

/// Texts of sample secrets in manuals, and in files that were copied from them.
const SAMPLES: [&str; 10] = [
    "openssl rand",
    "changeme",
    "change-me",
    "change me",
    "change_me",
    "replace",
    "random characters",
    "your-secret",
    "your secret",
    "example",
];
/// The least number of different characters in a secret of 32. Even a random one of hexadecimal digits has fewer only
/// once in some hundred million times.
const LEAST_DIFFERENT: usize = 8;
/// The least number of guesses, as a power of ten: 80 bits.
const LEAST_GUESSES: f64 = 24.0;
/// How many characters are estimated. The estimate takes long for many more.
const LOOKED_AT: usize = 72;
/// How many characters are estimated at a time, because the estimate counts no further than 2⁶⁴.
const ESTIMATED_AT_ONCE: usize = 16;

/// Returns why a secret is weak, without repeating any part of it, or `None` if it is strong.
pub(super) fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    if SAMPLES.iter().any(|sample| lower.contains(sample)) {
        return Some("looks like a sample from a manual");
    }
    let mut different: Vec<char> = secret.chars().collect();
    different.sort_unstable();
    different.dedup();
    let looked_at: Vec<char> = secret.chars().take(LOOKED_AT).collect();
    let parts = looked_at.chunks(ESTIMATED_AT_ONCE);
    let guesses: f64 = parts
        .map(|part| {
            let part: String = part.iter().collect();
            zxcvbn::zxcvbn(&part, &["belay"]).guesses_log10()
        })
        .sum();
    (different.len() < LEAST_DIFFERENT || guesses < LEAST_GUESSES)
        .then_some("could be guessed: it is not random enough")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn generated_secrets_are_strong() {
        let entropy = Entropy::seeded(3);
        for _ in 0..20 {
            let bytes = entropy.bytes::<48>();
            assert_eq!(weakness(&STANDARD.encode(bytes)), None);
            assert_eq!(weakness(&hex::encode(&bytes[..16])), None);
        }
    }

    #[test]
    fn typed_secrets_are_weak() {
        let long = |text: &str| text.repeat(40 / text.len() + 1);
        for secret in [
            &*"x".repeat(64),
            &*long("abc"),
            &*long("password"),
            &*long("0123456789"),
            "openssl rand -base64 48openssl rand -base64 48",
            "please-change-me-before-production-00000",
            "at least 32 random characters, they said",
            "1234567890123456789012345678901234567890",
            "qwertyuiopasdfghjklzxcvbnmqwertyuiop",
        ] {
            assert!(weakness(secret).is_some(), "{secret}");
        }
    }
}
