//! The housekeeping of persisted documents.

use super::store;
use crate::app::App;
use crate::error::Fault;

/// Removes a slice of the documents above the configured number. Returns whether there are more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    store::shrink(app, app.config.graphql.persisted_limit).await
}
