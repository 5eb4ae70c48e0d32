//! Compatibility of older programs with a schema that has steps they do not know.
//!
//! A step that older programs can run with is listed as [`RunsSince`], with the newest step that such a program must
//! know. The step writes this to the table `schema_step`, because older programs do not have the step itself. A step
//! without a declaration keeps them from starting.

use std::collections::BTreeMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

use crate::has_table;

const TABLE: &str = "schema_step";

/// A step that a program can run with if it knows every step up to the one named here.
pub struct RunsSince<M>(pub &'static str, pub M);

impl<M: MigrationTrait> MigrationName for RunsSince<M> {
    fn name(&self) -> &str {
        self.1.name()
    }
}

#[async_trait::async_trait]
impl<M: MigrationTrait> MigrationTrait for RunsSince<M> {
    fn use_transaction(&self) -> Option<bool> {
        self.1.use_transaction()
    }

    /// Writes the declaration first. A crash before the step leaves a declaration of a step that was not taken, which
    /// nobody reads. In a transaction it leaves nothing.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let declare = Query::insert()
            .into_table(TABLE)
            .columns(["step", "runs_since"])
            .values_panic([self.name().into(), self.0.into()])
            .on_conflict(
                OnConflict::column("step")
                    .update_column("runs_since")
                    .to_owned(),
            )
            .take();
        manager.execute(declare).await?;
        self.1.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.1.down(manager).await?;
        let take_back = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("step").eq(self.name()))
            .take();
        manager.execute(take_back).await
    }
}

/// Whether a program that knows the steps `ours` may run on a database that has taken the steps `unknown` as well.
pub async fn may_run(
    db: &impl ConnectionTrait,
    ours: &[String],
    unknown: &[String],
) -> Result<bool, DbErr> {
    // Read the declarations after the steps: each step is committed with its declaration.
    Ok(allows(ours, unknown, &declared(db).await?))
}

/// Returns, for each declared step, the newest step that a program must know.
async fn declared(db: &impl ConnectionTrait) -> Result<BTreeMap<String, String>, DbErr> {
    if !has_table(db, TABLE).await? {
        return Ok(BTreeMap::new());
    }
    let all = format!("SELECT step, runs_since FROM {TABLE}");
    let rows = Statement::from_string(db.get_database_backend(), all);
    let rows = db.query_all_raw(rows).await?.into_iter();
    rows.map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}

fn allows(ours: &[String], unknown: &[String], declared: &BTreeMap<String, String>) -> bool {
    // Names begin with a date, so their order is that of the steps.
    let knows_all_up_to =
        |since: &String| ours.contains(since) && unknown.iter().all(|step| step > since);
    unknown
        .iter()
        .all(|step| declared.get(step).is_some_and(knows_all_up_to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(ours: &[&str], unknown: &[&str], declared: &[(&str, &str)]) -> bool {
        let owned = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let declared = declared
            .iter()
            .map(|(step, since)| ((*step).to_owned(), (*since).to_owned()));
        allows(&owned(ours), &owned(unknown), &declared.collect())
    }

    #[test]
    fn every_unknown_step_must_allow_the_program() {
        assert!(allowed(&["m1", "m2"], &["m3"], &[("m3", "m2")]));
        assert!(allowed(&["m1", "m2"], &["m3"], &[("m3", "m1")]));
        assert!(!allowed(&["m1", "m2"], &["m3"], &[]));
        let both = [("m3", "m2"), ("m4", "m1")];
        assert!(allowed(&["m1", "m2"], &["m3", "m4"], &both));
        assert!(!allowed(&["m1", "m2"], &["m3", "m4"], &both[..1]));
    }

    #[test]
    fn a_program_must_know_every_step_up_to_the_declared_one() {
        let since_the_third = [("m3", "m2"), ("m4", "m3")];
        assert!(!allowed(&["m1", "m2"], &["m3", "m4"], &since_the_third));
        assert!(allowed(&["m1", "m2", "m3"], &["m4"], &since_the_third));
        // A step of another branch comes before the declared one.
        let branch = [("m2", "m1"), ("m4", "m3")];
        assert!(!allowed(&["m1", "m3"], &["m2", "m4"], &branch));
    }
}
