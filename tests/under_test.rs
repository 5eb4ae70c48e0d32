//! The program with the fields that only tests have: cargo makes it anew before every run of them.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::main()
}
