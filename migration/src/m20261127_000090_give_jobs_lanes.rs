//! Adds lanes to jobs, and indexes for housekeeping.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, index};

/// Adds lanes to jobs, and indexes for housekeeping.
#[derive(DeriveMigrationName)]
pub struct Migration;

const BY_LANE: &str = "ix_job_lane_run_at_open";

/// The name of each index, its table, and the column that says when a row expires.
const HAS_HAD_ITS_DAY: [(&str, &str, &str); 7] = [
    ("ix_session_revoked_at", "session", "revoked_at"),
    ("ix_session_expires_at", "session", "expires_at"),
    ("ix_account_code_expires_at", "account_code", "expires_at"),
    ("ix_device_parted_at", "device", "parted_at"),
    ("ix_device_last_seen_at", "device", "last_seen_at"),
    (
        "ix_circle_invitation_ended_at",
        "circle_invitation",
        "ended_at",
    ),
    ("ix_job_run_at_failed", "job", "run_at"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Older processes write no lane: their jobs run among the tasks.
        let mut lane = text("lane").default("tasks").take();
        add_column(manager, "job", &mut lane).await?;
        for (lane, kinds) in [("letters", "mail~_%"), ("housekeeping", "housekeeping")] {
            let set = Query::update()
                .table("job")
                .value("lane", lane)
                .and_where(Expr::col("kind").like(LikeExpr::new(kinds).escape('~')))
                .take();
            manager.execute(set).await?;
        }
        let by_lane = index(BY_LANE, "job", &["lane", "run_at"])
            .and_where(Expr::col("state").eq("ready"))
            .take();
        manager.create_index(by_lane).await?;
        for (name, table, column) in HAS_HAD_ITS_DAY {
            let by = index(name, table, &[column]);
            let by = match table {
                "job" => { by }.and_where(Expr::col("state").eq("failed")).take(),
                _ => by,
            };
            manager.create_index(by).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, ..) in HAS_HAD_ITS_DAY {
            let index = Index::drop().name(name).to_owned();
            manager.drop_index(index).await?;
        }
        manager
            .drop_index(Index::drop().name(BY_LANE).to_owned())
            .await?;
        drop_column(manager, "job", "lane").await
    }
}
