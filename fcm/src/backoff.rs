//! The delay before the token server is asked again after failures.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
/// The part of a delay that jitter may take away, so that replicas that failed together do not retry together.
const SPREAD: f64 = 0.2;

/// The delay after `failures` in a row: 1, 2, 4 … 60 s, each shortened by up to a fifth.
pub(crate) fn delay(failures: u32, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let delay = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    delay.mul_f64(1.0 - SPREAD * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_from_a_second_to_a_minute() {
        let seconds: Vec<_> = (1..=8)
            .map(|failures| delay(failures, 0.0).as_secs())
            .collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(u32::MAX, 0.0), LONGEST);
    }

    #[test]
    fn jitter_only_shortens() {
        assert_eq!(delay(7, 1.0), Duration::from_secs(48));
        assert_eq!(delay(1, 0.5), Duration::from_millis(900));
    }
}
