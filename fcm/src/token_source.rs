//! One request for an access token.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    Config, Credentials, Environment,
    credentials::{SCOPE, Source},
    transport,
};

/// RFC 7523 §2.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The header that proves that a request is meant for the metadata server, and that an answer comes from one.
const METADATA_FLAVOR: &str = "metadata-flavor";

/// The longest lifetime that is accepted; Google's tokens live for an hour.
const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// An access token as it was granted, ready to be sent.
pub(crate) struct Grant {
    /// `Bearer …`, marked as sensitive.
    pub(crate) header: HeaderValue,
    pub(crate) lifetime: Duration,
}

/// A source of access tokens.
pub(crate) trait TokenSource: Send + Sync + 'static {
    fn fetch(&self) -> impl Future<Output = Result<Grant, TokenError>> + Send;
}

/// The token server of the credentials.
pub(crate) struct TokenServer {
    http: reqwest::Client,
    source: Source,
    environment: Environment,
}

impl TokenServer {
    pub(crate) fn new(
        config: &Config,
        credentials: Credentials,
        environment: Environment,
    ) -> reqwest::Result<Self> {
        let Credentials(source) = credentials;
        let local = match &source {
            Source::ServiceAccount(account) => account.token_uri().scheme() == "http",
            Source::Metadata(_) => true,
        };
        Ok(Self {
            http: transport::token_client(config, local)?,
            source,
            environment,
        })
    }

    fn request(&self) -> Result<RequestBuilder, TokenError> {
        match &self.source {
            Source::ServiceAccount(account) => {
                let assertion = account
                    .assertion(self.environment.now())
                    .map_err(|_| TokenError::Signing)?;
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", GRANT_TYPE)
                    .append_pair("assertion", assertion.expose_secret())
                    .finish();
                let url = account.token_uri().clone();
                Ok(self
                    .http
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form))
            }
            Source::Metadata(url) => {
                let url = format!("{url}?scopes={SCOPE}");
                Ok(self.http.get(url).header(METADATA_FLAVOR, "Google"))
            }
        }
    }

    fn is_genuine(&self, response: &Response) -> bool {
        match self.source {
            Source::ServiceAccount(_) => true,
            // Without the header something else answered: a captive portal, or another cloud.
            Source::Metadata(_) => response
                .headers()
                .get(METADATA_FLAVOR)
                .is_some_and(|flavor| flavor.as_bytes() == b"Google"),
        }
    }
}

impl TokenSource for TokenServer {
    async fn fetch(&self) -> Result<Grant, TokenError> {
        let response = self
            .request()?
            .send()
            .await
            .map_err(TokenError::from_request)?;
        if !self.is_genuine(&response) {
            return Err(TokenError::Unreadable);
        }
        let status = response.status();
        let body = transport::body(response)
            .await
            .map_err(TokenError::from_request)?;
        read(status, &body)
    }
}

/// RFC 6749 §5.
fn read(status: StatusCode, body: &[u8]) -> Result<Grant, TokenError> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: SecretString,
        expires_in: u64,
        token_type: Option<String>,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }

    if !status.is_success() {
        let transient = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            );
        let status = status.as_u16();
        if transient {
            return Err(TokenError::Unavailable { status });
        }
        let code = serde_json::from_slice(body)
            .ok()
            .map(|Refused { error }| error)
            .filter(|code| is_code(code));
        return Err(TokenError::Refused { status, code });
    }
    let granted: Granted = serde_json::from_slice(body).map_err(|_| TokenError::Unreadable)?;
    if granted
        .token_type
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(TokenError::Unreadable);
    }
    let mut header =
        HeaderValue::try_from(format!("Bearer {}", granted.access_token.expose_secret()))
            .map_err(|_| TokenError::Unreadable)?;
    header.set_sensitive(true);
    Ok(Grant {
        header,
        lifetime: Duration::from_secs(granted.expires_in).min(MAX_LIFETIME),
    })
}

/// Whether it is an error code, and so cannot contain any part of the request.
fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Why there is no access token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token server does not accept the credentials: an operator must act.
    #[error("the token server refused the credentials (HTTP {status}{})", code.as_ref().map(|code| format!(", {code}")).unwrap_or_default())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code of RFC 6749 §5.2, such as `invalid_grant`. That one may also mean that the clock is wrong.
        code: Option<String>,
    },
    /// The token server failed.
    #[error("the token server is unavailable (HTTP {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The token server was not reached, or the connection broke.
    #[error("the token server is unreachable: {reason}")]
    Unreachable {
        /// The reason, with its causes.
        reason: String,
    },
    /// The token server did not answer in time.
    #[error("the token server did not answer in time")]
    Timeout,
    /// The answer does not come from a token server.
    #[error("the token server's answer could not be read")]
    Unreadable,
    /// The assertion could not be signed.
    #[error("the assertion could not be signed")]
    Signing,
    /// The process is shutting down.
    #[error("the request for a token was interrupted")]
    Interrupted,
}

impl TokenError {
    /// Whether the credentials are at fault, and not the network or the token server.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Signing)
    }

    fn from_request(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Unreachable {
                reason: transport::describe(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> TokenError {
        read(StatusCode::from_u16(status).unwrap(), body.as_bytes())
            .err()
            .unwrap()
    }

    #[test]
    fn a_grant_is_a_header_hidden_from_debug() {
        let body = r#"{"access_token":"ya29.secret","expires_in":3599,"token_type":"Bearer"}"#;
        let grant = read(StatusCode::OK, body.as_bytes()).ok().unwrap();
        assert_eq!(grant.header.as_bytes(), b"Bearer ya29.secret");
        assert_eq!(grant.lifetime, Duration::from_secs(3_599));
        assert_eq!(format!("{:?}", grant.header), "Sensitive");
    }

    #[test]
    fn a_lifetime_is_limited_to_a_day() {
        let body = format!(r#"{{"access_token":"t","expires_in":{}}}"#, u64::MAX);
        assert_eq!(
            read(StatusCode::OK, body.as_bytes()).ok().unwrap().lifetime,
            MAX_LIFETIME
        );
    }

    #[test]
    fn refused_credentials_are_distinguished_from_server_failures() {
        let refused = error(
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
        );
        assert_eq!(
            refused,
            TokenError::Refused {
                status: 400,
                code: Some("invalid_grant".into())
            }
        );
        assert!(refused.is_refusal());
        assert_eq!(
            refused.to_string(),
            "the token server refused the credentials (HTTP 400, invalid_grant)"
        );
        assert_eq!(
            error(404, "<html>"),
            TokenError::Refused {
                status: 404,
                code: None
            }
        );
        for status in [408, 429, 500, 503] {
            assert_eq!(error(status, "{}"), TokenError::Unavailable { status });
        }
    }

    #[test]
    fn error_codes_that_could_carry_a_secret_are_dropped() {
        let refused = error(401, r#"{"error":"eyJhbGciOiJSUzI1NiJ9.secret"}"#);
        assert_eq!(
            refused,
            TokenError::Refused {
                status: 401,
                code: None
            }
        );
    }

    #[test]
    fn a_success_without_a_usable_token_is_unreadable() {
        for body in [
            "<html>",
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"a\nb","expires_in":1}"#,
            r#"{"access_token":"t","expires_in":1,"token_type":"mac"}"#,
        ] {
            assert_eq!(error(200, body), TokenError::Unreadable, "{body}");
        }
    }
}
