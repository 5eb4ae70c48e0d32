//! SQL for the sums of a member's closed days.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::progress::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::checkin::runs::{Day, Settled};
use crate::error::Fault;
use crate::tx::{Rank, Tx};

/// Locks a member's days until the transaction ends. Every other change of them waits.
pub async fn lock_for_update(tx: &Tx, member: MemberId, now: DateTime<Utc>) -> Result<(), Fault> {
    tx.lock(Rank::Days);
    let nothing_yet = ActiveModel {
        member_id: Set(member),
        settled_through: Set(None),
        days_shown_up: Set(0),
        last_check_in: Set(None),
        current_run: Set(0),
        longest_run: Set(0),
        returns: Set(0),
        reserve_days: Set(0),
        recent_days: Set(String::new()),
        updated_at: Set(now),
    };
    // An upsert locks the row even if it did not exist yet.
    let hold = OnConflict::column(Column::MemberId)
        .update_column(Column::UpdatedAt)
        .to_owned();
    Entity::insert(nothing_yet)
        .on_conflict(hold)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Stores the sums of a member's closed days, which must be [locked](lock_for_update).
pub async fn settle(tx: &Tx, member: MemberId, settled: &Settled) -> Result<(), Fault> {
    let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let kept = Entity::update_many()
        .set(ActiveModel {
            settled_through: Set(Some(settled.through)),
            days_shown_up: Set(whole(settled.days_shown_up)),
            last_check_in: Set(Some(settled.last_check_in)),
            current_run: Set(whole(settled.run)),
            longest_run: Set(whole(settled.longest)),
            returns: Set(whole(settled.returns)),
            reserve_days: Set(settled.reserves.into()),
            recent_days: Set(settled.recent.iter().copied().map(letter).collect()),
            ..ActiveModel::default()
        })
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    if kept.rows_affected != 1 {
        return Err(Fault::Broken("locked days have a row"));
    }
    Ok(())
}

const LETTERS: [(Day, char); 6] = [
    (Day::CheckedIn, 'c'),
    (Day::Reserve, 'r'),
    (Day::Paused, 'p'),
    (Day::Off, 'o'),
    (Day::Open, 'n'),
    (Day::Quiet, 'q'),
];

fn letter(day: Day) -> char {
    let found = LETTERS.iter().find(|(other, _)| *other == day);
    found.map_or('q', |(_, letter)| *letter)
}

/// Returns the days that the letters stand for, or `None` if a letter is unknown.
pub(super) fn days(letters: &str) -> Option<Vec<Day>> {
    let day = |letter| LETTERS.iter().find(|(_, other)| *other == letter);
    let days = letters
        .chars()
        .map(|letter| day(letter).map(|(day, _)| *day));
    days.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_own_letter() {
        let all: Vec<Day> = LETTERS.iter().map(|(day, _)| *day).collect();
        let letters: String = all.iter().copied().map(letter).collect();
        assert_eq!(days(&letters), Some(all));
        assert_eq!(days("c?"), None);
    }
}
