//! Keeping the persisted documents to their number.

use super::store;
use crate::app::App;
use crate::error::Fault;

/// Removes what is beyond the configured number.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    store::shrink(app, app.config.graphql.persisted_limit).await
}
