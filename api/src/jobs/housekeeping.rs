//! The hourly round: every domain removes what has had its day.

use chrono::TimeDelta;

use super::{Job, enqueue_once, store};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::http::documents;
use crate::{account, circle, device, matching, nudge, pact, sync};

const EVERY: TimeDelta = TimeDelta::hours(1);
/// A job that was given up is there for the operator to see so long; its payload may name an address.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Makes sure that there is a round to come; however many workers ask, there is one.
pub(super) async fn schedule(app: &App, after: TimeDelta) -> Result<(), Fault> {
    let at = app.clock.now() + after;
    transact!(app, |tx| {
        let key = "housekeeping".to_owned();
        enqueue_once(app, tx, &Job::Housekeeping, at, key).await?;
        Ok(Done::Keep(()))
    })
}

/// One round. The next is scheduled first, so that it comes whatever happens in this one.
pub(super) async fn round(app: &App) -> Result<(), Fault> {
    schedule(app, EVERY).await?;
    account::jobs::housekeep(app).await?;
    device::service::housekeep(app).await?;
    circle::service::housekeep(app).await?;
    pact::service::housekeep(app).await?;
    matching::service::housekeep(app).await?;
    nudge::service::housekeep(app).await?;
    sync::service::housekeep(app).await?;
    documents::jobs::housekeep(app).await?;
    app.db.forget_log().await?;
    store::remove_failed(app.db.pool(), app.clock.now() - KEPT).await
}
