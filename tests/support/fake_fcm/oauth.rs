//! The token server: RFC 7523, as Google's does it, and the metadata server's shortcut.

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

/// One key for all fakes of a process: making one takes a while, and nothing depends on it.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// What a request for an access token is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAnswer {
    /// A token that lives this long.
    Grant(Duration),
    /// 400 `invalid_grant`.
    Refuse,
    /// 503.
    Unavailable,
    /// 200 with a page of HTML.
    Html,
    /// Never, until the fake stops.
    Stall,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) script: VecDeque<TokenAnswer>,
    pub(super) otherwise: TokenAnswer,
    pub(super) requests: usize,
    /// The `Authorization` headers that are accepted, and until when.
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

/// A key in the form that Google's console exports.
pub(super) fn private_key_pem() -> String {
    let base64 = BASE64_STANDARD.encode(KEY.as_der().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

/// The response to a request for a token; none to one that is stalled.
pub(super) fn token(shared: &Shared, parts: &Parts, body: &[u8]) -> Option<Response<Body>> {
    let token_uri = shared.url(TOKEN_PATH);
    let violation = violation(parts, body, token_uri.as_str());
    grant_or_fail(shared, violation)
}

/// The response of the metadata server.
pub(super) fn metadata_token(shared: &Shared, parts: &Parts) -> Option<Response<Body>> {
    let violation = if parts.method != Method::GET {
        Some("the metadata server is asked with GET".to_owned())
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

/// Which rule the request for a token breaks.
fn violation(parts: &Parts, body: &[u8], token_uri: &str) -> Option<String> {
    if parts.method != Method::POST {
        return Some("the token server is asked with POST".to_owned());
    }
    let content_type = parts.headers.get(CONTENT_TYPE);
    if content_type.is_none_or(|value| value != "application/x-www-form-urlencoded") {
        return Some("the request for a token is not a form".to_owned());
    }
    let form: HashMap<_, _> = form_urlencoded::parse(body).collect();
    if form
        .get("grant_type")
        .is_none_or(|grant_type| grant_type != GRANT_TYPE)
    {
        return Some("the grant type is not that of an assertion".to_owned());
    }
    let Some(assertion) = form.get("assertion") else {
        return Some("there is no assertion".to_owned());
    };
    assertion_violation(assertion, token_uri)
}

fn assertion_violation(assertion: &str, token_uri: &str) -> Option<String> {
    let mut validation = Validation::new(Algorithm::RS256);
    // The client's clock may be a test's; only the length of the life is checked.
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
        return Some("the assertion does not live for up to an hour".to_owned());
    }
    None
}
