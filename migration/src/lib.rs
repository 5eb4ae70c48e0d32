//! The migrations of the schema: one step in each file, the same for SQLite and PostgreSQL.
//!
//! A step never uses the `entity` crate, because an old migration must not change when an entity does. Each step runs
//! in a transaction. The caller must keep two processes from migrating at once.

mod compatible;
mod m20261123_000001_create_accounts;
mod m20261123_000002_create_profiles;
mod m20261123_000003_create_meetings;
mod m20261123_000004_create_check_ins;
mod m20261123_000005_create_outbox;
mod m20261123_000006_seed_vocabularies;
mod m20261124_000001_create_changes;
mod m20261124_000002_create_persisted_documents;
mod m20261125_000001_create_peerings;
mod m20261125_000002_create_quiet_hours;
mod m20261125_000003_create_pacts;
mod m20261125_000010_deepen_check_ins;
mod m20261125_000011_seed_emotions;
mod m20261125_000012_slow_down_reminders;
mod m20261126_000001_create_commitments;
mod m20261126_000002_create_ladders;
mod m20261127_000001_remember_sign_up_ids;
mod m20261127_000002_tell_strangers_apart;
mod m20261127_000003_claim_handles;
mod m20261127_000010_confirm_generations;
mod m20261127_000011_delay_email_changes;
mod m20261127_000020_create_secret_checks;
mod m20261127_000021_index_deletions;
mod m20261127_000030_keep_superseded_terms;
mod m20261127_000040_record_zone_data;
mod m20261127_000050_hold_pushes;
mod m20261127_000060_take_back_check_ins;
mod m20261127_000061_keep_late_plans;
mod m20261127_000062_seal_wishes;
mod m20261127_000063_keep_received_words;
mod m20261127_000070_create_circle_invitations;
mod m20261127_000071_say_who_caused_notifications;
mod m20261127_000072_record_changes_of_meetings;
mod m20261127_000080_choose_who_sees_a_profile;
mod m20261127_000081_limit_undone_deletions;
mod m20261127_000090_give_jobs_lanes;
mod m20261128_000001_put_addresses_on_trial;
mod m20261128_000010_declare_steps;
mod m20261128_000011_announce_secrets;
mod m20261128_000020_trace_jobs;
#[cfg(feature = "conformance")]
pub mod rehearsal;
mod support;

pub use sea_orm_migration::{MigrationTrait, MigratorTrait};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait as _, Statement};
use sea_orm_migration::seaql_migrations;

use self::compatible::RunsSince;

