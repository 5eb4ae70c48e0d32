//! The `Retry-After` header: RFC 9110 §10.2.3.

use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// The longest wait that is accepted; longer ones are cut. It keeps the addition to an instant from overflowing, and a
/// broken proxy from silencing a sender for a year.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Parses the wait, given as seconds or as an HTTP date relative to `now`. A past date means no wait. Any other value
/// counts as absent.
pub(crate) fn parse(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // The text has only digits, so a value that does not fit is merely too long.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        at.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    fn wait(value: &'static str) -> Option<Duration> {
        parse(
            &HeaderValue::from_static(value),
            SystemTime::UNIX_EPOCH + NOW,
        )
    }

    #[test]
    fn a_number_of_seconds_is_read() {
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
    }

    #[test]
    fn all_three_date_formats_are_read() {
        for value in [
            "Sun, 06 Nov 1994 08:51:37 GMT",
            "Sunday, 06-Nov-94 08:51:37 GMT",
            "Sun Nov  6 08:51:37 1994",
        ] {
            assert_eq!(wait(value), Some(Duration::from_mins(2)), "{value}");
        }
    }

    #[test]
    fn a_past_date_means_no_wait() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn a_wait_is_limited_to_a_day() {
        assert_eq!(wait("31536000"), Some(MAX_RETRY_AFTER));
        assert_eq!(wait("99999999999999999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(wait("Mon, 06 Nov 1995 08:49:37 GMT"), Some(MAX_RETRY_AFTER));
    }

    #[test]
    fn other_values_count_as_absent() {
        for value in ["", "-5", "1.5", "soon", "+7"] {
            assert_eq!(wait(value), None, "{value:?}");
        }
    }
}
