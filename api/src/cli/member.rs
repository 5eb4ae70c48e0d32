//! `belay member`: manages members.

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use entity::account::Role;

use super::{Failure, console, setup};
use crate::account::service::{self, SetRoleOutcome};
use crate::clock::Clock;
use crate::config;
use crate::secret_check::Caller;

/// The commands.
#[derive(Subcommand)]
pub enum MemberCommand {
    /// Set the role of a member.
    Role {
        /// The e-mail address of the account.
        email: String,
        /// The role.
        role: RoleName,
    },
}

/// A role, as the operator types it.
#[derive(Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Takes part.
    Member,
    /// Runs circles and meetings.
    Facilitator,
}

/// Runs the command.
pub fn command(file: Option<&Path>, command: &MemberCommand) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        let app = setup::app(config, Clock::system(), Caller::Command).await?;
        match command {
            MemberCommand::Role { email, role } => {
                let role = match role {
                    RoleName::Member => Role::Member,
                    RoleName::Facilitator => Role::Facilitator,
                };
                let set = service::set_role(&app, email, role).await;
                match set.map_err(|fault| Failure::message(fault.class()))? {
                    SetRoleOutcome::Set => {
                        console::say("Done. It takes effect with the next request.");
                        Ok(())
                    }
                    SetRoleOutcome::NoSuchAccount => {
                        Err(Failure::message("No account has this address."))
                    }
                    SetRoleOutcome::NotAnAddress => {
                        Err(Failure::message("That is no e-mail address."))
                    }
                }
            }
        }
    })
}
