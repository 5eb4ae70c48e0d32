//! A server process, as apps and operators meet it: over sockets, by signals, and in what it writes.

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

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// A running `belay serve`, killed when this is dropped. The database is the test's, so that another server
/// can take over.
pub struct TestServer {
    child: Child,
    base: String,
    client: reqwest::Client,
    written: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

impl TestServer {
    /// Starts the API and the worker with some keys set, as TOML, and waits until it is ready.
    pub async fn start(database: &TestDatabase, toml: &str) -> Self {
        Self::run(Program::new("serve").database(database).toml(toml)).await
    }

    /// Starts a server with arguments and variables of the test's own.
    pub async fn run(program: Program) -> Self {
        let mut server = Self::spawn(program.env("BELAY_HTTP__BIND", "127.0.0.1:0"));
        server.base = server.said_after("Belay listens on ").await;
        server.eventually_ready().await;
        server
    }

    /// Starts a worker beside servers; its address is that of its operators.
    pub async fn worker(database: &TestDatabase, toml: &str) -> Self {
        Self::work(Program::new("worker").database(database).toml(toml)).await
    }

    /// Starts a worker by a call of the test's own.
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
            client: reqwest::Client::builder().build().expect("an HTTP client"),
            written,
            readers,
            _folder: folder,
        }
    }

    async fn eventually_ready(&mut self) {
        let readyz = self.url("/readyz");
        self.until(async |server: &mut Self| {
            let answer = server.client.get(&readyz).send().await;
            // Beside operations.bind there is no /readyz here.
            let status = answer.ok()?.status();
            (status == 200 || status == 404).then_some(())
        })
        .await;
    }

    /// What follows `words` on the first line that begins with them; waits for it.
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
        waited.unwrap_or_else(|_| panic!("waited in vain:\n{}", self.written()))
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Host and port, for a socket of one's own.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Everything written so far to standard output and standard error.
    pub fn written(&self) -> String {
        self.written.lock().expect("no reader panics").clone()
    }

    /// An access token of a member, good for ten minutes of the server's time when that is the system's.
    pub fn token(who: SignedIn) -> String {
        let now = Clock::system().now();
        let lives = TimeDelta::minutes(10);
        let keys = Keys::derive(&SECRET.into());
        token::issue(&keys, who, 0, now + lives).expect("a token")
    }

    /// Asks the API; the answer's body.
    pub async fn graphql(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.client.post(self.url("/graphql")).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        answer.json().await.expect("an answer in JSON")
    }

    /// A request to a path, to be dressed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        request.send().await.expect("an answer")
    }

    /// Posts a body.
    pub async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let request = self.client.post(self.url(path));
        let request = request.header("content-type", content_type).body(body);
        request.send().await.expect("an answer")
    }

    /// The processor time it has taken, in hundredths of a second.
    pub fn cpu_ticks(&self) -> u64 {
        process::cpu_ticks(self.id())
    }

    /// From here on, how far its memory grows at most.
    pub fn peak_growth_from_here(&self) -> PeakGrowth {
        PeakGrowth::from_here(self.id())
    }

    /// The bytes it has had in use at once, at most, so far.
    pub fn peak_memory(&self) -> u64 {
        process::peak(self.id())
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a running server")
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, by its short name.
    pub fn signal(&self, name: &str) {
        process::signal(self.id(), name);
    }

    /// Ends it at once (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a running server");
    }

    /// Waits until it has ended, and everything it has written is there to be read.
    pub async fn ended(&mut self) -> ExitStatus {
        let waited = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let waited = waited.unwrap_or_else(|_| panic!("it does not end:\n{}", self.written()));
        for reader in self.readers.drain(..) {
            let read = tokio::time::timeout(PATIENCE, reader).await;
            read.expect("its pipes end with it").expect("a reader");
        }
        waited.expect("a child's end can be waited for")
    }
}

/// Looks again and again until it is so; fails when it never is.
pub async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !look().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "waited in vain: {what}");
}

fn gather(
    from: Option<impl AsyncRead + Unpin + Send + 'static>,
    written: &Arc<Mutex<String>>,
) -> JoinHandle<()> {
    let written = Arc::clone(written);
    let mut lines = BufReader::new(from.expect("a pipe")).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut written = written.lock().expect("no reader panics");
            written.push_str(&line);
            written.push('\n');
        }
    })
}
