//! Whether what a notification is about still is as it was when it was announced.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::notification::{Kind, Model};
use entity::{
    CheckInId, CircleId, CircleInvitationId, MemberId, NotificationId, OccurrenceId, PeeringId,
};
use sea_orm::ConnectionTrait;

use super::between_partners::BetweenPartners;
use super::model::Wanted;
use crate::commitment::service::About;
use crate::error::Fault;
use crate::{checkin, circle, meeting};

/// How the dedup key of a check-in reminder begins; the member's day follows.
const REMINDER_KEY: &str = "check_in_reminder:";
/// How that of a partner who would like a word begins; the check-in follows in which he says so.
const WORD_KEY: &str = "wants_a_word:";
/// How that of an open door begins; the member's day follows.
const DOOR_KEY: &str = "door_open:";

/// How that of a partner who can be asked how it went begins; the peering follows, and the day.
const HOW_IT_WENT_KEY: &str = "how_it_went:";

/// The dedup key of the check-in reminder of a day: one a day, whatever time it was set to meanwhile.
pub(super) fn reminder_key(day: NaiveDate) -> String {
    format!("{REMINDER_KEY}{day}")
}

/// The dedup key of an open door on a day.
pub(super) fn door_key(day: NaiveDate) -> String {
    format!("{DOOR_KEY}{day}")
}

/// The dedup key of a partner who would like a word.
pub(super) fn word_key(check_in: CheckInId) -> String {
    format!("{WORD_KEY}{check_in}")
}

/// The check-in in which he says so.
pub(super) fn word_said_in(row: &Model) -> Option<CheckInId> {
    let id = row.dedup_key.strip_prefix(WORD_KEY)?;
    id.parse().ok().map(CheckInId)
}

/// The dedup key of asking a partner how it went on a day.
pub(super) fn how_it_went_key(peering: PeeringId, day: NaiveDate) -> String {
    format!("{HOW_IT_WENT_KEY}{peering}:{day}")
}

/// What a partner can be asked about.
pub(super) fn asked_about(row: &Model) -> Option<About> {
    let about = row.dedup_key.strip_prefix(HOW_IT_WENT_KEY)?;
    let (peering, day) = about.split_once(':')?;
    let peering = peering.parse().ok().map(PeeringId)?;
    Some((peering, day.parse().ok()?, row.member_id))
}

fn asked_day(row: &Model) -> Option<NaiveDate> {
    let (_, day) = row.dedup_key.split_once(':')?;
    day.parse().ok()
}

/// Whether each of these is still wanted; a fixed number of statements for each day and kind among them.
pub(super) async fn still_wanted(
    db: &impl ConnectionTrait,
    rows: &[Model],
    now: DateTime<Utc>,
) -> Result<HashMap<NotificationId, Wanted>, Fault> {
    let mut days: HashMap<NaiveDate, Vec<MemberId>> = HashMap::new();
    let mut seats = Vec::new();
    for row in rows {
        match row.kind {
            Kind::CheckInReminder | Kind::DoorOpen => {
                if let Some(day) = asked_day(row) {
                    days.entry(day).or_default().push(row.member_id);
                }
            }
            Kind::MeetingReminder | Kind::MeetingChanged => {
                seats.extend(row.subject_id.map(|id| (row.member_id, OccurrenceId(id))));
            }
            Kind::MeetingCancelled
            | Kind::CircleInvitation
            | Kind::RemovedFromCircle
            | Kind::RunsCircle
            | Kind::PeeringProposed
            | Kind::PeeringAccepted
            | Kind::PactProposed
            | Kind::PactAccepted
            | Kind::PactNudgeReceived
            | Kind::PactNudgeAnswered
            | Kind::PartnerWantsAWord
            | Kind::AskHowItWent
            | Kind::LadderNote
            | Kind::LadderAsked
            | Kind::LadderAgreed
            | Kind::WentQuiet
            | Kind::BackAgain
            | Kind::SignedIn
            | Kind::PassphraseChanged
            | Kind::EmailChangeConfirmed
            | Kind::EmailChangeDropped
            | Kind::EmailChanged
            | Kind::SessionStolen
            | Kind::PushAddressTaken => {}
        }
    }
    let (mut checked_in, mut not_asked) = (HashSet::new(), HashSet::new());
    for (day, members) in days {
        let done = checkin::service::who_checked_in_on(db, &members, day).await?;
        checked_in.extend(done.into_iter().map(|member| (member, day)));
        let not = checkin::service::who_is_not_asked_on(db, &members, day).await?;
        not_asked.extend(not.into_iter().map(|member| (member, day)));
    }
    let going = meeting::service::who_is_still_going(db, &seats).await?;
    let invited = rows
        .iter()
        .filter(|row| row.kind == Kind::CircleInvitation)
        .filter_map(|row| row.subject_id.map(CircleInvitationId));
    let invited: Vec<_> = invited.collect();
    let invitations = circle::service::still_open(db, &invited, now).await?;
    let given = rows.iter().filter(|row| row.kind == Kind::RunsCircle);
    let given = given.filter_map(|row| Some((row.member_id, CircleId(row.subject_id?))));
    let runs = circle::service::who_runs(db, &given.collect::<Vec<_>>()).await?;
    let between = BetweenPartners::read(db, rows, now).await?;

    let wanted = |row: &Model| match row.kind {
        Kind::CheckInReminder | Kind::DoorOpen => match asked_day(row) {
            Some(day) if checked_in.contains(&(row.member_id, day)) => Wanted::Done,
            Some(day) if not_asked.contains(&(row.member_id, day)) => Wanted::NoLongerSo,
            _ => Wanted::Yes,
        },
        Kind::MeetingReminder | Kind::MeetingChanged => match row.subject_id {
            Some(id) if !going.contains(&(row.member_id, OccurrenceId(id))) => Wanted::NoLongerSo,
            _ => Wanted::Yes,
        },
        Kind::MeetingCancelled
        | Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken
        | Kind::RemovedFromCircle => Wanted::Yes,
        Kind::RunsCircle => match row.subject_id {
            Some(id) if runs.contains(&(row.member_id, CircleId(id))) => Wanted::Yes,
            _ => Wanted::NoLongerSo,
        },
        Kind::CircleInvitation => match row.subject_id {
            Some(id) if invitations.contains(&CircleInvitationId(id)) => Wanted::Yes,
            _ => Wanted::NoLongerSo,
        },
        Kind::PeeringProposed
        | Kind::PeeringAccepted
        | Kind::PactProposed
        | Kind::PactAccepted
        | Kind::PactNudgeReceived
        | Kind::PactNudgeAnswered
        | Kind::PartnerWantsAWord
        | Kind::AskHowItWent
        | Kind::LadderNote
        | Kind::LadderAsked
        | Kind::LadderAgreed
        | Kind::WentQuiet
        | Kind::BackAgain => between.wanted(row),
    };
    Ok(rows.iter().map(|row| (row.id, wanted(row))).collect())
}
