//! The schema, one step a file, the same for SQLite and PostgreSQL.
//!
//! A step never uses the `entity` crate: an old migration must not change when an entity does.
//! Each runs in a transaction; keeping two processes from migrating at once is the caller's part.

mod m20261123_000001_create_accounts;
mod m20261123_000002_create_profiles;
mod m20261123_000003_create_meetings;
mod m20261123_000004_create_check_ins;
mod m20261123_000005_create_outbox;
mod m20261123_000006_seed_vocabularies;
mod support;

pub use sea_orm_migration::{MigrationTrait, MigratorTrait};

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

/// Every step, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_accounts::Migration),
            Box::new(m20261123_000002_create_profiles::Migration),
            Box::new(m20261123_000003_create_meetings::Migration),
            Box::new(m20261123_000004_create_check_ins::Migration),
            Box::new(m20261123_000005_create_outbox::Migration),
            Box::new(m20261123_000006_seed_vocabularies::Migration),
        ]
    }
}

/// The names of the steps this database has yet to take. Changes nothing, not even on an empty one.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let history = Migrator::migration_table_name().to_string();
    let names = if SchemaManager::new(db).has_table(history).await? {
        let steps = Migrator::get_pending_migrations(db).await?;
        steps.iter().map(|step| step.name().to_owned()).collect()
    } else {
        let steps = Migrator::migrations();
        steps.iter().map(|step| step.name().to_owned()).collect()
    };
    Ok(names)
}
