//! What every fault has: members under way, servers, a push provider, and the reckoning in the end.

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

/// Before and after a fault.
const WHILE: Duration = Duration::from_secs(2);

/// What became of a fault.
#[derive(Debug)]
pub enum Outcome {
    /// The service stood it.
    Stood(Weathered, Box<Reckoned>, Vec<String>),
    /// This machine cannot do it.
    Untried(&'static str),
    /// Something was lost, or never became healthy.
    Failed(String),
}

impl Outcome {
    /// What it gave up with.
    pub fn failed(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        Self::Failed(said.unwrap_or("it gave up").to_owned())
    }

    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Fails what left everybody without an answer for longer.
    pub fn silent_for_at_most(self, seconds: u64) -> Self {
        match &self {
            Self::Stood(seen, ..) if seen.silence > Duration::from_secs(seconds) => {
                Self::Failed(format!("nobody was answered for {:?}", seen.silence))
            }
            _ => self,
        }
    }

    /// The rest of its line in the table.
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

/// See the module.
pub struct Stage {
    pub app: TestApp,
    pub fcm: FakeFcm,
    cast: Cast,
    load: Arc<Load>,
    /// Of every server.
    pub settings: String,
    _key: TempDir,
    pub servers: Vec<TestServer>,
    steady: Option<Steady>,
    members: Members,
    /// What is told beside the table.
    pub notes: Vec<String>,
}

impl Stage {
    /// Everybody is there, and nothing runs yet.
    pub async fn set(database: TestDatabase) -> Self {
        Self::set_after(database, async |_| ()).await
    }

    /// The same, after something that comes before everybody.
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

    /// Has so many members go on, each with such a pause between two requests.
    pub const fn members(&mut self, count: usize, pace: Duration) {
        self.members = Members { count, pace };
    }

    /// A server's call, to be dressed and started.
    pub fn program(&self, arguments: &str) -> Program {
        let program = Program::new(arguments).database(self.app.database());
        program.toml(&self.settings)
    }

    /// Starts one more server.
    pub async fn serve(&mut self) {
        self.start(self.program("serve")).await;
    }

    /// Starts one more server by a call of one's own.
    pub async fn start(&mut self, program: Program) {
        self.servers.push(TestServer::run(program).await);
        self.ask_all();
    }

    /// Starts a server in the place of one that has ended.
    pub async fn start_again(&mut self, number: usize) {
        self.replace(number, self.program("serve")).await;
    }

    /// Starts a server by a call of one's own in the place of one that has ended.
    pub async fn replace(&mut self, number: usize, program: Program) {
        self.servers[number] = TestServer::run(program).await;
        self.ask_all();
    }

    /// Has members ask every server there is now.
    pub fn ask_all(&self) {
        if let Some(steady) = &self.steady {
            steady.ask(&self.servers.iter().collect::<Vec<_>>());
        }
    }

    /// Puts the members on, lets the fault happen and end, waits until everything is well again, and reckons.
    pub async fn through(mut self, fault: impl AsyncFnOnce(&mut Self)) -> Outcome {
        let servers = self.servers.iter().collect::<Vec<_>>();
        let steady = self.load.keep_up(self.members, &servers);
        steady.is_calm(Instant::now()).await;
        self.steady = Some(steady);
        let began = Instant::now();
        fault(&mut self).await;
        let healed = Instant::now();
        let steady = self.steady.take().expect("put on above");
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

/// A while in which a fault lasts.
pub async fn lasts(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}
