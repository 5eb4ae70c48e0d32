//! Clocks that jump, by `libfaketime`.

use std::fs;
use std::path::Path;

use support::TestDatabase;
use tempfile::TempDir;

use crate::Fault;
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    (
        "a server's clock forty seconds ahead for 5 s, and set back",
        || Box::pin(jumps("+40s")),
    ),
    (
        "a server's clock forty seconds behind for 5 s, and set right",
        || Box::pin(jumps("-40s")),
    ),
];

/// The path of `libfaketime` on Debian.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

async fn jumps(by: &str) -> Outcome {
    if !Path::new(LIBRARY).exists() {
        return Outcome::Untried("there is no libfaketime: apt-get install faketime");
    }
    let folder = TempDir::with_prefix("belay-clock-").expect("a temporary folder");
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0").expect("a file");
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    let program = stage.program("serve");
    let program = program
        .env("LD_PRELOAD", LIBRARY)
        .env("FAKETIME_TIMESTAMP_FILE", &clock.display().to_string())
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    stage.start(program).await;
    stage.serve().await;
    stage
        .through(async |_| {
            fs::write(&clock, by).expect("a file");
            lasts(5).await;
            fs::write(&clock, "+0").expect("a file");
        })
        .await
}
