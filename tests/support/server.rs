//! A server process, as apps and operators use it: through sockets, signals and its output.

use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::account::token;
use api::clock::Clock;
use api::keys::Keys;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::TestDatabase;
use crate::process::{self, PeakGrowth};
use crate::program::{Program, SECRET};

/// The limit of each wait. It is long, because the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between two checks.
const PAUSE: Duration = Duration::from_millis(20);

/// A running `belay serve` or `belay worker`. It is killed when this is dropped. The test owns the database, so another
/// server can take over.
pub struct TestServer {
    child: Child,
    base: String,
    client: reqwest::Client,
    written: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

impl TestServer {
    /// Starts the API and the worker with this configuration, as TOML. Waits until the server is ready.
    pub async fn start(database: &TestDatabase, toml: &str) -> Self {
        Self::run(Program::new("serve").database(database).toml(toml)).await
    }

    /// Starts a server with the test's own command. Waits until it is ready.
    pub async fn run(program: Program) -> Self {
        let mut server = Self::spawn(program.env("BELAY_HTTP__BIND", "127.0.0.1:0"));
        server.base = server.said_after("Belay listens on ").await;
        server.eventually_ready().await;
        server
    }

    /// Starts a separate worker. Its address is the one for operators.
    pub async fn worker(database: &TestDatabase, toml: &str) -> Self {
        Self::work(Program::new("worker").database(database).toml(toml)).await
    }

    /// Starts a separate worker with the test's own command.
    pub async fn work(program: Program) -> Self {
        let mut worker = Self::spawn(program.env("BELAY_OPERATIONS__BIND", "127.0.0.1:0"));
        worker.base = worker.said_after("Operators ask at ").await;
        worker.eventually_ready().await;
        worker
    }

    fn spawn(program: Program) -> Self {
        let (mut command, folder) = program.command();
        let mut child = command.spawn().expect("the program starts");
        let written = Arc::default();
        let readers = vec![
            gather(child.stdout.take(), &written),
            gather(child.stderr.take(), &written),
        ];
        Self {
            child,
            base: String::new(),
            client: reqwest::Client::builder()
                .build()
                .expect("the HTTP client is built"),
            written,
            readers,
            _folder: folder,
        }
    }

    async fn eventually_ready(&mut self) {
        let readyz = self.url("/readyz");
        self.until(async |server: &mut Self| {
            let answer = server.client.get(&readyz).send().await;
            // If operations.bind is set, this address has no /readyz and answers 404.
            let status = answer.ok()?.status();
            (status == 200 || status == 404).then_some(())
        })
        .await;
    }

    /// Waits for a line that begins with `words`. Returns the rest of the first such line.
    pub async fn said_after(&mut self, words: &str) -> String {
        self.until(async |server: &mut Self| {
            let written = server.written();
            let mut lines = written
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            let rest = lines.find_map(|line| line.strip_prefix(words))?;
            Some(rest.trim_end().to_owned())
        })
        .await
    }

    async fn until<T>(&mut self, mut look: impl AsyncFnMut(&mut Self) -> Option<T>) -> T {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(found) = look(self).await {
                    return found;
                }
                if let Ok(Some(status)) = self.child.try_wait() {
                    tokio::time::sleep(PAUSE).await;
                    panic!("the server ended with {status}:\n{}", self.written());
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        let waited = waited.await;
        waited.unwrap_or_else(|_| panic!("the wait timed out:\n{}", self.written()))
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns host and port, for a test that opens its own socket.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Returns the standard output and standard error so far.
    pub fn written(&self) -> String {
        self.written.lock().expect("no reader panics").clone()
    }

    /// Returns an access token of a member. It is valid for ten minutes, if the server uses the system's clock.
    pub fn token(who: SignedIn) -> String {
        let now = Clock::system().now();
        let lives = TimeDelta::minutes(10);
        let keys = Keys::derive(&SECRET.into());
        token::issue(&keys, who, 0, now + lives).expect("the token is issued")
    }

    /// Sends a document to the API. Returns the answer's body.
    pub async fn graphql(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.client.post(self.url("/graphql")).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("the server answers");
        answer.json().await.expect("the answer is JSON")
    }

    /// Returns a request to a path. The caller completes and sends it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Sends a GET request to a path.
    pub async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        request.send().await.expect("the server answers")
    }

    /// Sends a POST request with this body.
    pub async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let request = self.client.post(self.url(path));
        let request = request.header("content-type", content_type).body(body);
        request.send().await.expect("the server answers")
    }

    /// Returns the processor time of the server, in hundredths of a second.
    pub fn cpu_ticks(&self) -> u64 {
        process::cpu_ticks(self.id())
    }

    /// Starts to measure the peak growth of the server's memory.
    pub fn peak_growth_from_here(&self) -> PeakGrowth {
        PeakGrowth::from_here(self.id())
    }

    /// Returns the peak of the server's memory so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        process::peak(self.id())
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// Asks the server to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal to the server, by its short name.
    pub fn signal(&self, name: &str) {
        process::signal(self.id(), name);
    }

    /// Kills the server (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the server runs");
    }

    /// Waits until the server has ended and all of its output is read.
    pub async fn ended(&mut self) -> ExitStatus {
        let waited = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let waited =
            waited.unwrap_or_else(|_| panic!("the server does not end:\n{}", self.written()));
        for reader in self.readers.drain(..) {
            let read = tokio::time::timeout(PATIENCE, reader).await;
            read.expect("the pipe closes").expect("no reader panics");
        }
        waited.expect("the server can be waited for")
    }
}

/// Waits until `look` returns true. Panics after a minute.
pub async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !look().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "the wait timed out: {what}");
}

fn gather(
    from: Option<impl AsyncRead + Unpin + Send + 'static>,
    written: &Arc<Mutex<String>>,
) -> JoinHandle<()> {
    let written = Arc::clone(written);
    let mut lines = BufReader::new(from.expect("the output is piped")).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut written = written.lock().expect("no reader panics");
            written.push_str(&line);
            written.push('\n');
        }
    })
}
