//! The credentials: a service account's key, or the machine's own account.

use std::{fmt, io, path::Path, time::SystemTime};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

/// The only scope that is requested.
pub(crate) const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// The lifetime of an assertion: the longest that Google accepts.
const ASSERTION_SECONDS: u64 = 3_600;
/// The URL of the token of the machine's own account on Google Cloud.
const METADATA_TOKEN_URL: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";

/// The source of access tokens.
#[derive(Debug, Clone)]
pub struct Credentials(pub(crate) Source);

#[derive(Debug, Clone)]
pub(crate) enum Source {
    ServiceAccount(ServiceAccount),
    Metadata(String),
}

impl Credentials {
    /// Reads a service account's key from a file, in the form that Google's console exports.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, CredentialsError> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path).map_err(|source| CredentialsError::File {
            path: path.display().to_string(),
            source,
        })?;
        Self::from_json(&SecretString::from(json))
    }

    /// Reads a service account's key from the text of such a file.
    pub fn from_json(json: &SecretString) -> Result<Self, CredentialsError> {
        ServiceAccount::parse(json.expose_secret())
            .map(|account| Self(Source::ServiceAccount(account)))
    }

    /// Uses the account of the Google Cloud machine or workload that this process runs on.
    pub fn metadata_server() -> Self {
        Self(Source::Metadata(METADATA_TOKEN_URL.into()))
    }

    /// Uses a metadata server whose token is at `url`. The URL must not have a query.
    pub fn metadata_server_at(url: &Url) -> Self {
        Self(Source::Metadata(url.to_string()))
    }

    /// Returns the project of the service account, or `None` if the credentials do not name one.
    pub fn project_id(&self) -> Option<&str> {
        match &self.0 {
            Source::ServiceAccount(account) => Some(&account.project_id),
            Source::Metadata(_) => None,
        }
    }
}

/// A service account's key.
#[derive(Clone)]
pub(crate) struct ServiceAccount {
    project_id: String,
    client_email: String,
    private_key_id: Option<String>,
    private_key: SecretString,
    token_uri: Url,
}

#[derive(Deserialize)]
struct ServiceAccountFile {
    r#type: Option<String>,
    project_id: Option<String>,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<SecretString>,
    token_uri: Option<String>,
}

/// RFC 7523 §3, with the scope that Google reads.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl ServiceAccount {
    fn parse(json: &str) -> Result<Self, CredentialsError> {
        // Serde's own message may quote the file, so it is dropped.
        let file: ServiceAccountFile =
            serde_json::from_str(json).map_err(|error| CredentialsError::Syntax {
                line: error.line(),
                column: error.column(),
            })?;
        let kind = present(file.r#type, "type")?;
        if kind != "service_account" {
            return Err(CredentialsError::NotAServiceAccount {
                kind: CredentialsKind::of(&kind),
            });
        }
        let token_uri = Url::parse(&present(file.token_uri, "token_uri")?)
            .ok()
            .filter(|uri| matches!(uri.scheme(), "http" | "https"))
            .ok_or(CredentialsError::TokenUri)?;
        let account = Self {
            project_id: present(file.project_id, "project_id")?,
            client_email: present(file.client_email, "client_email")?,
            private_key_id: file.private_key_id,
            private_key: file.private_key.ok_or(CredentialsError::Missing {
                field: "private_key",
            })?,
            token_uri,
        };
        // Finds an unusable key now, and not when the first message is due.
        account.assertion(SystemTime::UNIX_EPOCH)?;
        Ok(account)
    }

    pub(crate) fn token_uri(&self) -> &Url {
        &self.token_uri
    }

    /// Returns the signed assertion that is exchanged for an access token.
    pub(crate) fn assertion(&self, now: SystemTime) -> Result<SecretString, CredentialsError> {
        let iat = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: self.token_uri.as_str(),
            iat,
            exp: iat + ASSERTION_SECONDS,
        };
        let header = Header {
            kid: self.private_key_id.clone(),
            ..Header::new(Algorithm::RS256)
        };
        EncodingKey::from_rsa_pem(self.private_key.expose_secret().as_bytes())
            .and_then(|key| jsonwebtoken::encode(&header, &claims, &key))
            .map(SecretString::from)
            .map_err(|_| CredentialsError::PrivateKey)
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("project_id", &self.project_id)
            .finish_non_exhaustive()
    }
}

fn present(value: Option<String>, field: &'static str) -> Result<String, CredentialsError> {
    value
        .filter(|value| !value.trim().is_empty())
        .ok_or(CredentialsError::Missing { field })
}

/// Google's other kinds of credentials files. The text of the field is not repeated: the file may not be a credentials
/// file at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsKind {
    /// A person's login, as `gcloud auth application-default login` writes it.
    AuthorizedUser,
    /// Workload identity federation.
    ExternalAccount,
    /// One account acting as another.
    Impersonated,
    /// An unknown kind.
    Unknown,
}

