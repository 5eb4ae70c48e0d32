//! How a member has been, in the schema.

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

/// The mean of what you said in a week, and how far it lay apart.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct WeekLevel {
    /// The mean of the week's days, 1 to 5.
    mean: f64,
    /// How far the days lay apart: their standard deviation, 0 to 2.
    spread: f64,
}

/// A week in which you checked in.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrendWeek {
    /// Its Monday.
    monday: Date,
    /// The days of it that you checked in on.
    days: i32,
    /// Null when you said it on none of them.
    mood: Option<WeekLevel>,
    /// Null when you said it on none of them.
    energy: Option<WeekLevel>,
}

/// A feeling, and how often you named it.
#[derive(Clone, Debug, SimpleObject)]
pub struct EmotionCount {
    /// The feeling.
    emotion: Emotion,
    /// On so many days.
    days: i32,
}

/// How you have been.
#[derive(Clone, Debug, SimpleObject)]
pub struct MoodTrend {
    /// Week by week, without those in which you did not check in.
    weeks: Vec<TrendWeek>,
    /// What you felt, the most frequent first.
    emotions: Vec<EmotionCount>,
}

fn level(level: trend::Level) -> WeekLevel {
    WeekLevel {
        mean: level.mean,
        spread: level.spread,
    }
}

/// How a member has been from a day to another.
pub async fn of(
    ctx: &Context<'_>,
    member: MemberId,
    from: NaiveDate,
    to: NaiveDate,
) -> GqlResult<MoodTrend> {
    if to < from || (to - from).num_days() >= MAX_DAYS {
        let message = "`to` is not before `from`, and at most 3,660 days are told of.";
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
