//! The program with the fields and migrations that only tests have. Cargo builds it before each test run.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Acts as a newer release with extra migrations: see `migration::rehearsal`.
    if let Ok(steps) = std::env::var("UNDER_TEST_STEPS") {
        migration::rehearsal::add(steps);
    }
    api::cli::main()
}
