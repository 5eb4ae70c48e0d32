//! Migration steps that no release has, for tests that run an older and a newer program on one database.

use std::sync::OnceLock;

use sea_orm_migration::{prelude::*, schema::*};

use crate::compatible::RunsSince;
use crate::support::{add_column, drop_column, drop_tables, index, table};

const COMPATIBLE: &str = "m20990101_000001_rehearse_compatible";

static ADDED: OnceLock<String> = OnceLock::new();
/// The newest step of a release.
static NEWEST: OnceLock<String> = OnceLock::new();

/// Adds steps to this program: words with spaces between them, from `compatible`, `incompatible`, `demanding` and
/// `failing`.
pub fn add(steps: String) {
    ADDED.get_or_init(|| steps);
}

/// Returns the added steps, which follow `newest`.
pub fn steps(newest: &str) -> Vec<Box<dyn MigrationTrait>> {
    let newest = NEWEST.get_or_init(|| newest.to_owned());
    let words = ADDED.get().map(String::as_str).unwrap_or_default();
    let words = words.split_whitespace();
    words.filter_map(|word| step(word, newest)).collect()
}

fn step(word: &str, newest: &'static str) -> Option<Box<dyn MigrationTrait>> {
    Some(match word {
        "compatible" => Box::new(RunsSince(newest, Adds)),
        "incompatible" => Box::new(Silent("m20990101_000002_rehearse_incompatible")),
        // Only programs that know the compatible step may run beside this one.
        "demanding" => Box::new(RunsSince(
            COMPATIBLE,
            Silent("m20990101_000003_rehearse_demanding"),
        )),
        "failing" => Box::new(RunsSince(newest, Fails)),
        _ => return None,
    })
}

/// Adds a column with a default, an index and a table.
struct Adds;

impl MigrationName for Adds {
    fn name(&self) -> &'static str {
        COMPATIBLE
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Adds {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for changed in ["check_in", "rsvp", "job"] {
            let mut column = text("rehearsed").default("no").take();
            add_column(manager, changed, &mut column).await?;
        }
        manager
            .create_index(index("ix_rehearsed", "check_in", &["rehearsed"]))
            .await?;
        let rehearsal = table("rehearsal").col(text("word").primary_key()).take();
        manager.create_table(rehearsal).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["rehearsal"]).await?;
        manager
            .drop_index(Index::drop().name("ix_rehearsed").to_owned())
            .await?;
        for changed in ["check_in", "rsvp", "job"] {
            drop_column(manager, changed, "rehearsed").await?;
        }
        Ok(())
    }
}

/// Changes nothing and declares nothing.
struct Silent(&'static str);

impl MigrationName for Silent {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Silent {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// Fails half-way, as in a crash.
struct Fails;

impl MigrationName for Fails {
    fn name(&self) -> &'static str {
        "m20990101_000004_rehearse_failing"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Fails {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Custom("the rehearsed step stops".to_owned()))
    }
}
