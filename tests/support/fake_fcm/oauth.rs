//! The token server (RFC 7523, Google's variant) and the metadata server, which needs no assertion.

use std::{
    collections::{HashMap, VecDeque},
    sync::LazyLock,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use hyper::{HeaderMap, Method, Response, header::CONTENT_TYPE, http::request::Parts};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    CLIENT_EMAIL, KEY_ID, Shared, TOKEN_PATH,
    answer::{Body, html, reply},
};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MAX_ASSERTION_SECONDS: u64 = 3_600;

/// One key for all fakes in a process. Generating a key is slow, and all fakes can share one.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// The answer to a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAnswer {
    /// 200 with a token of this lifetime.
    Grant(Duration),
    /// 400 `invalid_grant`.
    Refuse,
    /// 503.
    Unavailable,
    /// 200 with a page of HTML.
    Html,
    /// No answer until the fake stops.
    Stall,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) script: VecDeque<TokenAnswer>,
    pub(super) otherwise: TokenAnswer,
    pub(super) requests: usize,
    /// The accepted `Authorization` headers, with their expiry times.
    issued: HashMap<String, Instant>,
    count: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            script: VecDeque::new(),
            otherwise: TokenAnswer::Grant(Duration::from_secs(3_599)),
            requests: 0,
            issued: HashMap::new(),
            count: 0,
        }
    }
}

impl State {
    pub(super) fn is_authorised(&self, headers: &HeaderMap) -> bool {
        let authorization = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        authorization
            .and_then(|value| self.issued.get(value))
            .is_some_and(|until| Instant::now() < *until)
    }

    pub(super) fn revoke(&mut self) {
        self.issued.clear();
    }

    fn grant(&mut self, lifetime: Duration) -> Response<Body> {
        self.count += 1;
        let token = format!("fake-access-token-{}", self.count);
        self.issued
            .insert(format!("Bearer {token}"), Instant::now() + lifetime);
        reply(
            200,
            &json!({ "access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer" }),
        )
    }
}

/// Returns the private key in the format of Google's console.
pub(super) fn private_key_pem() -> String {
    let base64 = BASE64_STANDARD.encode(KEY.as_der().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

/// Returns the response to a token request, or `None` if it is stalled.
pub(super) fn token(shared: &Shared, parts: &Parts, body: &[u8]) -> Option<Response<Body>> {
    let token_uri = shared.url(TOKEN_PATH);
    let violation = violation(parts, body, token_uri.as_str());
    grant_or_fail(shared, violation)
}

/// Returns the response of the metadata server, or `None` if it is stalled.
pub(super) fn metadata_token(shared: &Shared, parts: &Parts) -> Option<Response<Body>> {
    let violation = if parts.method != Method::GET {
        Some("requests to the metadata server must use GET".to_owned())
    } else if parts
        .headers
        .get("metadata-flavor")
        .is_none_or(|flavor| flavor != "Google")
    {
        Some("Metadata-Flavor is not Google".to_owned())
    } else {
        None
    };
    let mut response = grant_or_fail(shared, violation)?;
    response
        .headers_mut()
        .insert("metadata-flavor", "Google".parse().unwrap());
    Some(response)
}

fn grant_or_fail(shared: &Shared, violation: Option<String>) -> Option<Response<Body>> {
    let mut state = shared.state();
    state.oauth.requests += 1;
    if let Some(violation) = violation {
        state.violations.push(violation);
        return Some(refusal("invalid_request"));
    }
    let otherwise = state.oauth.otherwise;
    match state.oauth.script.pop_front().unwrap_or(otherwise) {
        TokenAnswer::Grant(lifetime) => Some(state.oauth.grant(lifetime)),
        TokenAnswer::Refuse => Some(refusal("invalid_grant")),
        TokenAnswer::Unavailable => Some(html(503)),
        TokenAnswer::Html => Some(html(200)),
        TokenAnswer::Stall => None,
    }
}

fn refusal(code: &str) -> Response<Body> {
    reply(
        400,
        &json!({ "error": code, "error_description": "Refused by the fake." }),
    )
}

/// Returns the rule that a token request breaks.
fn violation(parts: &Parts, body: &[u8], token_uri: &str) -> Option<String> {
    if parts.method != Method::POST {
        return Some("requests to the token server must use POST".to_owned());
    }
    let content_type = parts.headers.get(CONTENT_TYPE);
    if content_type.is_none_or(|value| value != "application/x-www-form-urlencoded") {
        return Some("the token request is not a form".to_owned());
    }
    let form: HashMap<_, _> = form_urlencoded::parse(body).collect();
    if form
        .get("grant_type")
        .is_none_or(|grant_type| grant_type != GRANT_TYPE)
    {
        return Some("the grant type is not jwt-bearer".to_owned());
    }
    let Some(assertion) = form.get("assertion") else {
        return Some("there is no assertion".to_owned());
    };
    assertion_violation(assertion, token_uri)
}

fn assertion_violation(assertion: &str, token_uri: &str) -> Option<String> {
    let mut validation = Validation::new(Algorithm::RS256);
    // The client may use a test's clock, so only the lifetime is checked (below).
    validation.validate_exp = false;
    validation.set_audience(&[token_uri]);
    validation.set_issuer(&[CLIENT_EMAIL]);
    validation.set_required_spec_claims(&["aud", "exp", "iss"]);
    let key = DecodingKey::from_rsa_der(KEY.public_key().as_ref());
    let decoded = match jsonwebtoken::decode::<Value>(assertion, &key, &validation) {
        Ok(decoded) => decoded,
        Err(error) => return Some(format!("the assertion is not valid: {error}")),
    };
    let (header, claims) = (decoded.header, decoded.claims);
    if header.kid.as_deref() != Some(KEY_ID) {
        return Some("the assertion does not name its key".to_owned());
    }
    if claims["scope"] != SCOPE {
        return Some("the assertion asks for another scope".to_owned());
    }
    let life = claims["exp"]
        .as_u64()
        .zip(claims["iat"].as_u64())
        .and_then(|(exp, iat)| exp.checked_sub(iat));
    if life.is_none_or(|life| !(1..=MAX_ASSERTION_SECONDS).contains(&life)) {
        return Some(
            "the lifetime of the assertion is not between one second and one hour".to_owned(),
        );
    }
    None
}
