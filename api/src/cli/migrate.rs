//! `belay migrate`: migrates the schema.

use std::path::Path;

use super::{Failure, console, setup};
use crate::config::{self, Config};
use crate::db::{self, Db, Fit};
use crate::entropy::Entropy;
use crate::keys::file::{SecretPlace, place};
use crate::secret_check::Caller;

/// Takes the pending steps and prints them.
pub fn command(file: Option<&Path>) -> Result<(), Failure> {
    let config = config::load(file)?;
    crate::telemetry::init(&config.log);
    setup::block_on(async {
        setup::make_database(&config.database)?;
        let db = setup::connect(&config).await?;
        let state = setup::schema_state(&db, &config.database).await?;
        if state.fit == Fit::Ahead {
            return Err(Failure::message(setup::ahead(&state)));
        }
        setup::known_secrets(&config, &db).await?;
        let shown = config.database.shown();
        if !state.pending.is_empty() {
            console::say(format!("{shown}: {} steps to take …", state.pending.len()));
        }
        let steps = db::migrate(&db, &config.database)
            .await
            .map_err(Failure::message)?;
        for step in &steps {
            console::say(format!("  took {step}"));
        }
        match state.fit {
            Fit::Newer => console::say(format!(
                "{shown}: no steps to take; {}.",
                setup::newer(&state)
            )),
            _ => console::say(format!("{shown}: the schema is up to date.")),
        }
        check_secrets(&config, &db).await?;
        db.close().await;
        Ok(())
    })
}

/// Writes the values by which later starts recognize their secrets, or refuses wrong secrets. Without any configured
/// secret the first start does this.
async fn check_secrets(config: &Config, db: &Db) -> Result<(), Failure> {
    if place(config) == SecretPlace::Nowhere {
        return Ok(());
    }
    let clock = setup::clock(config.mode, None)?;
    setup::keys(config, db, &Entropy::system(), &clock, Caller::Command)
        .await
        .map(|_| ())
}
