//! A member's moods, energy and feelings, week by week. Only the member can see them.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, Days, NaiveDate};

use super::entry::CheckIn;

/// The most days that a trend may cover.
pub const MAX_DAYS: i64 = 3_660;

/// The mean and the spread of a week's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The arithmetic mean, 1 to 5.
    pub mean: f64,
    /// The standard deviation of the week's days (of the population), 0 to 2.
    pub spread: f64,
}

/// A week with at least one check-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    /// Its Monday (ISO 8601).
    pub monday: NaiveDate,
    /// The number of days with a check-in, within the requested range.
    pub days: u32,
    /// The mood, or `None` if the member gave none that week.
    pub mood: Option<Level>,
    /// The energy, or `None` if the member gave none that week.
    pub energy: Option<Level>,
}

/// A member's trend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// The weeks with a check-in, by ascending date.
    pub weeks: Vec<Week>,
    /// The feelings and the number of days on which the member named each, most frequent first.
    pub emotions: Vec<(String, u32)>,
}

/// Computes the trend of check-ins, which may be in any order.
pub fn trend(check_ins: &[CheckIn]) -> Trend {
    let mut weeks: BTreeMap<NaiveDate, Vec<&CheckIn>> = BTreeMap::new();
    let mut emotions: HashMap<&str, u32> = HashMap::new();
    for check_in in check_ins {
        weeks
            .entry(monday(check_in.local_date))
            .or_default()
            .push(check_in);
        for slug in &check_in.content.emotions {
            *emotions.entry(slug).or_default() += 1;
        }
    }
    let weeks = weeks.into_iter().map(|(monday, days)| Week {
        monday,
        days: u32::try_from(days.len()).unwrap_or(u32::MAX),
        mood: level(days.iter().filter_map(|day| day.content.mood)),
        energy: level(days.iter().filter_map(|day| day.content.energy)),
    });
    let mut emotions: Vec<_> = emotions
        .into_iter()
        .map(|(slug, days)| (slug.to_owned(), days))
        .collect();
    emotions.sort_by(|(a, often), (b, rarer)| rarer.cmp(often).then_with(|| a.cmp(b)));
    Trend {
        weeks: weeks.collect(),
        emotions,
    }
}

fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(date.weekday().num_days_from_monday().into())
}

fn level(values: impl Iterator<Item = i32>) -> Option<Level> {
    let values: Vec<f64> = values.map(f64::from).collect();
    let count = f64::from(u32::try_from(values.len()).ok()?);
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    Some(Level {
        mean,
        spread: (squares.sum::<f64>() / count).sqrt(),
    })
}
