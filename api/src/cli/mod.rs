//! The command line. Commands print results to standard output and errors to standard error. Exit codes: 0 done, 1 not
//! done, 2 wrong arguments or wrong configuration.

mod circle;
mod console;
mod demo;
mod doctor;
mod exposure;
mod listeners;
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
    /// A TOML file with settings that override the defaults. Without it, belay.toml in the working directory is read if
    /// it exists. The environment overrides both: `BELAY_DATABASE__URL` sets database.url.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service: the API and a worker. SIGTERM or Ctrl-C ends it once running requests are finished; a second
    /// signal ends it at once.
    Serve {
        /// Leave the background work to processes started with `belay worker`.
        #[arg(long)]
        no_worker: bool,
        /// Development only: start the clock at this instant, such as 2026-03-28T22:00:00Z.
        #[arg(long, value_name = "INSTANT")]
        at: Option<DateTime<Utc>>,
    },
    /// Run the background work alone: mail, reminders, pushes. Any number of workers may run. With operations.bind a
    /// worker answers /healthz, /readyz and /metrics there.
    Worker,
    /// Make up a community in a fresh embedded database and serve it: to try Belay, and to develop an app against it.
    /// Mail and pushes appear on this terminal.
    Demo {
        /// Start the clock at this instant, such as 2026-03-28T22:00:00Z.
        #[arg(long, value_name = "INSTANT")]
        at: Option<DateTime<Utc>>,
    },
    /// Migrate the database's schema; create an embedded database that does not exist. Several at once wait for each
    /// other.
    Migrate,
    /// Check configuration, database, secrets, mail and push, and say what to mend. Exits with 1 if something must be
    /// mended.
    Doctor,
    /// Manage circles.
    Circle {
        /// The command.
        #[command(subcommand)]
        command: circle::CircleCommand,
    },
    /// Prepare a restored copy of the database, before anything else is started on it: end every session, make every
    /// phone load everything again, and repeat the erasures since.
    Restore(restore::RestoreArgs),
    /// Manage members.
    Member {
        #[command(subcommand)]
        command: member::MemberCommand,
    },
    /// Manage the secrets.
    Secret {
        #[command(subcommand)]
        command: secret::SecretCommand,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// Why a command failed.
enum Failure {
    /// The configuration is wrong.
    Config(ConfigError),
    /// Another reason, in full sentences.
    Message(String),
    /// The reason was printed already, or there is nothing to print.
    Silent,
}

impl Failure {
    fn message(what: impl Display) -> Self {
        Self::Message(what.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// Runs the command of the arguments.
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
        Err(Failure::Message(what)) => {
            console::complain(&what);
            ExitCode::FAILURE
        }
        Err(Failure::Silent) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn write_help(command: &mut clap::Command, written: &mut String) {
        let help = command.render_long_help().to_string();
        written.extend([help.as_str(), "\n----\n"]);
        for subcommand in command.get_subcommands_mut() {
            write_help(subcommand, written);
        }
    }

    #[test]
    fn the_help_of_every_command_matches_its_snapshot() {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let mut written = String::new();
        write_help(&mut command, &mut written);
        insta::assert_snapshot!("help", written);
    }
}
