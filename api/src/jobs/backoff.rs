//! How long to wait before trying again.

use std::time::Duration;

use crate::entropy::Entropy;

/// Returns an exponential delay with jitter: attempt 1 waits `base` to 1.5 × `base`, and each further attempt twice as
/// long, up to `cap` to 1.5 × `cap`. Jitter keeps callers that failed together from returning together.
pub fn backoff(entropy: &Entropy, attempt: u32, base: Duration, cap: Duration) -> Duration {
    let doubled = base
        .saturating_mul(1 << attempt.saturating_sub(1).min(20))
        .min(cap);
    let millis = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX);
    doubled + Duration::from_millis(entropy.below(millis / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_never_undercut_the_base() {
        let entropy = Entropy::seeded(3);
        let (base, cap) = (Duration::from_secs(10), Duration::from_mins(10));
        for attempt in 1..40 {
            let low = (base * (1 << (attempt - 1).min(10))).min(cap);
            let wait = backoff(&entropy, attempt, base, cap);
            assert!(wait >= low && wait <= low * 3 / 2, "{attempt}: {wait:?}");
        }
    }
}
