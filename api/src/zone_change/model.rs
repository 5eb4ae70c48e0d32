//! The order of the stages and rounds.

use chrono::{DateTime, TimeDelta, Utc};
use entity::zone_data::{Model, Stage};
use uuid::Uuid;

use crate::zones::Version;

/// How long after the first round the second one begins: the rollout of a release is over by then.
const AGAIN_AFTER: TimeDelta = TimeDelta::days(1);
const ROUNDS: i32 = 2;

/// How far the instants in a database follow the edition that a process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All instants follow it.
    Done,
    /// The instants are being recomputed, or will be when a worker starts.
    Underway,
    /// The instants follow this newer edition.
    Ahead(Version),
}

const fn after(stage: Stage) -> Option<Stage> {
    match stage {
        Stage::Reminders => Some(Stage::Asks),
        Stage::Asks => Some(Stage::Ladders),
        Stage::Ladders => Some(Stage::Meetings),
        Stage::Meetings => Some(Stage::QuietHours),
        Stage::QuietHours => None,
    }
}

/// Returns the next position after a slice that ended with the row `last`. `None` means that the stage is complete.
pub fn following(row: Model, last: Option<Uuid>, now: DateTime<Utc>) -> Model {
    if last.is_some() {
        return Model {
            after_id: last,
            ..row
        };
    }
    let row = Model {
        after_id: None,
        ..row
    };
    match after(row.stage) {
        Some(stage) => Model { stage, ..row },
        None => Model {
            stage: Stage::Reminders,
            due_at: (row.round < ROUNDS).then_some(now + AGAIN_AFTER),
            round: row.round.saturating_add(1).min(ROUNDS),
            ..row
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_change_ends_after_two_rounds_a_day_apart() {
        let now: DateTime<Utc> = "2026-11-27T12:00:00Z".parse().unwrap();
        let mut row = Model {
            version: "2026f".to_owned(),
            begun_at: now,
            due_at: Some(now),
            round: 1,
            stage: Stage::Reminders,
            after_id: None,
        };
        let id = Some(Uuid::from_u128(7));
        row = following(row, id, now);
        assert_eq!((row.stage, row.after_id), (Stage::Reminders, id));
        for stage in [
            Stage::Asks,
            Stage::Ladders,
            Stage::Meetings,
            Stage::QuietHours,
        ] {
            row = following(row, None, now);
            assert_eq!((row.stage, row.after_id), (stage, None));
            assert_eq!((row.round, row.due_at), (1, Some(now)));
        }
        row = following(row, None, now);
        let tomorrow = now + TimeDelta::days(1);
        assert_eq!((row.stage, row.round), (Stage::Reminders, 2));
        assert_eq!(row.due_at, Some(tomorrow));
        for _ in 0..4 {
            row = following(row, None, tomorrow);
        }
        assert_eq!(row.due_at, Some(tomorrow));
        row = following(row, None, tomorrow);
        assert_eq!((row.due_at, row.round), (None, 2));
    }
}
