//! A server that is killed (SIGKILL) in the middle of its work loses nothing it acknowledged and nothing it owes.
//!
//! Twenty times over, a server process comes under load and is killed at a random moment. Complete answers
//! are remembered; unanswered requests are sent again, as a phone does. In the end one server runs undisturbed until
//! nothing is due, and every promise is checked in the database and at the push provider.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::entropy::Entropy;
use support::fake_fcm::FakeFcm;
use support::promises::{Cast, Load, is_at_rest, reckon};
use support::{TestApp, TestDatabase, TestServer, both, eventually};

const KILLS: usize = 20;
/// A server lives under load for less than this, in milliseconds, mostly counted from its first answer.
const LIFE: u64 = 700;
/// How long a push takes: long enough that some are in flight whenever the server dies.
const LATENCY: Duration = Duration::from_millis(20);
/// Set this to the seed that a run printed to repeat its choices, though not the machine's timing.
const SEED: &str = "BELAY_CRASH_SEED";

#[both]
async fn nothing_acknowledged_and_nothing_owed_is_lost_to_a_kill(database: TestDatabase) {
    let dice = Entropy::seeded(seed());
    let fcm = FakeFcm::start().await;
    fcm.set_latency(LATENCY);
    let (settings, _key) = fcm.toml();
    let settings =
        settings + "[worker]\nlease_seconds = 2\npoll_seconds = 1\n[log]\nlevel = \"warn\"\n";
    let app = TestApp::in_the_present(database).await;
    let cast = Cast::gather(&app).await;
    let load = Arc::new(Load::new(cast.acts(&app, &dice)));

    let (mut in_flight, mut acknowledged) = (0, 0);
    for round in 1..=KILLS {
        let mut server = TestServer::start(app.database(), &settings).await;
        let clients = load.put_on(&server);
        if round % 4 != 0 {
            clients.answered().await;
        }
        let life = Duration::from_millis(dice.below(LIFE));
        tokio::time::sleep(life).await;
        let killed = Instant::now();
        server.kill().await;
        let seen = clients.ended(killed).await;
        say(&format!("kill {round:2} after {life:5?}: {seen:?}"));
        in_flight += usize::from(seen.unanswered > 0);
        acknowledged += usize::from(seen.answered > 0);
    }
    // Otherwise the test has proved nothing.
    assert!(
        in_flight >= KILLS * 3 / 4,
        "{in_flight} kills met a request"
    );
    assert!(
        acknowledged >= KILLS * 3 / 4,
        "{acknowledged} lives were of use"
    );

    let server = TestServer::start(app.database(), &settings).await;
    let book = load.settle(&server).await;
    eventually("nothing is due any more", async || is_at_rest(&app).await).await;
    let outcome = reckon(&app, &cast, &book, &fcm).await;
    say(&outcome.to_string());
    fcm.stop().await;
}

fn seed() -> u64 {
    let seed = std::env::var(SEED).map_or_else(
        |_| Entropy::system().below(1_000_000),
        |seed| seed.parse().unwrap(),
    );
    say(&format!("{SEED}={seed}"));
    seed
}

/// Shown when the test fails, or with `--nocapture`.
#[allow(
    clippy::print_stdout,
    reason = "what a run met differs from run to run, and is wanted when one fails"
)]
fn say(text: &str) {
    println!("{text}");
}
