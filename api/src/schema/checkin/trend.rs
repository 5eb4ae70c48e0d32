//! A member's trend in the schema.

use async_graphql::{Context, SimpleObject};
use chrono::NaiveDate;
use entity::MemberId;

use super::progress::whole;
use super::types::Emotion;
use super::types::named;
use crate::checkin::service;
use crate::checkin::trend::{self, MAX_DAYS};
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlError, GqlResult};

/// The mean and the spread of your values in a week.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct WeekLevel {
    /// The mean of the week's days, 1 to 5.
    mean: f64,
    /// The standard deviation of the week's days, 0 to 2.
    spread: f64,
}

/// A week in which you checked in.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrendWeek {
    /// The Monday of the week.
    monday: Date,
    /// The number of days with a check-in.
    days: i32,
    /// Your mood; null if you gave none that week.
    mood: Option<WeekLevel>,
    /// Your energy; null if you gave none that week.
    energy: Option<WeekLevel>,
}

/// A feeling, and how often you named it.
#[derive(Clone, Debug, SimpleObject)]
pub struct EmotionCount {
    /// The feeling.
    emotion: Emotion,
    /// The number of days on which you named it.
    days: i32,
}

/// Your moods, energy and feelings over time.
#[derive(Clone, Debug, SimpleObject)]
pub struct MoodTrend {
    /// The weeks with a check-in, by ascending date.
    weeks: Vec<TrendWeek>,
    /// Your feelings, most frequent first.
    emotions: Vec<EmotionCount>,
}

fn level(level: trend::Level) -> WeekLevel {
    WeekLevel {
        mean: level.mean,
        spread: level.spread,
    }
}

/// Returns a member's trend for a range of days, both ends included.
pub async fn of(
    ctx: &Context<'_>,
    member: MemberId,
    from: NaiveDate,
    to: NaiveDate,
) -> GqlResult<MoodTrend> {
    if to < from || (to - from).num_days() >= MAX_DAYS {
        let message = "`to` must not be before `from`, and the range has at most 3,660 days.";
        return Err(GqlError::BadUserInput(message));
    }
    let trend = service::mood_trend(ctx.app(), member, from, to).await?;
    let mut emotions = Vec::new();
    for (slug, days) in trend.emotions {
        let named = named(ctx, &[slug]).await?;
        emotions.extend(named.into_iter().map(|emotion| EmotionCount {
            emotion,
            days: whole(days),
        }));
    }
    let weeks = trend.weeks.into_iter().map(|week| TrendWeek {
        monday: Date(week.monday),
        days: whole(week.days),
        mood: week.mood.map(level),
        energy: week.energy.map(level),
    });
    Ok(MoodTrend {
        weeks: weeks.collect(),
        emotions,
    })
}
