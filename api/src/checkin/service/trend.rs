//! A member's trend. Only the member can see it.

use chrono::NaiveDate;
use entity::MemberId;

use super::open;
use crate::app::App;
use crate::checkin::entry::CheckIn;
use crate::checkin::store;
use crate::checkin::trend::{Trend, trend};
use crate::error::Fault;

/// Returns the trend of a member's check-ins from `first` to `last`, both included.
pub async fn mood_trend(
    app: &App,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Trend, Fault> {
    Ok(trend(&between(app, member, first, last).await?))
}

/// Returns a member's check-ins from `first` to `last`, both included, by ascending day.
pub async fn between(
    app: &App,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<CheckIn>, Fault> {
    let rows = store::between(app.db.pool(), member, first, last).await?;
    Ok(open(app, rows))
}
