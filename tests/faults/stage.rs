//! The set-up that every fault shares: members at work, servers, a push provider, and the comparison at the end.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::entropy::Entropy;
use support::fake_fcm::FakeFcm;
use support::promises::{Cast, Load, Members, Reckoned, Steady, Weathered, is_at_rest, reckon};
use support::{Program, TestApp, TestDatabase, TestServer, eventually};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long members go on after a fault before the result is read.
const WHILE: Duration = Duration::from_secs(2);

/// The result of a fault.
#[derive(Debug)]
pub enum Outcome {
    /// The service withstood it.
    Stood(Weathered, Box<Reckoned>, Vec<String>),
    /// This machine cannot cause it; the reason.
    Untried(&'static str),
    /// Something was lost, or the service did not recover.
    Failed(String),
}

impl Outcome {
    /// A failure with the message of a panic.
    pub fn failed(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        Self::Failed(said.unwrap_or("it panicked without a message").to_owned())
    }

    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Turns the result into a failure if nobody got an answer for longer than `seconds`.
    pub fn silent_for_at_most(self, seconds: u64) -> Self {
        match &self {
            Self::Stood(seen, ..) if seen.silence > Duration::from_secs(seconds) => {
                Self::Failed(format!("nobody was answered for {:?}", seen.silence))
            }
            _ => self,
        }
    }

    /// Returns the rest of its row in the table, after the name.
    pub fn row(&self) -> String {
        match self {
            Self::Stood(seen, kept, notes) => format!(
                "| {seen}{} | {:.1} | {:.1} | lost 0, sent again {} of {} |",
                notes
                    .iter()
                    .fold(String::new(), |all, note| all + "; " + note),
                seen.silence.as_secs_f64(),
                seen.recovered.as_secs_f64(),
                kept.again,
                kept.pushes,
            ),
            Self::Untried(why) => format!("| not tried: {why} | | | |"),
            Self::Failed(why) => format!("| FAILED: {} | | | |", why.replace('\n', " ")),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stood(seen, kept, notes) => {
                write!(f, "{seen}; p99 {:?}\n{kept}", seen.p99)?;
                notes.iter().try_for_each(|note| write!(f, "\n{note}"))
            }
            Self::Untried(why) => write!(f, "not tried: {why}"),
            Self::Failed(why) => write!(f, "FAILED: {why}"),
        }
    }
}

/// The set-up of a fault.
pub struct Stage {
    pub app: TestApp,
    pub fcm: FakeFcm,
    cast: Cast,
    load: Arc<Load>,
    /// Configuration of every server, in TOML.
    pub settings: String,
    _key: TempDir,
    pub servers: Vec<TestServer>,
    steady: Option<Steady>,
    members: Members,
    /// Remarks to print with the result.
    pub notes: Vec<String>,
}

impl Stage {
    /// Creates the members; no server runs yet.
    pub async fn set(database: TestDatabase) -> Self {
        Self::set_after(database, async |_| ()).await
    }

    /// Like [`Self::set`], but runs `first` before the members are created.
    pub async fn set_after(database: TestDatabase, first: impl AsyncFnOnce(&TestApp)) -> Self {
        let fcm = FakeFcm::start().await;
        fcm.set_latency(Duration::from_millis(20));
        let (settings, key) = fcm.toml();
        let settings =
            settings + "[worker]\nlease_seconds = 4\npoll_seconds = 1\n[log]\nlevel = \"warn\"\n";
        let app = TestApp::in_the_present(database).await;
        first(&app).await;
        let cast = Cast::gather(&app).await;
        let load = Arc::new(Load::new(cast.acts(&app, &Entropy::system())));
        Self {
            app,
            fcm,
            cast,
            load,
            settings,
            _key: key,
            servers: Vec::new(),
            steady: None,
            members: Members::default(),
            notes: Vec::new(),
        }
    }

    /// Sets the number of members at work, and the pause of each between two requests.
    pub const fn members(&mut self, count: usize, pace: Duration) {
        self.members = Members { count, pace };
    }

    /// Returns the call of a program, to be adapted and started.
    pub fn program(&self, arguments: &str) -> Program {
        let program = Program::new(arguments).database(self.app.database());
        program.toml(&self.settings)
    }

    /// Starts one more server.
    pub async fn serve(&mut self) {
        self.start(self.program("serve")).await;
    }

    /// Starts one more server with the given call.
    pub async fn start(&mut self, program: Program) {
        self.servers.push(TestServer::run(program).await);
        self.ask_all();
    }

    /// Starts a server in place of one that has ended.
    pub async fn start_again(&mut self, number: usize) {
        self.replace(number, self.program("serve")).await;
    }

    /// Starts a server with the given call in place of one that has ended.
    pub async fn replace(&mut self, number: usize, program: Program) {
        self.servers[number] = TestServer::run(program).await;
        self.ask_all();
    }

    /// Makes members use all servers that exist now.
    pub fn ask_all(&self) {
        if let Some(steady) = &self.steady {
            steady.ask(&self.servers.iter().collect::<Vec<_>>());
        }
    }

    /// Starts the members, runs the fault, waits until the service has recovered and nothing is due, and compares what
    /// members were told with what was kept.
    pub async fn through(mut self, fault: impl AsyncFnOnce(&mut Self)) -> Outcome {
        let servers = self.servers.iter().collect::<Vec<_>>();
        let steady = self.load.keep_up(self.members, &servers);
        steady.is_calm(Instant::now()).await;
        self.steady = Some(steady);
        let began = Instant::now();
        fault(&mut self).await;
        let healed = Instant::now();
        let steady = self.steady.take().expect("set above");
        steady.is_calm(healed).await;
        sleep(WHILE).await;
        let seen = steady.end(began, healed).await;
        let book = self.load.settle(&self.servers[0]).await;
        let app = &self.app;
        eventually("nothing is due any more", async || is_at_rest(app).await).await;
        let kept = reckon(app, &self.cast, &book, &self.fcm).await;
        Outcome::Stood(seen, Box::new(kept), self.notes)
    }
}

/// Waits while a fault lasts.
pub async fn lasts(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}
