//! A background job, enqueued in the transaction that needs it and deleted when it is done.

use sea_orm::entity::prelude::*;

use crate::{JobId, LeaseHolder};

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time or runs under a lease.
    Ready,
    /// Given up after its last attempt; kept for the operator.
    Failed,
}

/// The lane of a job. A slow job holds up only the others of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Lane {
    /// Waits for the mail server.
    Letters,
    /// Short, and uses only the database.
    Tasks,
    /// Removes expired rows.
    Housekeeping,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub kind: String,
    pub lane: Lane,
    /// JSON.
    pub payload: String,
    /// A job merges into one with the same key that has not been started.
    pub dedup_key: Option<String>,
    pub state: JobState,
    pub run_at: DateTimeUtc,
    pub attempts: i32,
    pub lease_holder: Option<LeaseHolder>,
    pub lease_until: Option<DateTimeUtc>,
    /// The fault's class; never its data.
    pub last_error: Option<String>,
    /// The request that caused it; `None` if none did.
    pub request_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
