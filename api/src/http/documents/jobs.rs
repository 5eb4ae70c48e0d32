//! Keeping the persisted documents to their number.

use super::store;
use crate::app::App;
use crate::error::Fault;

/// Removes what is beyond the configured number.
pub async fn housekeep(app: &App) -> Result<(), Fault> {
    store::shrink(app, app.config.graphql.persisted_limit).await
}
