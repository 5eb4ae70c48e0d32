//! Compares the promises with the database and the push provider.

use std::collections::{HashMap, HashSet};
use std::fmt;

use api::node_id::NodeId as _;
use chrono::TimeDelta;
use entity::job::JobState;
use entity::notification::{Kind, State};
use entity::push_delivery::DeliveryState;
use entity::rsvp::Answer;
use entity::{
    MemberId, NotificationId, OccurrenceId, check_in, job, meeting_occurrence, push_delivery, rsvp,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::cast::Cast;
use super::load::{Act, Book};
use crate::TestApp;
use crate::fake_fcm::FakeFcm;

/// Returns whether nothing is due in the next five minutes. Leased work is due when its lease ends.
pub async fn is_at_rest(app: &TestApp) -> bool {
    // A query can fail just after the database has restarted. The caller then tries again.
    let next = api::worker::next_due(&app.app).await;
    next.is_ok_and(|next| next.is_none_or(|next| next > app.now() + TimeDelta::minutes(5)))
}

/// The figures of a run, for information.
#[derive(Debug)]
pub struct Reckoned {
    /// Acknowledged check-ins.
    pub check_ins: usize,
    /// Acknowledged answers to meetings.
    pub answers: usize,
    /// Answers refused because the meeting is full.
    pub refused: usize,
    /// Requests without an answer.
    pub unanswered: usize,
    /// Unanswered requests that had been committed.
    pub committed: usize,
    /// Notifications that had to be sent.
    pub owed: usize,
    /// Distinct pushes that arrived.
    pub pushes: usize,
    /// Repeated pushes.
    pub again: usize,
}

impl fmt::Display for Reckoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} check-ins and {} answers acknowledged, {} refused; of {} lost answers {} had been committed; \
             {} nudges owed, {} pushes, {} sent again",
            self.check_ins,
            self.answers,
            self.refused,
            self.unanswered,
            self.committed,
            self.owed,
            self.pushes,
            self.again,
        )
    }
}

/// Checks every promise. Panics at the first one that was not kept.
pub async fn reckon(app: &TestApp, cast: &Cast, book: &Book, fcm: &FakeFcm) -> Reckoned {
    let db = app.app.db.pool();
    let check_ins = check_in::Entity::find().all(db).await.unwrap();
    let rsvps = rsvp::Entity::find().all(db).await.unwrap();

    check_ins_are_there_and_counted(app, book, &check_ins).await;
    answers_stand_and_seats_agree(app, book, &rsvps).await;
    let failed = job::Entity::find().filter(job::Column::State.eq(JobState::Failed));
    assert_eq!(failed.all(db).await.unwrap(), []);
    let owed = owed(app, cast, &rsvps).await;
    let (pushes, again) = everything_owed_has_arrived(app, cast, fcm, &owed).await;
    Reckoned {
        check_ins: book.check_ins.len(),
        answers: book.answers.len(),
        refused: book.refused.len(),
        unanswered: book.lost.len(),
        committed: committed(book, &check_ins, &rsvps),
        owed: owed.len(),
        pushes,
        again,
    }
}

/// Returns how many acts were committed although their answers were lost.
fn committed(book: &Book, check_ins: &[check_in::Model], rsvps: &[rsvp::Model]) -> usize {
    let made = check_ins.iter().map(|row| (row.id, row.created_at));
    let made: HashMap<_, _> = made.collect();
    let answered = rsvps
        .iter()
        .map(|row| ((row.member_id, row.occurrence_id), row));
    let answered: HashMap<_, _> = answered.collect();
    let committed = book.lost.iter().filter(|(act, noticed)| {
        let at = match act {
            Act::CheckIn { id, .. } => made.get(id).copied(),
            Act::Answer {
                who, to, answer, ..
            } => answered.get(&(who.member, *to)).map(|row| match answer {
                Answer::Going => row.created_at,
                Answer::NotGoing => row.updated_at,
            }),
        };
        at.is_some_and(|at| at < *noticed)
    });
    committed.count()
}

