//! Loads everything that a member's progress depends on, in one statement whose cost does not grow with the history.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use entity::MemberId;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::progress::days;
use crate::checkin::runs::{Record, Settled};
use crate::days::MemberDays;
use crate::days::cadence::{Cadence, CadenceChange, Pause, Plan};
use crate::days::calendar::{Calendar, DayTerms};
use crate::error::Fault;
use crate::zones::Zone;

/// A member's settled days, and the data of the days after them.
#[derive(Debug)]
pub struct LoadedDays {
    /// The closed days that are settled.
    pub settled: Option<Settled>,
    /// The later days with a check-in.
    pub written: BTreeSet<NaiveDate>,
    /// The plan for the later days.
    pub plan: Plan,
    /// The calendar of the later days.
    pub calendar: Calendar,
    /// Whether the member has a ladder. Members without one need no further statement.
    pub has_ladder: bool,
}

impl LoadedDays {
    /// Returns the latest day with a check-in.
    pub fn last_check_in(&self) -> Option<NaiveDate> {
        let settled = self.settled.as_ref().map(|settled| settled.last_check_in);
        self.written.last().copied().or(settled)
    }

    /// Returns the data of the days that other domains need.
    pub fn days(&self) -> MemberDays<'_> {
        MemberDays {
            plan: &self.plan,
            calendar: &self.calendar,
            last_check_in: self.last_check_in(),
            has_ladder: self.has_ladder,
        }
    }

    /// Returns the input for computing progress.
    pub fn record(&self) -> Record<'_> {
        Record {
            written: &self.written,
            plan: &self.plan,
            calendar: &self.calendar,
        }
    }
}

/// Selects rows of several kinds, without data that only settled days need. `$1` is the member. `$2` is a day before
/// all others, for members without settled days. Terms that ended before the first instant of `through` in UTC cannot
/// be those of a later day in any time zone.
const LOAD: &str = "\
WITH kept AS (SELECT COALESCE( \
    (SELECT settled_through FROM progress WHERE member_id = $1), $2) AS through) \
SELECT 'terms' AS kind, m.time_zone AS word, m.day_start_hour AS day_start_hour, \
    CASE WHEN EXISTS (SELECT 1 FROM ladder l WHERE l.member_id = $1) THEN 1 ELSE 0 END AS has_ladder, \
    0 AS weekdays, 0 AS days_shown_up, 0 AS current_run, 0 AS longest_run, 0 AS returns, 0 AS reserve_days, \
    k.through AS first, k.through AS last, m.created_at AS at FROM member m, kept k WHERE m.id = $1 \
UNION ALL SELECT 'past', t.time_zone, t.day_start_hour, 0, 0, 0, 0, 0, 0, 0, k.through, k.through, t.until \
    FROM past_day_terms t, kept k WHERE t.member_id = $1 AND t.until_date >= k.through \
UNION ALL SELECT 'settled', p.recent_days, 0, 0, 0, p.days_shown_up, p.current_run, p.longest_run, p.returns, \
    p.reserve_days, p.settled_through, p.last_check_in, p.updated_at \
    FROM progress p WHERE p.member_id = $1 AND p.settled_through IS NOT NULL \
UNION ALL SELECT 'cadence', '', 0, 0, c.weekdays, 0, 0, 0, 0, 0, c.from_date, c.from_date, m.created_at \
    FROM cadence_change c, member m, kept k WHERE c.member_id = $1 AND m.id = $1 AND (c.from_date > k.through \
    OR c.from_date = (SELECT MAX(o.from_date) FROM cadence_change o \
        WHERE o.member_id = $1 AND o.from_date <= k.through)) \
UNION ALL SELECT 'pause', '', 0, 0, 0, 0, 0, 0, 0, 0, p.first_date, p.last_date, p.created_at \
    FROM pause p, kept k WHERE p.member_id = $1 AND p.last_date > k.through \
UNION ALL SELECT 'written', '', 0, 0, 0, 0, 0, 0, 0, 0, c.local_date, c.local_date, c.created_at \
    FROM check_in c, kept k WHERE c.member_id = $1 AND c.counts AND c.local_date > k.through";

#[derive(FromQueryResult)]
struct Row {
    kind: String,
    word: String,
    day_start_hour: i32,
    has_ladder: i32,
    weekdays: i32,
    days_shown_up: i32,
    current_run: i32,
    longest_run: i32,
    returns: i32,
    reserve_days: i32,
    first: NaiveDate,
    last: NaiveDate,
    at: DateTime<Utc>,
}

/// Loads the data of a member's days, or returns `None` if the member does not exist.
pub async fn load(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<LoadedDays>, Fault> {
    let before_all = NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default();
    let values = [member.into(), before_all.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), LOAD, values);
    gather(Row::find_by_statement(statement).all(db).await?)
}

fn gather(rows: Vec<Row>) -> Result<Option<LoadedDays>, Fault> {
    let (mut current, mut past, mut has_ladder) = (None, Vec::new(), false);
    let (mut settled, mut written, mut plan) = (None, BTreeSet::new(), Plan::default());
    for row in rows {
        match row.kind.as_str() {
            "terms" => {
                current = Some(terms(&row)?);
                has_ladder = row.has_ladder == 1;
            }
            "past" => past.push((row.at, terms(&row)?)),
            "settled" => settled = Some(kept(&row)?),
            "cadence" => plan.cadences.push(CadenceChange {
                from: row.first,
                cadence: cadence(row.weekdays)?,
            }),
            "pause" => plan.pauses.push(Pause {
                first: row.first,
                last: row.last,
            }),
            _ => {
                written.insert(row.first);
            }
        }
    }
    plan.cadences.sort_by_key(|change| change.from);
    Ok(current.map(|current| LoadedDays {
        settled,
        written,
        plan,
        calendar: Calendar::new(current, past),
        has_ladder,
    }))
}

fn terms(row: &Row) -> Result<DayTerms, Fault> {
    DayTerms::stored(&row.word, row.day_start_hour)
}

pub(super) fn cadence(weekdays: i32) -> Result<Cadence, Fault> {
    let mask = u8::try_from(weekdays).ok().and_then(Cadence::from_mask);
    mask.ok_or(Fault::Broken("a cadence has a weekday"))
}

fn kept(row: &Row) -> Result<Settled, Fault> {
    let whole = |number: i32| u32::try_from(number).unwrap_or_default();
    Ok(Settled {
        through: row.first,
        days_shown_up: whole(row.days_shown_up),
        last_check_in: row.last,
        run: whole(row.current_run),
        longest: whole(row.longest_run),
        returns: whole(row.returns),
        reserves: u8::try_from(row.reserve_days).unwrap_or_default(),
        recent: days(&row.word).ok_or(Fault::Broken("each settled day has a known letter"))?,
    })
}

impl DayTerms {
    /// Parses stored terms.
    pub fn stored(zone: &str, day_start_hour: i32) -> Result<Self, Fault> {
        let broken = Fault::Broken("a member has a time zone of the IANA database");
        let zone: Zone = zone.parse().map_err(|_| broken)?;
        let day_start_hour = u32::try_from(day_start_hour).unwrap_or_default();
        Ok(Self {
            zone,
            day_start_hour,
        })
    }
}
