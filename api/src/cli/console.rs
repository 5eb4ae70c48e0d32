//! The terminal. A closed one is no reason to stop, so nothing here fails but [`print`].

use std::fmt::Display;
use std::io::{self, Write as _};

/// Says a line to the person who gave the command.
pub fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says what kept the command from being done.
pub fn complain(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes text that is a command's whole result.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
