//! The client: makes one attempt to send one message.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::{
    Config, Credentials, Environment, Fault, Message, Outcome, TokenError,
    outcome::{self, Answer},
    token::{AccessToken, NoToken, TokenCache},
    token_source::TokenServer,
    transport,
};

/// Requests errors that contain FCM's own codes.
const FORMAT_VERSION: (&str, &str) = ("x-goog-api-format-version", "2");

/// A client of one project. A clone shares its connections and its access token.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    url: Url,
    connections: Vec<Connection>,
    next: AtomicUsize,
    in_flight: usize,
    tokens: TokenCache<TokenServer>,
    environment: Environment,
}

/// One HTTP client, which keeps one HTTP/2 connection. Its concurrent streams are limited, and an additional request
/// would queue inside of it, invisibly.
struct Connection {
    http: reqwest::Client,
    room: Semaphore,
}

impl Client {
    /// Prepares connections; nothing is sent yet.
    pub fn new(
        config: &Config,
        credentials: Credentials,
        environment: Environment,
    ) -> Result<Self, ClientError> {
        let in_flight = config.in_flight_per_connection.get();
        let project_id = config
            .project_id
            .as_deref()
            .or(credentials.project_id())
            .ok_or(ClientError::NoProject)?;
        let url = send_url(&config.base_url, project_id)?;
        let connections = (0..config.connections.get())
            .map(|_| {
                let http = transport::sender(config)?;
                Ok(Connection {
                    http,
                    room: Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS)),
                })
            })
            .collect::<reqwest::Result<_>>()?;
        let token_server = TokenServer::new(config, credentials, environment.clone())?;
        Ok(Self(Arc::new(Inner {
            url,
            connections,
            next: AtomicUsize::new(0),
            in_flight,
            tokens: TokenCache::new(token_server, environment.clone()),
            environment,
        })))
    }

    /// Returns how many messages can be in flight. Further concurrent calls only queue here.
    pub fn capacity(&self) -> usize {
        self.0.connections.len().saturating_mul(self.0.in_flight)
    }

    /// Fetches an access token unless there is one. This shows whether the credentials are accepted, without sending a
    /// message.
    pub async fn authenticate(&self) -> Result<(), TokenError> {
        self.0
            .tokens
            .get()
            .await
            .map(drop)
            .map_err(|NoToken { error, .. }| error)
    }

    /// Makes one attempt to send `message`.
    ///
    /// The caller decides about another attempt. After a failed connection or a timeout the message may have been
    /// accepted. It should therefore carry a key by which a second copy replaces the first.
    pub async fn send(&self, message: &Message) -> Outcome {
        let token = match self.0.tokens.get().await {
            Ok(token) => token,
            Err(no_token) => return no_token.into(),
        };
        match self.attempt(message, &token).await {
            Answer::Outcome(outcome) => outcome,
            Answer::TokenNotAccepted => self.send_once_more(message, &token).await,
        }
    }

    /// Retries once with a new token. The old one may have expired on the way, or may have been revoked.
    async fn send_once_more(&self, message: &Message, rejected: &AccessToken) -> Outcome {
        let token = match self.0.tokens.replace(rejected).await {
            Some(Ok(token)) => token,
            Some(Err(no_token)) => return no_token.into(),
            None => return Outcome::Misconfigured { status: 401 },
        };
        match self.attempt(message, &token).await {
            Answer::Outcome(outcome) => outcome,
            Answer::TokenNotAccepted => Outcome::Misconfigured { status: 401 },
        }
    }

    async fn attempt(&self, message: &Message, token: &AccessToken) -> Answer {
        let answer = match self.post(message, token).await {
            Ok(answer) => answer,
            Err(error) => {
                let fault = if error.is_timeout() {
                    Fault::Timeout
                } else {
                    Fault::Connection
                };
                tracing::debug!(
                    error = transport::describe(error),
                    "a message was not answered by FCM"
                );
                return Answer::Outcome(Outcome::Unavailable {
                    fault,
                    retry_after: None,
                });
            }
        };
        if answer != Answer::TokenNotAccepted {
            self.0.tokens.accepted(token);
        }
        answer
    }

    async fn post(&self, message: &Message, token: &AccessToken) -> reqwest::Result<Answer> {
        let (http, _room) = self.0.connection().await;
        let response = http
            .post(self.0.url.clone())
            .header(AUTHORIZATION, token.header.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(FORMAT_VERSION.0, FORMAT_VERSION.1)
            .body(message.body().clone())
            .send()
            .await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = transport::body(response).await?;
        Ok(outcome::read(
            status,
            &headers,
            &body,
            self.0.environment.now(),
        ))
    }
}

