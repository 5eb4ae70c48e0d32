//! Adds the encrypted form of how a member likes to be nudged.
//!
//! The program encrypts the existing words in slices, because migrations do not have the keys. It also encrypts the
//! words that older programs beside newer ones still write. Older programs do not see the words of newer ones.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, index};

/// Adds a column for the encrypted wish, and an index of the wishes in the clear.
#[derive(DeriveMigrationName)]
pub struct Migration;

const IN_THE_CLEAR: &str = "ix_pact_side_nudge_wish";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "pact_side", &mut blob_null("nudge_wish_sealed")).await?;
        let in_the_clear = index(IN_THE_CLEAR, "pact_side", &["pact_id"])
            .and_where(Expr::col("nudge_wish").is_not_null())
            .take();
        manager.create_index(in_the_clear).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop()
            .name(IN_THE_CLEAR)
            .table("pact_side")
            .to_owned();
        manager.drop_index(drop).await?;
        drop_column(manager, "pact_side", "nudge_wish_sealed").await
    }
}
