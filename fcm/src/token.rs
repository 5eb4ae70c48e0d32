//! The access token that all sends share.
//!
//! Only one request for a token runs at a time. It runs in a task of its own, so that a cancelled send does not affect
//! the others that wait for it. The next token is requested minutes before the present one expires. Until it arrives,
//! and while the token server fails, the present one is used.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use tokio::{sync::watch, time::Instant};

use crate::{
    Environment, backoff,
    token_source::{Grant, TokenError, TokenSource},
};

/// How long before its expiry a token is renewed.
const EARLY: Duration = Duration::from_mins(5);
/// The most that is added to this, so that replicas do not all ask at once.
const EARLY_SPREAD: Duration = Duration::from_mins(1);

/// An access token, as the header that carries it.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) header: HeaderValue,
    /// The number of this token, so that a late answer to an old token does not affect the present one.
    generation: u64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Why there is no token, and when the next is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoToken {
    pub(crate) error: TokenError,
    pub(crate) retry_after: Duration,
}

type Shared = Option<Result<AccessToken, NoToken>>;

/// The access token that all sends share.
pub(crate) struct TokenCache<S>(Arc<Inner<S>>);

struct Inner<S> {
    source: S,
    environment: Environment,
    state: Mutex<State>,
}

impl<S: TokenSource> TokenCache<S> {
    pub(crate) fn new(source: S, environment: Environment) -> Self {
        Self(Arc::new(Inner {
            source,
            environment,
            state: Mutex::default(),
        }))
    }

    /// Returns the token to send with now.
    pub(crate) async fn get(&self) -> Result<AccessToken, NoToken> {
        let step = {
            let mut state = self.0.lock();
            match state.next(Instant::now()) {
                Step::Use(token) => return Ok(token),
                Step::Fail(no_token) => return Err(no_token),
                Step::Renew(token) => {
                    self.refresh(&mut state);
                    return Ok(token);
                }
                Step::Join(refresh) => refresh,
                Step::Refresh => self.refresh(&mut state),
            }
        };
        Self::join(step).await
    }

    /// Returns the token for another attempt after `rejected` was not accepted, or `None` if another attempt would fail
    /// the same way.
    pub(crate) async fn replace(
        &self,
        rejected: &AccessToken,
    ) -> Option<Result<AccessToken, NoToken>> {
        let jitter = self.0.environment.jitter();
        let replaceable = self
            .0
            .lock()
            .reject(rejected.generation, Instant::now(), jitter);
        if replaceable {
            Some(self.get().await)
        } else {
            None
        }
    }

    /// Records that `token` was accepted.
    pub(crate) fn accepted(&self, token: &AccessToken) {
        self.0.lock().accept(token.generation);
    }

    fn refresh(&self, state: &mut State) -> watch::Receiver<Shared> {
        let (sender, receiver) = watch::channel(None);
        state.refresh = Some(receiver.clone());
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            // The lifetime counts from before the request, because the token may be that old.
            let asked_at = Instant::now();
            let granted = inner.source.fetch().await;
            let jitter = inner.environment.jitter();
            let mut state = inner.lock();
            state.refresh = None;
            let shared = match granted {
                Ok(grant) => Ok(state.grant(grant, asked_at, jitter)),
                Err(error) => {
                    let no_token = state.fail(error, Instant::now(), jitter);
                    tracing::warn!(
                        error = %no_token.error,
                        retry_after = ?no_token.retry_after,
                        token_left = state.current.is_some(),
                        "no new access token for FCM",
                    );
                    Err(no_token)
                }
            };
            drop(state);
            sender.send_replace(Some(shared));
        });
        receiver
    }

    async fn join(mut refresh: watch::Receiver<Shared>) -> Result<AccessToken, NoToken> {
        let shared = refresh
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|shared| shared.clone());
        shared.unwrap_or(Err(NoToken {
            error: TokenError::Interrupted,
            retry_after: Duration::ZERO,
        }))
    }
}

impl<S> Inner<S> {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No holder of the lock can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state, apart from fetching tokens. Every step is given its time.
#[derive(Default)]
struct State {
    current: Option<Held>,
    generations: u64,
    refresh: Option<watch::Receiver<Shared>>,
    failures: u32,
    /// The last failure, and until when the token server is left alone.
    pause: Option<(TokenError, Instant)>,
    /// How many tokens in a row were rejected. `replace_from` is the instant before which a rejection does not replace
    /// the present token.
    rejections: u32,
    replace_from: Option<Instant>,
}

struct Held {
    token: AccessToken,
    renew_at: Instant,
    expires_at: Instant,
}

enum Step {
    /// Send with this token.
    Use(AccessToken),
    /// Send with this token and request the next one meanwhile.
    Renew(AccessToken),
    /// Wait for the running request.
    Join(watch::Receiver<Shared>),
    /// Make a request and wait for it.
    Refresh,
    /// The token server is being left alone.
    Fail(NoToken),
}

impl State {
    fn next(&mut self, now: Instant) -> Step {
        // A closed channel means that the task ended with the runtime, so no request is running.
        let under_way = self
            .refresh
            .clone()
            .filter(|refresh| refresh.has_changed().is_ok());
        self.pause.take_if(|(_, until)| *until <= now);
        self.current.take_if(|held| held.expires_at <= now);
        match (&self.current, under_way, &self.pause) {
            (Some(held), None, None) if held.renew_at <= now => Step::Renew(held.token.clone()),
            (Some(held), _, _) => Step::Use(held.token.clone()),
            (None, Some(refresh), _) => Step::Join(refresh),
            (None, None, Some((error, until))) => Step::Fail(NoToken {
                error: error.clone(),
                retry_after: *until - now,
            }),
            (None, None, None) => Step::Refresh,
        }
    }

    fn grant(&mut self, grant: Grant, asked_at: Instant, jitter: f64) -> AccessToken {
        self.generations += 1;
        self.failures = 0;
        self.pause = None;
        // A short lifetime is halved. A metadata server returns its present token until the last five minutes, and
        // would otherwise be asked on every send.
        let early = (EARLY + EARLY_SPREAD.mul_f64(jitter)).min(grant.lifetime / 2);
        let token = AccessToken {
            header: grant.header,
            generation: self.generations,
        };
        self.current = Some(Held {
            token: token.clone(),
            renew_at: asked_at + grant.lifetime.saturating_sub(early),
            expires_at: asked_at + grant.lifetime,
        });
        token
    }

    fn fail(&mut self, error: TokenError, now: Instant, jitter: f64) -> NoToken {
        self.failures = self.failures.saturating_add(1);
        let retry_after = backoff::delay(self.failures, jitter);
        self.pause = Some((error.clone(), now + retry_after));
        NoToken { error, retry_after }
    }

    /// Whether to send again with a new token. If new tokens are rejected too, the fault lies elsewhere, and further
    /// requests for tokens are delayed.
    fn reject(&mut self, generation: u64, now: Instant, jitter: f64) -> bool {
        let Some(held) = self
            .current
            .take_if(|held| held.token.generation == generation)
        else {
            // The token was replaced meanwhile, or is about to be.
            return true;
        };
        if self.replace_from.is_some_and(|from| now < from) {
            self.current = Some(held);
            return false;
        }
        self.rejections = self.rejections.saturating_add(1);
        self.replace_from = Some(now + backoff::delay(self.rejections, jitter));
        true
    }

    fn accept(&mut self, generation: u64) {
        if self.generations == generation {
            self.rejections = 0;
            self.replace_from = None;
        }
    }
}

#[cfg(test)]
mod tests;
