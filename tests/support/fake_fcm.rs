//! A fake of Firebase Cloud Messaging and its token server, on a loopback socket.
//!
//! Both speak HTTP/1.1 and cleartext HTTP/2 on one port, with Google's limit of 100 concurrent streams. The fake
//! answers a message with the next [`Answer`] scripted for its address, or with the default answer if none is left. It
//! checks every request against Google's documented rules. It answers a violation with 400 and records it in
//! [`FakeFcm::violations`], which should be empty at the end of a test.

mod answer;
mod check;
mod oauth;
mod server;

use std::{
    collections::{HashMap, VecDeque},
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use hyper::{HeaderMap, Version};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use url::Url;

pub use self::{
    answer::{Answer, RetryAfter},
    oauth::TokenAnswer,
};

/// The id of the fake's project.
pub const PROJECT_ID: &str = "fake-project";
const CLIENT_EMAIL: &str = "sender@fake-project.iam.gserviceaccount.com";
const KEY_ID: &str = "fake-key";
const TOKEN_PATH: &str = "/token";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// A running fake. It stops when this is dropped. [`FakeFcm::stop`] also waits until it has stopped.
#[derive(Debug)]
pub struct FakeFcm {
    address: SocketAddr,
    shared: Arc<Shared>,
    shutdown: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// A message that the fake received.
#[derive(Debug, Clone)]
pub struct Received {
    /// The fid or token of the recipient. Empty if the message has neither.
    pub address: String,
    /// The request's body, or null if it is not JSON.
    pub body: Value,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's HTTP version.
    pub version: Version,
    /// The number of the connection, counted from 1.
    pub connection: u64,
    /// Whether the request had a valid access token of this fake.
    pub authorised: bool,
    /// The time of arrival.
    pub at: Instant,
}

#[derive(Debug)]
struct Shared {
    base_url: Url,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    scripts: HashMap<String, VecDeque<Answer>>,
    otherwise: Answer,
    latency: Duration,
    requests: Vec<Received>,
    violations: Vec<String>,
    accepted: u64,
    connections: u64,
    in_flight: usize,
    most_in_flight: usize,
    oauth: oauth::State,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl FakeFcm {
    /// Starts a fake on a free port. It accepts every message without delay.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            base_url: Url::parse(&format!("http://{address}")).unwrap(),
            state: Mutex::new(State {
                scripts: HashMap::new(),
                otherwise: Answer::Accept,
                latency: Duration::ZERO,
                requests: Vec::new(),
                violations: Vec::new(),
                accepted: 0,
                connections: 0,
                in_flight: 0,
                most_in_flight: 0,
                oauth: oauth::State::default(),
            }),
        });
        let (shutdown, receiver) = watch::channel(false);
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&shared), receiver));
        Self {
            address,
            shared,
            shutdown,
            serving,
        }
    }

    /// Stops accepting connections, and waits until open requests are answered. Stalled requests are answered with 503.
    pub async fn stop(self) {
        self.shutdown.send_replace(true);
        self.serving.await.unwrap();
    }

    /// Returns the base URL of the API.
    pub fn base_url(&self) -> Url {
        self.shared.base_url.clone()
    }

    /// Returns the socket's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL that exchanges assertions for access tokens.
    pub fn token_uri(&self) -> Url {
        self.shared.url(TOKEN_PATH)
    }

    /// Returns the URL of the fake metadata server.
    pub fn metadata_url(&self) -> Url {
        self.shared.url(METADATA_PATH)
    }

    /// Returns a service account key that the token server accepts, in the format of Google's console.
    pub fn service_account_json(&self) -> String {
        json!({
            "type": "service_account",
            "project_id": PROJECT_ID,
            "private_key_id": KEY_ID,
            "private_key": oauth::private_key_pem(),
            "client_email": CLIENT_EMAIL,
            "token_uri": self.token_uri(),
        })
        .to_string()
    }

    /// Returns the configuration that pushes to the fake, and the folder with the key. The folder must
    /// outlive the configuration.
    pub fn toml(&self) -> (String, TempDir) {
        let folder = TempDir::with_prefix("belay-key-").unwrap();
        let key = folder.path().join("key.json");
        fs::write(&key, self.service_account_json()).unwrap();
        let toml = format!(
            "[push]\ntransport = \"fcm\"\n[push.fcm]\ncredentials_file = {:?}\nbase_url = \"{}\"\n",
            key.display().to_string(),
            self.base_url()
        );
        (toml, folder)
    }

    /// Answers the next messages to `address` in this order. After that, the default answer applies.
    pub fn script(&self, address: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared
            .state()
            .scripts
            .entry(address.to_owned())
            .or_default()
            .extend(answers);
    }

    /// Sets the default answer, for messages without a script.
    pub fn otherwise(&self, answer: Answer) {
        self.shared.state().otherwise = answer;
    }

    /// Delays the answer to every message by this time.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.state().latency = latency;
    }

    /// Returns the messages received so far, in order of arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.state().requests.clone()
    }

    /// Returns the messages received so far for one address.
    pub fn requests_to(&self, address: &str) -> Vec<Received> {
        let mut requests = self.requests();
        requests.retain(|request| request.address == address);
        requests
    }

    /// Returns the violations of Google's rules so far, by requests to either server.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }

    /// Returns how many connections were opened so far.
    pub fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// Returns the highest number of messages that waited for an answer at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.state().most_in_flight
    }

    /// Answers the next token requests in this order. After that, the default answer applies.
    pub fn script_tokens(&self, answers: impl IntoIterator<Item = TokenAnswer>) {
        self.shared.state().oauth.script.extend(answers);
    }

    /// Sets the default answer, for token requests without a script.
    pub fn tokens_otherwise(&self, answer: TokenAnswer) {
        self.shared.state().oauth.otherwise = answer;
    }

    /// Returns how many token requests were made so far.
    pub fn token_requests(&self) -> usize {
        self.shared.state().oauth.requests
    }

    /// Revokes all access tokens issued so far.
    pub fn revoke_tokens(&self) {
        self.shared.state().oauth.revoke();
    }
}

impl Shared {
    fn url(&self, path: &str) -> Url {
        self.base_url.join(path).unwrap()
    }
}