impl CredentialsKind {
    fn of(kind: &str) -> Self {
        match kind {
            "authorized_user" => Self::AuthorizedUser,
            "external_account" => Self::ExternalAccount,
            "impersonated_service_account" => Self::Impersonated,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for CredentialsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthorizedUser => "a person's login",
            Self::ExternalAccount => "workload identity federation",
            Self::Impersonated => "an impersonated account",
            Self::Unknown => "of an unknown kind",
        })
    }
}

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file's path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The text is not a JSON object, or a field is not a string.
    #[error("the credentials are not a service account's JSON (line {line}, column {column})")]
    Syntax {
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, from 1.
        column: usize,
    },
    /// The file is another kind of credentials.
    #[error("the credentials are {kind}; a service account's key is needed")]
    NotAServiceAccount {
        /// The kind of the file.
        kind: CredentialsKind,
    },
    /// A field is absent or blank.
    #[error("the credentials have no {field}")]
    Missing {
        /// The field's name.
        field: &'static str,
    },
    /// `token_uri` is not an http(s) URL.
    #[error("the credentials' token_uri is not an http(s) URL")]
    TokenUri,
    /// `private_key` is not an RSA key in PEM that can sign.
    #[error("the credentials' private_key is not a usable RSA key in PEM")]
    PrivateKey,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_lc_rs::{
        encoding::AsDer,
        rsa::{KeyPair, KeySize},
        signature::KeyPair as _,
    };
    use base64::prelude::{BASE64_STANDARD, Engine};
    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::{Value, json};

    use super::*;

    fn key_pair() -> (KeyPair, String) {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let base64 = BASE64_STANDARD.encode(pair.as_der().unwrap().as_ref());
        (
            pair,
            format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
        )
    }

    fn file(private_key: &str) -> Value {
        json!({
            "type": "service_account",
            "project_id": "belay-test",
            "private_key_id": "key-1",
            "private_key": private_key,
            "client_email": "sender@belay-test.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        })
    }

    fn error(json: &str) -> CredentialsError {
        Credentials::from_json(&SecretString::from(json)).unwrap_err()
    }

    #[test]
    fn an_assertion_has_issuer_scope_audience_and_lifetime() {
        let (pair, pem) = key_pair();
        let account = ServiceAccount::parse(&file(&pem).to_string()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let assertion = account.assertion(now).unwrap();

        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.set_audience(&["https://oauth2.googleapis.com/token"]);
        let key = DecodingKey::from_rsa_der(pair.public_key().as_ref());
        let decoded =
            jsonwebtoken::decode::<Value>(assertion.expose_secret(), &key, &validation).unwrap();
        assert_eq!(decoded.header.kid.as_deref(), Some("key-1"));
        assert_eq!(
            decoded.claims,
            json!({
                "iss": "sender@belay-test.iam.gserviceaccount.com",
                "scope": "https://www.googleapis.com/auth/firebase.messaging",
                "aud": "https://oauth2.googleapis.com/token",
                "iat": 1_700_000_000,
                "exp": 1_700_003_600,
            })
        );
    }

    #[test]
    fn errors_locate_the_fault_without_quoting_the_file() {
        let cases = [
            ("hunter2", "line 1, column 1"),
            (r#"{"type": ["hunter2"]}"#, "line 1, column 9"),
            (r#"{"type": "hunter2"}"#, "of an unknown kind"),
            (r#"{"type": "authorized_user"}"#, "a person's login"),
            ("{}", "no type"),
        ];
        for (json, expected) in cases {
            let error = error(json);
            assert!(error.to_string().contains(expected), "{error}");
            assert!(
                !format!("{error:?} {error}").contains("hunter2"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        for field in ["project_id", "client_email", "private_key", "token_uri"] {
            let mut json = file("hunter2");
            json.as_object_mut().unwrap().remove(field);
            assert!(error(&json.to_string()).to_string().contains(field));
        }
    }

    #[test]
    fn an_unusable_key_is_refused_at_once() {
        let error = error(
            &file("-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n")
                .to_string(),
        );
        assert!(matches!(error, CredentialsError::PrivateKey), "{error:?}");
    }

    #[test]
    fn a_token_uri_must_be_a_web_address() {
        for uri in ["oauth2.googleapis.com", "file:///etc/passwd"] {
            let mut json = file("hunter2");
            json["token_uri"] = uri.into();
            assert!(matches!(
                error(&json.to_string()),
                CredentialsError::TokenUri
            ));
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Credentials::from_file("/nowhere/key.json").unwrap_err();
        assert_eq!(error.to_string(), "cannot read /nowhere/key.json");
    }

    #[test]
    fn debug_shows_only_the_project() {
        let (_, pem) = key_pair();
        let credentials =
            Credentials::from_json(&SecretString::from(file(&pem).to_string())).unwrap();
        assert_eq!(credentials.project_id(), Some("belay-test"));
        assert_eq!(
            format!("{credentials:?}"),
            r#"Credentials(ServiceAccount(ServiceAccount { project_id: "belay-test", .. }))"#
        );
    }
}
