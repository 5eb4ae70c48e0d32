//! `belay secret`: what an operator does when a secret has changed.

use std::path::Path;

use clap::Subcommand;

use super::{Failure, console, setup};
use crate::config;
use crate::entropy::Entropy;
use crate::keys::check::{self, Verdict};
use crate::keys::{Keys, check::key, check::loss};

/// What can be done.
#[derive(Subcommand)]
pub enum SecretCommand {
    /// Take the configured secrets for right although this database was written with others: when a secret is lost, or
    /// was stolen. What hangs on the others is lost.
    Accept,
}

/// Does it.
pub fn command(file: Option<&Path>, SecretCommand::Accept: &SecretCommand) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        let clock = setup::clock(config.mode, None)?;
        let entropy = Entropy::system();
        let db = setup::connect(&config).await?;
        setup::ready_schema(&db, &config).await?;
        let keys = Keys::load(&config, &entropy)?;
        let judged = check::look(db.pool(), &keys).await;
        let judged = judged.map_err(|fault| Failure::told(fault.class()))?;
        let accepted = check::accept(&db, &keys, &entropy, clock.now()).await;
        accepted.map_err(|fault| Failure::told(fault.class()))?;
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
        console::say("The configured secrets are this database's from now on.");
        db.close().await;
        Ok(())
    })
}