impl Inner {
    /// Returns the next connection that has room. If none has, waits in the queue of the next in turn.
    async fn connection(&self) -> (&reqwest::Client, Option<SemaphorePermit<'_>>) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let (before, from) = self.connections.split_at(turn);
        for connection in from.iter().chain(before) {
            if let Ok(permit) = connection.room.try_acquire() {
                return (&connection.http, Some(permit));
            }
        }
        let connection = &self.connections[turn];
        // The semaphore is never closed.
        (&connection.http, connection.room.acquire().await.ok())
    }
}

impl From<NoToken> for Outcome {
    fn from(NoToken { error, retry_after }: NoToken) -> Self {
        Self::NoAccessToken { error, retry_after }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.0.url.as_str())
            .finish_non_exhaustive()
    }
}

/// Project ids are lower-case letters, digits and hyphens. Old ones also have a domain: `example.com:app`.
fn send_url(base_url: &Url, project_id: &str) -> Result<Url, ClientError> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    if project_id.is_empty() || !project_id.bytes().all(valid) {
        return Err(ClientError::ProjectId);
    }
    if !matches!(base_url.scheme(), "http" | "https") || base_url.query().is_some() {
        return Err(ClientError::BaseUrl);
    }
    let mut url = base_url.clone();
    url.path_segments_mut()
        .map_err(|()| ClientError::BaseUrl)?
        .pop_if_empty()
        .extend(["v1", "projects", project_id, "messages:send"]);
    Ok(url)
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither the configuration nor the credentials name a project.
    #[error("no project id: the credentials name none, so it must be configured")]
    NoProject,
    /// The project id has characters that are not allowed in one.
    #[error("the project id is not one of Google's")]
    ProjectId,
    /// The base URL is not an http(s) URL, or has a query.
    #[error("the base URL must be an http(s) URL without a query")]
    BaseUrl,
    /// The HTTP client cannot be made, for example because there is no certificate store.
    #[error("the HTTP client could not be set up")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base_url: &str, project_id: &str) -> Result<String, ClientError> {
        send_url(&Url::parse(base_url).unwrap(), project_id).map(String::from)
    }

    #[test]
    fn the_url_is_built_on_any_base() {
        let google = "https://fcm.googleapis.com/v1/projects/belay-1/messages:send";
        assert_eq!(
            url("https://fcm.googleapis.com", "belay-1").unwrap(),
            google
        );
        for base in ["http://127.0.0.1:9/fake", "http://127.0.0.1:9/fake/"] {
            assert_eq!(
                url(base, "p").unwrap(),
                "http://127.0.0.1:9/fake/v1/projects/p/messages:send"
            );
        }
    }

    #[test]
    fn invalid_projects_and_base_urls_are_refused() {
        for project_id in ["", "a/b", "a b", "a?b", "ä"] {
            assert!(
                matches!(
                    url("https://example.com", project_id),
                    Err(ClientError::ProjectId)
                ),
                "{project_id}"
            );
        }
        for base in [
            "mailto:a@example.com",
            "ftp://example.com",
            "https://example.com/?key=1",
        ] {
            assert!(
                matches!(url(base, "p"), Err(ClientError::BaseUrl)),
                "{base}"
            );
        }
    }

    #[test]
    fn credentials_without_a_project_need_one_configured() {
        let environment = Environment::new(|| std::time::UNIX_EPOCH, || 0.0);
        let make =
            |config| Client::new(&config, Credentials::metadata_server(), environment.clone());
        assert!(matches!(
            make(Config::default()),
            Err(ClientError::NoProject)
        ));
        let client = make(Config {
            project_id: Some("belay-1".into()),
            ..Config::default()
        })
        .unwrap();
        assert_eq!(client.capacity(), 400);
    }
}