/// Checks that the table holds exactly the acknowledged check-ins. By now, every act that began has been answered.
async fn check_ins_are_there_and_counted(app: &TestApp, book: &Book, rows: &[check_in::Model]) {
    let there = rows
        .iter()
        .map(|row| (row.id, (row.member_id, row.mood.unwrap())));
    assert_eq!(there.collect::<HashMap<_, _>>(), book.check_ins);
    let mut days: HashMap<MemberId, u32> = HashMap::new();
    for row in rows {
        *days.entry(row.member_id).or_default() += 1;
    }
    for (member, days) in days {
        let progress = api::checkin::service::progress(&app.app, member).await;
        assert_eq!(progress.unwrap().days_shown_up, days);
    }
}

async fn answers_stand_and_seats_agree(app: &TestApp, book: &Book, rows: &[rsvp::Model]) {
    let there = rows
        .iter()
        .map(|row| ((row.member_id, row.occurrence_id), row.answer));
    assert_eq!(there.collect::<HashMap<_, _>>(), book.answers);
    let mut taken: HashMap<OccurrenceId, i32> = HashMap::new();
    for row in rows.iter().filter(|row| row.answer == Answer::Going) {
        *taken.entry(row.occurrence_id).or_default() += 1;
    }
    let occurrences = meeting_occurrence::Entity::find().all(app.app.db.pool());
    for row in occurrences.await.unwrap() {
        let going = taken.get(&row.id).copied().unwrap_or_default();
        assert_eq!(row.seats_taken, going, "{row:?}");
        assert!(row.capacity.is_none_or(|seats| going <= seats), "{row:?}");
    }
    assert!(!book.refused.is_empty(), "no answer was refused as full");
}

/// Returns the notifications that had to be sent: one for each accepted meeting, and one for each daily reminder.
async fn owed(
    app: &TestApp,
    cast: &Cast,
    rsvps: &[rsvp::Model],
) -> Vec<(MemberId, NotificationId)> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in app.notifications().await {
        let about = (row.member_id, row.kind, row.subject_id);
        found.entry(about).or_default().push((row.id, row.state));
    }
    let going = rsvps.iter().filter(|row| row.answer == Answer::Going);
    let going = going.map(|row| {
        let meeting = Some(row.occurrence_id.0);
        (row.member_id, Kind::MeetingReminder, meeting)
    });
    let quiet = cast.quiet.iter();
    let quiet = quiet.map(|member| (*member, Kind::CheckInReminder, None));
    let one = |about: (MemberId, _, _)| match found.get(&about).map(Vec::as_slice) {
        Some([(id, State::Planned)]) => (about.0, *id),
        others => panic!("{about:?} needs one planned notification, but has {others:?}"),
    };
    going.chain(quiet).map(one).collect()
}

/// Returns the deliveries of a notification, for the message about a missing push.
async fn of_notification(app: &TestApp, id: NotificationId) -> Vec<push_delivery::Model> {
    let mut rows = app.deliveries().await;
    rows.retain(|row| row.notification_id == id);
    rows
}

/// Returns the number of distinct pushes, and of repeated ones.
async fn everything_owed_has_arrived(
    app: &TestApp,
    cast: &Cast,
    fcm: &FakeFcm,
    owed: &[(MemberId, NotificationId)],
) -> (usize, usize) {
    let arrived = fcm.requests();
    let arrived: Vec<_> = arrived
        .iter()
        .filter(|request| request.authorised)
        .map(|request| {
            let id = &request.body["message"]["data"]["notification_id"];
            (request.address.as_str(), id.as_str().unwrap())
        })
        .collect();
    let once: HashSet<_> = arrived.iter().copied().collect();
    let mut ids = HashSet::new();
    for (member, id) in owed {
        for address in &cast.addresses[member] {
            let arrived = once.contains(&(address.as_str(), id.global().as_str()));
            assert!(
                arrived,
                "{id} did not reach {address}: {:?}",
                of_notification(app, *id).await
            );
        }
        ids.insert(*id);
    }
    for row in app.deliveries().await {
        assert_eq!((row.lease_holder, row.lease_until), (None, None), "{row:?}");
        let over = match row.state {
            DeliveryState::Accepted => true,
            // The member gave the seat back in time.
            DeliveryState::Skipped => !ids.contains(&row.notification_id),
            _ => false,
        };
        assert!(over, "{row:?}");
    }
    assert_eq!(fcm.violations(), Vec::<String>::new());
    (once.len(), arrived.len() - once.len())
}
