//! `belay restore`: prepares a restored copy of the database for the next start.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, console, setup};
use crate::account::erasures::Erased;
use crate::account::service;
use crate::clock::Clock;
use crate::config;
use crate::db::Part;
use crate::secret_check::Caller;

/// The arguments.
#[derive(Args)]
pub struct RestoreArgs {
    /// A list of erasures to replay, in addition to `backup.erasures_file`: each machine with a worker has one. Can be
    /// given several times.
    #[arg(long, value_name = "FILE")]
    erasures: Vec<PathBuf>,
    /// Disable every passphrase until its owner has set a new one by mail: a passphrase that was changed since the copy
    /// was made may be known to others.
    #[arg(long)]
    reset_passphrases: bool,
}

/// Prepares a restored copy of the database for the next start.
pub fn command(file: Option<&Path>, arguments: &RestoreArgs) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        let _alone = setup::occupy(&config, &[Part::Alone])?;
        let own = config.backup.erasures();
        let app = setup::app(config, Clock::system(), Caller::Command).await?;
        let mut erased = Erased::default();
        for list in own.iter().chain(&arguments.erasures) {
            erased.read(&app.keys, list).map_err(Failure::message)?;
        }
        if own.is_none() && arguments.erasures.is_empty() {
            console::say(
                "No list of erasures: members who were deleted since the copy was made are back.",
            );
        }
        let restored = service::restore(&app, &erased, arguments.reset_passphrases).await;
        let done = restored.map_err(|fault| Failure::message(fault.class()))?;
        console::say(format!(
            "{} sessions were ended, every phone will load everything again, and {} of {} erasures were replayed.",
            done.sessions,
            done.erased,
            erased.len()
        ));
        app.db.close().await;
        Ok(())
    })
}
