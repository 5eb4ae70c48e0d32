use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn grant(lifetime: u64) -> Grant {
    Grant {
        header: HeaderValue::from_static("Bearer t"),
        lifetime: seconds(lifetime),
    }
}

fn unavailable() -> TokenError {
    TokenError::Unavailable { status: 503 }
}

#[test]
fn a_token_is_renewed_five_minutes_early_and_used_until_it_expires() {
    let start = Instant::now();
    let mut state = State::default();
    assert!(matches!(state.next(start), Step::Refresh));
    state.grant(grant(3_600), start, 0.0);
    assert!(matches!(state.next(start + seconds(3_299)), Step::Use(_)));
    assert!(matches!(state.next(start + seconds(3_300)), Step::Renew(_)));
    assert!(matches!(state.next(start + seconds(3_599)), Step::Renew(_)));
    assert!(matches!(state.next(start + seconds(3_600)), Step::Refresh));
}

#[test]
fn jitter_renews_up_to_a_minute_earlier() {
    let start = Instant::now();
    let mut state = State::default();
    state.grant(grant(3_600), start, 1.0);
    assert!(matches!(state.next(start + seconds(3_239)), Step::Use(_)));
    assert!(matches!(state.next(start + seconds(3_240)), Step::Renew(_)));
}

#[test]
fn a_short_lived_token_is_renewed_at_half_its_lifetime() {
    let start = Instant::now();
    let mut state = State::default();
    state.grant(grant(300), start, 0.0);
    assert!(matches!(state.next(start + seconds(149)), Step::Use(_)));
    assert!(matches!(state.next(start + seconds(150)), Step::Renew(_)));
}

#[test]
fn a_failed_renewal_backs_off_while_the_old_token_is_used() {
    let start = Instant::now();
    let mut state = State::default();
    state.grant(grant(3_600), start, 0.0);
    let mut now = start + seconds(3_400);
    for pause in [1, 2, 4, 8] {
        assert!(matches!(state.next(now), Step::Renew(_)));
        assert_eq!(
            state.fail(unavailable(), now, 0.0).retry_after,
            seconds(pause)
        );
        assert!(matches!(
            state.next(now + seconds(pause) - Duration::from_millis(1)),
            Step::Use(_)
        ));
        now += seconds(pause);
    }
}

#[test]
fn without_a_token_the_failure_is_shared_until_the_pause_ends() {
    let start = Instant::now();
    let mut state = State::default();
    state.fail(unavailable(), start, 0.0);
    state.fail(unavailable(), start, 0.0);
    let Step::Fail(no_token) = state.next(start + Duration::from_millis(500)) else {
        panic!()
    };
    assert_eq!(
        no_token,
        NoToken {
            error: unavailable(),
            retry_after: Duration::from_millis(1_500)
        }
    );
    assert!(matches!(state.next(start + seconds(2)), Step::Refresh));
}

#[test]
fn a_success_resets_the_backoff() {
    let start = Instant::now();
    let mut state = State::default();
    for _ in 0..9 {
        state.fail(unavailable(), start, 0.0);
    }
    state.grant(grant(3_600), start, 0.0);
    assert_eq!(
        state.fail(unavailable(), start, 0.0).retry_after,
        seconds(1)
    );
}

#[test]
fn a_rejected_token_is_replaced_once_until_another_is_accepted() {
    let start = Instant::now();
    let mut state = State::default();
    let first = state.grant(grant(3_600), start, 0.0);
    assert!(state.reject(first.generation, start, 0.0));
    assert!(matches!(state.next(start), Step::Refresh));
    let second = state.grant(grant(3_600), start, 0.0);
    assert!(
        state.reject(first.generation, start, 0.0),
        "a late answer to the first"
    );
    assert!(!state.reject(second.generation, start, 0.0));
    assert!(
        matches!(state.next(start), Step::Use(_)),
        "a token is kept that is not replaced"
    );
    assert!(state.reject(second.generation, start + seconds(1), 0.0));
    let third = state.grant(grant(3_600), start, 0.0);
    state.accept(third.generation);
    assert!(state.reject(third.generation, start + seconds(1), 0.0));
}

struct Counting(AtomicU32);

impl TokenSource for Counting {
    async fn fetch(&self) -> Result<Grant, TokenError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(grant(3_600))
    }
}

#[tokio::test]
async fn a_cancelled_send_does_not_cancel_the_shared_refresh() {
    let cache = Arc::new(TokenCache::new(
        Counting(AtomicU32::new(0)),
        Environment::new(|| std::time::UNIX_EPOCH, || 0.0),
    ));
    let first = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.get().await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    first.abort();
    assert!(cache.get().await.is_ok());
    assert_eq!(cache.0.source.0.load(Ordering::Relaxed), 1);
}

struct Panicking;

impl TokenSource for Panicking {
    async fn fetch(&self) -> Result<Grant, TokenError> {
        panic!("a bug");
    }
}

#[tokio::test]
async fn a_panicking_refresh_leaves_no_caller_waiting() {
    let cache = TokenCache::new(
        Panicking,
        Environment::new(|| std::time::UNIX_EPOCH, || 0.0),
    );
    for _ in 0..2 {
        assert_eq!(
            cache.get().await.unwrap_err().error,
            TokenError::Interrupted
        );
    }
}
