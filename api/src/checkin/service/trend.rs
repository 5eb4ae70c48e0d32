//! How a member has been: for him alone.

use chrono::NaiveDate;
use entity::MemberId;

use super::open;
use crate::app::App;
use crate::checkin::entry::CheckIn;
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
    Ok(trend(&between(app, member, first, last).await?))
}

/// A member's check-ins from a day to another, both among them, in their order.
pub async fn between(
    app: &App,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<CheckIn>, Fault> {
    let rows = store::between(app.db.pool(), member, first, last).await?;
    Ok(open(app, rows))
}
