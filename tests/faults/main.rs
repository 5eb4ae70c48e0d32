//! Fault injection against real processes: processes that are killed, stopped, frozen and upgraded, databases that
//! crash, go silent or fill up, clocks that jump, providers that hang, and strangers who flood. Members go on all the
//! while. Every answer they get is recorded, and at the end compared with the database, the API and the push provider.
//!
//! `tests/faults/run` runs them and prints a table.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic with a message; the table is for people to read"
)]

mod clocks;
mod cluster;
mod databases;
mod disks;
mod flood;
mod people;
mod processes;
mod providers;
mod rolling;
mod stage;
mod standby;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use self::stage::Outcome;

/// A fault: its name and the function that runs it.
type Fault = (&'static str, fn() -> LocalBoxFuture<'static, Outcome>);

fn main() -> ExitCode {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let faults = [
        processes::FAULTS,
        rolling::FAULTS,
        databases::FAULTS,
        standby::FAULTS,
        disks::FAULTS,
        clocks::FAULTS,
        providers::FAULTS,
        flood::FAULTS,
    ];
    let faults = faults.into_iter().flatten();
    if chosen.iter().any(|word| word == "--list") {
        faults.for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let is_chosen =
        |name: &str| chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut table = Vec::new();
    for (name, fault) in faults.filter(|(name, _)| is_chosen(name)) {
        let began = Instant::now();
        println!("== {name}");
        let ended = runtime.block_on(AssertUnwindSafe(async { fault().await }).catch_unwind());
        let outcome = ended.unwrap_or_else(|panic| Outcome::failed(panic.as_ref()));
        println!("{outcome}\n== {} s", began.elapsed().as_secs());
        table.push((name, outcome));
    }
    println!("\n| fault | what members saw | s without an answer | s until healthy | kept |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, outcome) in &table {
        println!("| {name} {}", outcome.row());
    }
    if table.iter().any(|(_, outcome)| outcome.is_failure()) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
