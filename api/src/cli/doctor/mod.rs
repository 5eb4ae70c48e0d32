//! `belay doctor`: checks an installation before members depend on it, and says how to mend each fault. It changes
//! nothing, sends nothing to anybody, and shows no secret.

mod backup;
mod bus;
mod database;
mod descriptors;
mod documents;
mod installation;
mod outgoing;
mod secret;
mod work;
mod zones;

use std::path::Path;

use super::{Failure, console, exposure, setup};
use crate::clock::Clock;
use crate::config::{self, Config, Mode};

/// The result of one check.
pub enum Finding {
    /// Correct.
    Fine(String),
    /// It works, but may not be intended.
    Note(String),
    /// It does not work: what is wrong, and what to do.
    Mend(String, String),
}

/// The results of all checks, by name.
#[derive(Default)]
pub struct Findings(Vec<(&'static str, Finding)>);

impl Findings {
    fn fine(&mut self, what: &'static str, text: impl Into<String>) {
        self.0.push((what, Finding::Fine(text.into())));
    }

    fn note(&mut self, what: &'static str, text: impl Into<String>) {
        self.0.push((what, Finding::Note(text.into())));
    }

    fn mend(&mut self, what: &'static str, wrong: impl Into<String>, todo: impl Into<String>) {
        self.0
            .push((what, Finding::Mend(wrong.into(), todo.into())));
    }

    /// Prints a line for each result. Returns how many things are to be mended.
    fn print(&self) -> usize {
        let mut to_mend = 0;
        for (what, finding) in &self.0 {
            match finding {
                Finding::Fine(text) => console::say(format!("ok    {what}: {text}")),
                Finding::Note(text) => console::say(format!("note  {what}: {text}")),
                Finding::Mend(wrong, todo) => {
                    to_mend += 1;
                    console::say(format!("mend  {what}: {wrong}\n      {todo}"));
                }
            }
        }
        to_mend
    }
}

/// Runs all checks.
pub fn command(file: Option<&Path>) -> Result<(), Failure> {
    let mut findings = Findings::default();
    match config::load(file) {
        Ok(config) => {
            crate::telemetry::init(&config.log);
            findings.fine("configuration", "every key has a value it may have");
            mode(&config, &mut findings);
            secret::check(&config, &mut findings);
            files(&config, file, &mut findings);
            documents::check(&config, &mut findings);
            backup::check(&config, &mut findings);
            descriptors::check(&config, &mut findings);
            let zones = zones::check(&config, &mut findings);
            setup::block_on(async {
                let clock = Clock::system();
                clock_sanity(&clock, &mut findings);
                installation::check(&config, &clock, &mut findings);
                Box::pin(database::check(
                    &config,
                    &clock,
                    zones.as_ref(),
                    &mut findings,
                ))
                .await;
                outgoing::mail(&config, &mut findings).await;
                outgoing::push(&config, &clock, &mut findings).await;
                bus::check(&config, &mut findings).await;
                Ok(())
            })?;
        }
        // Nothing else can be checked without a configuration.
        Err(error) => {
            for fault in error.0 {
                let todo = if fault.allowed.is_empty() {
                    "See config.default.toml.".to_owned()
                } else {
                    format!("Set it to {}.", fault.allowed)
                };
                findings.mend(
                    "configuration",
                    format!("{}: {}", fault.key, fault.fault),
                    todo,
                );
            }
        }
    }
    match findings.print() {
        0 => {
            console::say("Nothing to mend.");
            Ok(())
        }
        1 => Err(Failure::message("One thing to mend.")),
        several => Err(Failure::message(format!("{several} things to mend."))),
    }
}

/// Checks the mode, and pairs of settings that are allowed but seldom intended.
fn mode(config: &Config, findings: &mut Findings) {
    match config.mode {
        Mode::Development => findings.note(
            "mode",
            "development: GraphiQL and the clock are open to everybody who can reach this address",
        ),
        Mode::Production => {
            findings.fine(
                "mode",
                "production: no development mailer, transport or secret",
            );
            if config.operations.bind.is_none() {
                findings.note(
                    "operations.bind",
                    "empty: /metrics is served beside the API, to everybody",
                );
            }
            let believes_nobody =
                config.http.trusted_proxies == 0 && config.http.proxies.is_empty();
            if believes_nobody && config.http.bind.ip().is_loopback() {
                findings.note(
                    "http.proxies",
                    "empty, but only a proxy on this machine can reach http.bind: every member would have \
                     the proxy's address, and share its limits",
                );
            }
        }
    }
}

/// Reports files that other users of this machine can open.
fn files(config: &Config, file: Option<&Path>, findings: &mut Findings) {
    const WHAT: &str = "files";
    let exposed = exposure::look(config, file);
    if exposed.is_empty() {
        findings.fine(
            WHAT,
            "nobody else can open those with secrets or members' data",
        );
    }
    for exposed in exposed {
        if exposed.may_be_meant() {
            let text = format!(
                "{}: fine if that group is yours, otherwise {}",
                exposed.wrong(),
                exposed.todo()
            );
            findings.note(WHAT, text);
        } else {
            findings.mend(WHAT, exposed.wrong(), exposed.todo());
        }
    }
}

/// Checks this machine's clock, which tokens and reminders depend on.
fn clock_sanity(clock: &Clock, findings: &mut Findings) {
    /// When this was written: 2026-11-01.
    const WRITTEN: i64 = 1_793_491_200;
    let now = clock.now();
    if now.timestamp() < WRITTEN {
        findings.mend(
            "clock",
            format!("this machine believes it is {now}"),
            "Set its clock, and keep it right with NTP (timedatectl set-ntp true).",
        );
    } else {
        findings.fine("clock", format!("{}", now.format("%Y-%m-%d %H:%M:%S UTC")));
    }
}