/// All steps, the oldest first. A step that older programs can run with is a [`RunsSince`]. CONTRIBUTING.md says which
/// steps can be.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261123_000001_create_accounts::Migration),
            Box::new(m20261123_000002_create_profiles::Migration),
            Box::new(m20261123_000003_create_meetings::Migration),
            Box::new(m20261123_000004_create_check_ins::Migration),
            Box::new(m20261123_000005_create_outbox::Migration),
            Box::new(m20261123_000006_seed_vocabularies::Migration),
            Box::new(m20261124_000001_create_changes::Migration),
            Box::new(m20261124_000002_create_persisted_documents::Migration),
            Box::new(m20261125_000001_create_peerings::Migration),
            Box::new(m20261125_000002_create_quiet_hours::Migration),
            Box::new(m20261125_000003_create_pacts::Migration),
            Box::new(m20261125_000010_deepen_check_ins::Migration),
            Box::new(m20261125_000011_seed_emotions::Migration),
            Box::new(m20261125_000012_slow_down_reminders::Migration),
            Box::new(m20261126_000001_create_commitments::Migration),
            Box::new(m20261126_000002_create_ladders::Migration),
            Box::new(m20261127_000001_remember_sign_up_ids::Migration),
            Box::new(m20261127_000002_tell_strangers_apart::Migration),
            Box::new(m20261127_000003_claim_handles::Migration),
            Box::new(m20261127_000010_confirm_generations::Migration),
            Box::new(m20261127_000011_delay_email_changes::Migration),
            Box::new(m20261127_000020_create_secret_checks::Migration),
            Box::new(m20261127_000021_index_deletions::Migration),
            Box::new(m20261127_000030_keep_superseded_terms::Migration),
            Box::new(m20261127_000040_record_zone_data::Migration),
            Box::new(m20261127_000050_hold_pushes::Migration),
            Box::new(m20261127_000060_take_back_check_ins::Migration),
            Box::new(m20261127_000061_keep_late_plans::Migration),
            Box::new(m20261127_000062_seal_wishes::Migration),
            Box::new(m20261127_000063_keep_received_words::Migration),
            Box::new(m20261127_000070_create_circle_invitations::Migration),
            Box::new(m20261127_000071_say_who_caused_notifications::Migration),
            Box::new(m20261127_000072_record_changes_of_meetings::Migration),
            Box::new(m20261127_000080_choose_who_sees_a_profile::Migration),
            Box::new(m20261127_000081_limit_undone_deletions::Migration),
            Box::new(m20261127_000090_give_jobs_lanes::Migration),
            Box::new(m20261128_000001_put_addresses_on_trial::Migration),
            Box::new(m20261128_000010_declare_steps::Migration),
            Box::new(RunsSince(
                "m20261128_000010_declare_steps",
                m20261128_000011_announce_secrets::Migration,
            )),
            Box::new(RunsSince(
                "m20261128_000011_announce_secrets",
                m20261128_000020_trace_jobs::Migration,
            )),
        ];
        #[cfg(feature = "conformance")]
        let steps = {
            let newest = steps.last().map(|step| step.name().to_owned());
            let added = rehearsal::steps(&newest.unwrap_or_default());
            steps.into_iter().chain(added).collect()
        };
        steps
    }
}

/// How a program fits a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// All steps of this program were taken, and no others.
    Current,
    /// Steps are pending.
    Behind,
    /// A newer program took further steps, and this program can run with all of them.
    Newer,
    /// A newer program took further steps, and this program must not run with them.
    Ahead,
}

/// The state of a database's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The pending steps, the oldest first.
    pub pending: Vec<String>,
    /// Taken steps that this program does not know: a newer program took them.
    pub unknown: Vec<String>,
    /// How this program fits the schema.
    pub fit: Fit,
}

impl State {
    /// Whether no step was taken: the database was never used.
    pub fn is_new(&self) -> bool {
        self.unknown.is_empty() && self.pending.len() == Migrator::migrations().len()
    }
}

/// Returns the state of the schema. Changes nothing, even in an empty database, and needs no permission to write.
pub async fn state(db: &impl ConnectionTrait) -> Result<State, DbErr> {
    let (ours, taken) = (ours(), taken(db).await?);
    let pending = missing_from(&taken, &ours);
    let unknown = missing_from(&ours, &taken);
    let fit = match (unknown.is_empty(), pending.is_empty()) {
        (true, true) => Fit::Current,
        (true, false) => Fit::Behind,
        (false, true) if compatible::may_run(db, &ours, &unknown).await? => Fit::Newer,
        (false, _) => Fit::Ahead,
    };
    Ok(State {
        pending,
        unknown,
        fit,
    })
}

/// Returns the names of the pending steps. Changes nothing, even in an empty database.
pub async fn pending(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    Ok(missing_from(&taken(db).await?, &ours()))
}

fn ours() -> Vec<String> {
    let steps = Migrator::migrations();
    steps.iter().map(|step| step.name().to_owned()).collect()
}

async fn taken(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    if !has_table(db, &Migrator::migration_table_name().to_string()).await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().all(db).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn missing_from(from: &[String], names: &[String]) -> Vec<String> {
    let missing = names.iter().filter(|name| !from.contains(name));
    missing.cloned().collect()
}

/// Whether there is a table of this name. Needs no permission to read it.
pub async fn has_table(db: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let tables = match backend {
        DbBackend::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
        _ => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
        }
    };
    let asked = Statement::from_sql_and_values(backend, tables, [name.into()]);
    Ok(db.query_one_raw(asked).await?.is_some())
}
