//! `belay secret`: accepts secrets that have changed.

use std::path::Path;

use clap::Subcommand;

use super::{Failure, console, setup};
use crate::config;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::secret_check::{self, Verdict};
use crate::secret_check::{key, loss};

/// The commands.
#[derive(Subcommand)]
pub enum SecretCommand {
    /// Accept the configured secrets although this database was written with others: if a secret is lost or was stolen.
    /// Everything that depends on the others is lost.
    Accept,
}

/// Runs the command.
pub fn command(file: Option<&Path>, SecretCommand::Accept: &SecretCommand) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        let clock = setup::clock(config.mode, None)?;
        let entropy = Entropy::system();
        let db = setup::connect(&config).await?;
        setup::ready_schema(&db, &config).await?;
        let keys = Keys::load(&config, &entropy)?;
        let judged = secret_check::look(db.pool(), &keys).await;
        let judged = judged.map_err(|fault| Failure::message(fault.class()))?;
        let accepted = secret_check::accept(&db, &keys, &entropy, clock.now()).await;
        accepted.map_err(|fault| Failure::message(fault.class()))?;
        for (purpose, _) in judged
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Wrong)
        {
            console::say(format!(
                "{}: a new one, so {}.",
                key(*purpose),
                loss(*purpose)
            ));
        }
        console::say("This database accepts the configured secrets from now on.");
        db.close().await;
        Ok(())
    })
}
