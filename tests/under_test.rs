//! The program with the fields and migrations that only tests have: cargo makes it anew before every run of them.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Makes it a newer program than there is: see `migration::rehearsal`.
    if let Ok(steps) = std::env::var("UNDER_TEST_STEPS") {
        migration::rehearsal::add(steps);
    }
    api::cli::main()
}
