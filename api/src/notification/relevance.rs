//! Decides whether notifications are still relevant.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use chrono::{DateTime, NaiveDate, Utc};
use entity::notification::Model;
use entity::{
    CheckInId, CircleId, CircleInvitationId, MemberId, NotificationId, OccurrenceId, PactId,
    PactNudgeId, PeeringId, RungId, TellingId, pact, peering,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::policy::Wanted;
use crate::commitment::service::{self as commitments, About, asked_about};
use crate::error::Fault;
use crate::notification_kind::{Check, Stage, spec};
use crate::pact::service::{self as pacts, check_in_of_wish};
use crate::{checkin, circle, ladder, matching, meeting};

/// The prefix of a check-in reminder's dedup key. The member's day follows.
const REMINDER_KEY: &str = "check_in_reminder:";
/// The prefix of an open door's dedup key. The member's day follows.
const DOOR_KEY: &str = "door_open:";

/// Returns the dedup key of a day's check-in reminder: one per day, even if its time was changed meanwhile.
pub(super) fn reminder_key(day: NaiveDate) -> String {
    format!("{REMINDER_KEY}{day}")
}

/// Returns the dedup key of a day's open door.
pub(super) fn door_key(day: NaiveDate) -> String {
    format!("{DOOR_KEY}{day}")
}

fn asked_day(row: &Model) -> Option<NaiveDate> {
    let (_, day) = row.dedup_key.split_once(':')?;
    day.parse().ok()
}

/// Returns whether each given notification is still relevant. Uses a fixed number of statements per day and check.
pub(super) async fn wanted(
    db: &impl ConnectionTrait,
    rows: &[Model],
    now: DateTime<Utc>,
) -> Result<HashMap<NotificationId, Wanted>, Fault> {
    let known = Known::read(db, rows, now).await?;
    let wanted = rows.iter().map(|row| (row.id, known.wanted(row)));
    Ok(wanted.collect())
}

/// The current state of everything that some notifications are about.
struct Known {
    /// The members who have checked in, with the day.
    checked_in: HashSet<(MemberId, NaiveDate)>,
    /// The members of whom nothing is asked, with the day.
    not_asked: HashSet<(MemberId, NaiveDate)>,
    /// The members who have a seat.
    going: HashSet<(MemberId, OccurrenceId)>,
    /// The open invitations.
    invitations: Vec<CircleInvitationId>,
    /// The facilitators, with their circle.
    runs: Vec<(MemberId, CircleId)>,
    peerings: HashMap<PeeringId, peering::State>,
    pacts: HashMap<PactId, pact::State>,
    /// Whether each nudge was answered.
    nudges: HashMap<PactNudgeId, bool>,
    /// The check-ins that ask a partner to get in touch.
    words: HashSet<CheckInId>,
    /// Whether the recipient of each rung agreed.
    rungs: HashMap<RungId, bool>,
    /// Whether the owner of the ladder has been here since each telling.
    tellings: HashMap<TellingId, bool>,
    /// Whether each question has its answer.
    asked: HashMap<About, bool>,
}

/// The ids that the checks of some notifications need.
#[derive(Default)]
struct Needed {
    days: HashMap<NaiveDate, Vec<MemberId>>,
    seats: Vec<(MemberId, OccurrenceId)>,
    invitations: Vec<CircleInvitationId>,
    runs: Vec<(MemberId, CircleId)>,
    peerings: Vec<PeeringId>,
    pacts: Vec<PactId>,
    nudges: Vec<PactNudgeId>,
    words: Vec<CheckInId>,
    rungs: Vec<RungId>,
    tellings: Vec<TellingId>,
    asked: Vec<About>,
}

impl Needed {
    fn add(&mut self, row: &Model) {
        let (member, subject) = (row.member_id, row.subject_id);
        match spec(row.kind).check {
            Check::Always => {}
            Check::Day => {
                if let Some(day) = asked_day(row) {
                    self.days.entry(day).or_default().push(member);
                }
            }
            Check::Seat => self
                .seats
                .extend(subject.map(|id| (member, OccurrenceId(id)))),
            Check::Invitation => self.invitations.extend(subject.map(CircleInvitationId)),
            Check::RunsCircle => self.runs.extend(subject.map(|id| (member, CircleId(id)))),
            Check::Peering(_) => self.peerings.extend(subject.map(PeeringId)),
            Check::Pact(_) => self.pacts.extend(subject.map(PactId)),
            Check::PactNudge { .. } => self.nudges.extend(subject.map(PactNudgeId)),
            Check::Word => {
                self.pacts.extend(subject.map(PactId));
                self.words.extend(check_in_of_wish(row));
            }
            Check::HowItWent => self.asked.extend(asked_about(row)),
            Check::Rung { .. } => self.rungs.extend(subject.map(RungId)),
            Check::Telling { .. } => self.tellings.extend(subject.map(TellingId)),
        }
    }
}

impl Known {
    async fn read(
        db: &impl ConnectionTrait,
        rows: &[Model],
        now: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let mut needed = Needed::default();
        for row in rows {
            needed.add(row);
        }
        let (mut checked_in, mut not_asked) = (HashSet::new(), HashSet::new());
        for (day, members) in needed.days {
            let done = checkin::service::who_checked_in_on(db, &members, day).await?;
            checked_in.extend(done.into_iter().map(|member| (member, day)));
            let not = checkin::service::who_is_not_asked_on(db, &members, day).await?;
            not_asked.extend(not.into_iter().map(|member| (member, day)));
        }
        Ok(Self {
            checked_in,
            not_asked,
            going: meeting::service::who_is_still_going(db, &needed.seats).await?,
            invitations: circle::service::still_open(db, &needed.invitations, now).await?,
            runs: circle::service::who_runs(db, &needed.runs).await?,
            peerings: matching::service::states(db, &needed.peerings).await?,
            pacts: pacts::states(db, &needed.pacts).await?,
            nudges: pacts::nudge_states(db, now, &needed.nudges).await?,
            words: checkin::service::with_word_wanted(db, &needed.words).await?,
            rungs: ladder::service::agreed(db, &needed.rungs).await?,
            tellings: ladder::service::over_among(db, &needed.tellings).await?,
            asked: commitments::open_questions(db, &needed.asked, now).await?,
        })
    }

    fn wanted(&self, row: &Model) -> Wanted {
        match spec(row.kind).check {
            Check::Always => Wanted::Yes,
            Check::Day => self.on_its_day(row),
            // A reminder without a meeting has nothing that could be cancelled.
            Check::Seat => match row.subject_id {
                Some(id) => yes_while(self.going.contains(&(row.member_id, OccurrenceId(id)))),
                None => Wanted::Yes,
            },
            check => row
                .subject_id
                .map_or(Wanted::NoLongerSo, |id| self.of_subject(row, check, id)),
        }
    }

    fn on_its_day(&self, row: &Model) -> Wanted {
        let Some(day) = asked_day(row) else {
            return Wanted::Yes;
        };
        if self.checked_in.contains(&(row.member_id, day)) {
            Wanted::Done
        } else {
            yes_while(!self.not_asked.contains(&(row.member_id, day)))
        }
    }

    fn of_subject(&self, row: &Model, check: Check, id: Uuid) -> Wanted {
        match check {
            Check::Always | Check::Day | Check::Seat => Wanted::Yes,
            Check::Invitation => yes_while(self.invitations.contains(&CircleInvitationId(id))),
            Check::RunsCircle => yes_while(self.runs.contains(&(row.member_id, CircleId(id)))),
            Check::Peering(stage) => match (stage, self.peerings.get(&PeeringId(id))) {
                (Stage::Proposed, Some(peering::State::Proposed))
                | (Stage::Active, Some(peering::State::Active)) => Wanted::Yes,
                (Stage::Proposed, Some(peering::State::Active | peering::State::Declined)) => {
                    Wanted::Done
                }
                _ => Wanted::NoLongerSo,
            },
            Check::Pact(stage) => match (stage, self.pacts.get(&PactId(id))) {
                (Stage::Proposed, Some(pact::State::Proposed))
                | (Stage::Active, Some(pact::State::Active)) => Wanted::Yes,
                (Stage::Proposed, Some(pact::State::Active | pact::State::Declined)) => {
                    Wanted::Done
                }
                _ => Wanted::NoLongerSo,
            },
            Check::PactNudge { answered } => {
                until_answered(answered, &self.nudges, &PactNudgeId(id))
            }
            Check::Rung { agreed } => until_answered(agreed, &self.rungs, &RungId(id)),
            Check::HowItWent => asked_about(row).map_or(Wanted::NoLongerSo, |about| {
                until_answered(false, &self.asked, &about)
            }),
            Check::Word => {
                let goes_on = self.pacts.get(&PactId(id)) == Some(&pact::State::Active);
                let still_wishes =
                    check_in_of_wish(row).is_some_and(|check_in| self.words.contains(&check_in));
                yes_while(goes_on && still_wishes)
            }
            Check::Telling { over } => yes_while(self.tellings.get(&TellingId(id)) == Some(&over)),
        }
    }
}

/// Relevant while `so` is true.
const fn yes_while(so: bool) -> Wanted {
    if so { Wanted::Yes } else { Wanted::NoLongerSo }
}

/// Relevant until the question has its answer, or, for a notification of the answer, once there is one.
fn until_answered<K: Eq + Hash>(tells_of: bool, known: &HashMap<K, bool>, id: &K) -> Wanted {
    match known.get(id) {
        Some(answered) if *answered == tells_of => Wanted::Yes,
        Some(true) => Wanted::Done,
        Some(false) | None => Wanted::NoLongerSo,
    }
}
