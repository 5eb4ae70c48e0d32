//! The command line. What a command prints is for the person at the terminal and goes to standard
//! output; complaints go to standard error. Exit codes: 0 done, 1 not done, 2 wrongly asked or wrongly
//! configured.

mod circle;
mod console;
mod demo;
mod doctor;
mod doors;
mod exposure;
mod member;
mod migrate;
mod restore;
mod secret;
mod serve;
mod setup;

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

use crate::config::ConfigError;

/// Belay: peer support for men. The service, its worker, and what an operator needs.
#[derive(Parser)]
#[command(name = "belay", version, about)]
struct Cli {
    /// A TOML file with settings over the defaults; without it, belay.toml in the working directory where
    /// there is one. The environment goes over both: `BELAY_DATABASE__URL` sets database.url.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service: the API, and the worker beside it. Ends on SIGTERM or Ctrl-C once what was begun
    /// is finished; a second signal ends it at once.
    Serve {
        /// Leave the background work to processes started with `belay worker`.
        #[arg(long)]
        no_worker: bool,
        /// Development only: start the clock at this instant, such as 2026-03-28T22:00:00Z.
        #[arg(long, value_name = "INSTANT")]
        at: Option<DateTime<Utc>>,
    },
    /// Run the background work alone: mail, reminders, nudges. Any number may run side by side. With
    /// operations.bind it answers /healthz, /readyz and /metrics there.
    Worker,
    /// Make up a community in a fresh embedded database, and serve it: to try Belay, and to develop an app
    /// against it. Mail and nudges appear here.
    Demo {
        /// Start the clock at this instant, such as 2026-03-28T22:00:00Z.
        #[arg(long, value_name = "INSTANT")]
        at: Option<DateTime<Utc>>,
    },
    /// Bring the database's schema up to date; make an embedded database that is not there. Several at once wait for
    /// each other.
    Migrate,
    /// Check configuration, database, secret, mail and push, and say what to mend. Exits with 1 when
    /// something must be mended.
    Doctor,
    /// Look after circles.
    Circle {
        /// What to do.
        #[command(subcommand)]
        command: circle::CircleCommand,
    },
    /// After a copy of the database was put back, and before anything is started on it: end every session, have every
    /// phone begin anew, and erase again who was erased since.
    Restore(restore::RestoreArgs),
    /// Look after members.
    Member {
        #[command(subcommand)]
        command: member::MemberCommand,
    },
    /// Look after the secrets.
    Secret {
        #[command(subcommand)]
        command: secret::SecretCommand,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// Why a command was not done.
enum Failure {
    /// The settings do not allow it.
    Config(ConfigError),
    /// Something else, said in full sentences.
    Told(String),
    /// The complaint has been made already, or there is nothing to add.
    Silent,
}

impl Failure {
    fn told(what: impl Display) -> Self {
        Self::Told(what.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let file = config.as_deref();
    let done = match command {
        Command::Serve { no_worker, at } => {
            let roles = serve::Roles {
                api: true,
                worker: !no_worker,
            };
            serve::command(file, roles, at)
        }
        Command::Worker => {
            let roles = serve::Roles {
                api: false,
                worker: true,
            };
            serve::command(file, roles, None)
        }
        Command::Demo { at } => demo::command(file, at),
        Command::Migrate => migrate::command(file),
        Command::Restore(arguments) => restore::command(file, &arguments),
        Command::Doctor => doctor::command(file),
        Command::Circle { command } => circle::command(file, &command),
        Command::Member { command } => member::command(file, &command),
        Command::Secret { command } => secret::command(file, &command),
        Command::Schema => console::print(&crate::schema::sdl()).map_err(|_| Failure::Silent),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(error)) => {
            console::complain(&error);
            ExitCode::from(2)
        }
        Err(Failure::Told(what)) => {
            console::complain(&what);
            ExitCode::FAILURE
        }
        Err(Failure::Silent) => ExitCode::FAILURE,
    }
}
