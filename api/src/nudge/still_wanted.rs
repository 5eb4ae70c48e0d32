//! Whether what a notification is about still is as it was when it was announced.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use entity::notification::{Kind, Model};
use entity::{MemberId, NotificationId, OccurrenceId, check_in, meeting_occurrence, rsvp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::model::Wanted;
use crate::error::Fault;

/// How the dedup key of a check-in reminder begins; the member's day follows.
const REMINDER_KEY: &str = "check_in_reminder:";

/// The dedup key of the check-in reminder of a day: one a day, whatever time it was set to meanwhile.
pub(super) fn reminder_key(day: NaiveDate) -> String {
    format!("{REMINDER_KEY}{day}")
}

fn reminder_day(row: &Model) -> Option<NaiveDate> {
    row.dedup_key.strip_prefix(REMINDER_KEY)?.parse().ok()
}

/// Whether each of these is still wanted; a fixed number of statements for each day and kind among them.
pub(super) async fn still_wanted(
    db: &impl ConnectionTrait,
    rows: &[Model],
) -> Result<HashMap<NotificationId, Wanted>, Fault> {
    let mut days: HashMap<NaiveDate, Vec<MemberId>> = HashMap::new();
    let mut seats = HashSet::new();
    for row in rows {
        match row.kind {
            Kind::CheckInReminder => {
                if let Some(day) = reminder_day(row) {
                    days.entry(day).or_default().push(row.member_id);
                }
            }
            Kind::MeetingReminder => {
                seats.extend(row.subject_id.map(|id| (row.member_id, OccurrenceId(id))));
            }
            Kind::MeetingCancelled => {}
        }
    }
    let mut checked_in = HashSet::new();
    for (day, members) in days {
        let done = have_checked_in_on(db, &members, day).await?;
        checked_in.extend(done.into_iter().map(|member| (member, day)));
    }
    let going = still_going(db, &seats).await?;

    let wanted = |row: &Model| match row.kind {
        Kind::CheckInReminder => match reminder_day(row) {
            Some(day) if checked_in.contains(&(row.member_id, day)) => Wanted::Done,
            _ => Wanted::Yes,
        },
        Kind::MeetingReminder => match row.subject_id {
            Some(id) if !going.contains(&(row.member_id, OccurrenceId(id))) => Wanted::NoLongerSo,
            _ => Wanted::Yes,
        },
        Kind::MeetingCancelled => Wanted::Yes,
    };
    Ok(rows.iter().map(|row| (row.id, wanted(row))).collect())
}

/// Which of these members have checked in on this day of theirs.
pub(super) async fn have_checked_in_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    if members.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<MemberId> = check_in::Entity::find()
        .select_only()
        .column(check_in::Column::MemberId)
        .filter(check_in::Column::LocalDate.eq(day))
        .filter(check_in::Column::MemberId.is_in(members.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Which of these members still have their seat in an occurrence that still takes place.
async fn still_going(
    db: &impl ConnectionTrait,
    seats: &HashSet<(MemberId, OccurrenceId)>,
) -> Result<HashSet<(MemberId, OccurrenceId)>, Fault> {
    if seats.is_empty() {
        return Ok(HashSet::new());
    }
    let members: HashSet<_> = seats.iter().map(|(member, _)| *member).collect();
    let occurrences: HashSet<_> = seats.iter().map(|(_, occurrence)| *occurrence).collect();
    let scheduled = meeting_occurrence::OccurrenceStatus::Scheduled;
    let found: Vec<(MemberId, OccurrenceId)> = rsvp::Entity::find()
        .inner_join(meeting_occurrence::Entity)
        .select_only()
        .columns([rsvp::Column::MemberId, rsvp::Column::OccurrenceId])
        .filter(rsvp::Column::OccurrenceId.is_in(occurrences))
        .filter(rsvp::Column::MemberId.is_in(members))
        .filter(rsvp::Column::Answer.eq(rsvp::Answer::Going))
        .filter(meeting_occurrence::Column::Status.eq(scheduled))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}
