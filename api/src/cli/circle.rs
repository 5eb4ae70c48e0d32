//! `belay circle`: manages circles.

use std::path::Path;

use clap::Subcommand;
use entity::{CircleId, MemberId};
use uuid::Uuid;

use super::{Failure, console, setup};
use crate::circle::service::{self, Appointed};
use crate::clock::Clock;
use crate::config;
use crate::secret_check::Caller;

/// The commands.
#[derive(Subcommand)]
pub enum CircleCommand {
    /// List the circles without a facilitator.
    Unled,
    /// Appoint a facilitator of a circle.
    Appoint {
        /// The circle's id, a UUID.
        circle: Uuid,
        /// The member's id, a UUID.
        member: Uuid,
    },
}

/// Runs the command.
pub fn command(file: Option<&Path>, command: &CircleCommand) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        let app = setup::app(config, Clock::system(), Caller::Command).await?;
        match *command {
            CircleCommand::Unled => {
                let circles = service::without_facilitator(app.db.pool()).await;
                let circles = circles.map_err(|fault| Failure::message(fault.class()))?;
                if circles.is_empty() {
                    console::say("Somebody runs every circle.");
                }
                for circle in circles {
                    console::say(circle.to_string());
                }
                Ok(())
            }
            CircleCommand::Appoint { circle, member } => {
                let appointed = service::appoint(&app, CircleId(circle), MemberId(member)).await;
                match appointed.map_err(|fault| Failure::message(fault.class()))? {
                    Appointed::Succeeded => {
                        console::say("Done. It takes effect with the next request.");
                        Ok(())
                    }
                    Appointed::NoCircle => Err(Failure::message("No circle has this id.")),
                    Appointed::NoMember => Err(Failure::message(
                        "No member has this id, or the account waits for deletion.",
                    )),
                    Appointed::MayNotRun => Err(Failure::message(
                        "The account is not a facilitator's. `belay member role` makes it one.",
                    )),
                }
            }
        }
    })
}
