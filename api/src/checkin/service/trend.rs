//! How a member has been: for him alone.

use chrono::NaiveDate;
use entity::MemberId;

use super::open;
use crate::app::App;
use crate::checkin::store;
use crate::checkin::trend::{Trend, trend};
use crate::error::Fault;

/// What a member's check-ins tell from a day to another, both among them.
pub async fn mood_trend(
    app: &App,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Trend, Fault> {
    let rows = store::between(app.db.pool(), member, first, last).await?;
    Ok(trend(&open(app, rows)?))
}
