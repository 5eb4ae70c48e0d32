//! Firebase Cloud Messaging and its token server, on a loopback socket.
//!
//! Both speak HTTP/1.1 and cleartext HTTP/2 on one port, with the hundred concurrent streams that
//! Google's servers allow. A message is answered by the next [`Answer`] scripted for its address and
//! is accepted once none is left. Every request is held to what Google documents: one that breaks a
//! rule is answered with 400 and remembered in [`FakeFcm::violations`], which a test should find
//! empty.

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

/// The project that the fake is.
pub const PROJECT_ID: &str = "fake-project";
const CLIENT_EMAIL: &str = "sender@fake-project.iam.gserviceaccount.com";
const KEY_ID: &str = "fake-key";
const TOKEN_PATH: &str = "/token";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// A running fake. Dropped, it stops by itself; [`FakeFcm::stop`] also waits for that.
#[derive(Debug)]
pub struct FakeFcm {
    address: SocketAddr,
    shared: Arc<Shared>,
    shutdown: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// A message as the fake received it, in the order of arrival.
#[derive(Debug, Clone)]
pub struct Received {
    /// The fid or the token it is addressed to; empty if it has neither.
    pub address: String,
    /// The request's body; null if it is no JSON.
    pub body: Value,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's protocol.
    pub version: Version,
    /// Which connection it came over, counted from 1.
    pub connection: u64,
    /// Whether it carried an access token that was issued and is still valid.
    pub authorised: bool,
    /// When it arrived.
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
    /// Starts a fake on a free port, which accepts every message without delay.
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

    /// Stops accepting connections, lets what is being answered end, and waits for that. Messages
    /// that are being stalled are let go.
    pub async fn stop(self) {
        self.shutdown.send_replace(true);
        self.serving.await.unwrap();
    }

    /// Where messages are sent to.
    pub fn base_url(&self) -> Url {
        self.shared.base_url.clone()
    }

    /// The socket's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where assertions are exchanged for access tokens.
    pub fn token_uri(&self) -> Url {
        self.shared.url(TOKEN_PATH)
    }

    /// Where the fake is a metadata server.
    pub fn metadata_url(&self) -> Url {
        self.shared.url(METADATA_PATH)
    }

    /// A service account's key that the token server accepts, as Google's console would export it.
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

    /// The configuration that pushes to it, and the folder with the key, which must outlive its use.
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

    /// Answers the next messages to `address` in this order, then as every other.
    pub fn script(&self, address: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared
            .state()
            .scripts
            .entry(address.to_owned())
            .or_default()
            .extend(answers);
    }

    /// Answers every message that has no script of its own this way.
    pub fn otherwise(&self, answer: Answer) {
        self.shared.state().otherwise = answer;
    }

    /// Answers every message only after this time.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.state().latency = latency;
    }

    /// The messages received so far.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.state().requests.clone()
    }

    /// The messages received so far for one address.
    pub fn requests_to(&self, address: &str) -> Vec<Received> {
        let mut requests = self.requests();
        requests.retain(|request| request.address == address);
        requests
    }

    /// Which of Google's rules the requests so far broke, to both servers.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// How many messages waited for their answer at one time, at most.
    pub fn most_in_flight(&self) -> usize {
        self.shared.state().most_in_flight
    }

    /// Answers the next requests for a token in this order, then as every other.
    pub fn script_tokens(&self, answers: impl IntoIterator<Item = TokenAnswer>) {
        self.shared.state().oauth.script.extend(answers);
    }

    /// Answers every request for a token that has no script this way, from now on.
    pub fn tokens_otherwise(&self, answer: TokenAnswer) {
        self.shared.state().oauth.otherwise = answer;
    }

    /// How many requests for a token were made so far.
    pub fn token_requests(&self) -> usize {
        self.shared.state().oauth.requests
    }

    /// Accepts none of the access tokens issued so far any longer.
    pub fn revoke_tokens(&self) {
        self.shared.state().oauth.revoke();
    }
}

impl Shared {
    fn url(&self, path: &str) -> Url {
        self.base_url.join(path).unwrap()
    }
}
