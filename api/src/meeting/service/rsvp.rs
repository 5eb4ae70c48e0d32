//! Answering an occurrence, and taking or giving back the seat.

use chrono::{DateTime, Utc};
use entity::meeting_occurrence::OccurrenceStatus;
use entity::notification::Kind;
use entity::rsvp::{self, Answer};
use entity::{CircleId, MemberId, OccurrenceId, meeting_occurrence};

use super::{OccurrenceView, reminder_key, store};
use crate::app::App;
use crate::error::Fault;
use crate::feed;
use crate::meeting::model::{REMIND_BEFORE, seat_from};
use crate::meeting::store::{Seats, Written};
use crate::outbox::{self, Announcement};
use crate::transact;
use crate::tx::{Done, Tx};

/// The outcome of [`rsvp()`].
#[derive(Clone, Debug)]
pub enum RsvpOutcome {
    /// The answer is stored.
    Answered(OccurrenceView),
    /// No such occurrence is visible to the member.
    NotFound,
    /// Every seat is taken.
    Full(OccurrenceView),
    /// It has started.
    TooLate(OccurrenceView),
    /// It was called off.
    Cancelled(OccurrenceView),
    /// The account is too new for a seat in an open meeting, until this instant.
    TooNew(OccurrenceView, DateTime<Utc>),
}

/// Answers an occurrence. `Going` takes a seat and plans the reminder. `NotGoing` gives back the seat, if there was
/// one, and withdraws the reminder. Idempotent: the present answer is accepted again at any time.
pub async fn rsvp(
    app: &App,
    member: MemberId,
    id: OccurrenceId,
    answer: Answer,
) -> Result<RsvpOutcome, Fault> {
    let now = app.clock.now();
    let row = rsvp::Model {
        id: app.ids.next(),
        occurrence_id: id,
        member_id: member,
        answer,
        created_at: now,
        updated_at: now,
    };
    transact!(app, |tx| {
        let Some(view) = store::to_answer(tx, member, id).await? else {
            return Ok(Done::Undo(RsvpOutcome::NotFound));
        };
        if view.answer == Some(answer) {
            return Ok(Done::Undo(RsvpOutcome::Answered(view)));
        }
        if let Some(refused) = refused(&view, now) {
            return Ok(Done::Undo(refused));
        }
        if let (Answer::Going, Some(from)) = (answer, seat_later(app, &view, now)) {
            return Ok(Done::Undo(RsvpOutcome::TooNew(view, from)));
        }
        // A concurrent removal from the circle either waits for this lock, and then gives the seat back, or came first.
        if let (Answer::Going, Some(circle)) = (answer, view.meeting.circle_id)
            && !store::lock_membership(tx, circle, member).await?
        {
            return Ok(Done::Undo(RsvpOutcome::NotFound));
        }
        let occurrence = match (answer, store::answer(tx, &row).await?) {
            // A concurrent request stored the same answer first.
            (_, Written::Same) => {
                let there = store::by_occurrence(tx, member, id).await?.unwrap_or(view);
                return Ok(Done::Undo(RsvpOutcome::Answered(there)));
            }
            (Answer::NotGoing, Written::First) => view.occurrence,
            (Answer::NotGoing, Written::Other) => leave(tx, member, id).await?,
            (Answer::Going, _) => {
                let Some(occurrence) = store::take_seat(tx, id, now).await? else {
                    // `Done::Undo` rolls back the answer just written, so the earlier one stands.
                    let before = view.answer;
                    let there = store::by_occurrence(tx, member, id).await?.unwrap_or(view);
                    let there = OccurrenceView {
                        answer: before,
                        ..there
                    };
                    let why = refused(&there, now);
                    return Ok(Done::Undo(why.unwrap_or(RsvpOutcome::Full(there))));
                };
                occurrence
            }
        };
        if answer == Answer::Going {
            let what = Announcement {
                member,
                kind: Kind::MeetingReminder,
                dedup_key: reminder_key(id),
                subject: Some(id.0),
                not_before: now.max(occurrence.starts_at - REMIND_BEFORE),
                expires_at: occurrence.starts_at,
                caused_by: None,
            };
            outbox::announce(app, tx, &what).await?;
        }
        tx.put(member, id);
        tx.put(member, view.meeting.id);
        Ok(Done::Keep(RsvpOutcome::Answered(OccurrenceView {
            occurrence,
            answer: Some(answer),
            ..view
        })))
    })
}

/// From when on the member can take a seat, or `None` if he can now. Circle meetings have no minimum age of the
/// account.
fn seat_later(app: &App, view: &OccurrenceView, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if view.meeting.circle_id.is_some() || view.runs {
        return None;
    }
    let days = app.config.meetings.seat_min_account_age_days;
    seat_from(view.account_made_at?, days, now)
}

/// Why a new answer is refused, or `None` if it is not.
fn refused(view: &OccurrenceView, now: DateTime<Utc>) -> Option<RsvpOutcome> {
    if view.occurrence.status == OccurrenceStatus::Cancelled {
        return Some(RsvpOutcome::Cancelled(view.clone()));
    }
    (view.occurrence.starts_at <= now).then(|| RsvpOutcome::TooLate(view.clone()))
}

async fn leave(
    tx: &Tx,
    member: MemberId,
    id: OccurrenceId,
) -> Result<meeting_occurrence::Model, Fault> {
    let occurrence = store::free_seat(tx, id)
        .await?
        .ok_or(Fault::Broken("a member who is going has a seat"))?;
    outbox::withdraw(tx, member, &reminder_key(id)).await?;
    Ok(occurrence)
}

/// Prepares the removal of a member, and locks his feed. First releases the meetings he hosts, then his seats: the
/// order in which other transactions lock them before his feed.
pub async fn prepare_removal(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::release_hosted(tx, member).await?;
    give_back_seats(app, tx, member, Seats::All).await?;
    feed::lock(tx, member).await
}

/// Removes a member as the host of his meetings, after he lost the right to host.
pub async fn release_hosted(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    Ok(store::release_hosted(tx, member).await?)
}

/// Gives back a member's seats in meetings that have not started.
pub async fn give_back_upcoming_seats(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    give_back_seats(app, tx, member, Seats::Upcoming).await
}

/// Gives back a member's seats in a circle's meetings that have not started.
pub async fn give_back_seats_in(
    app: &App,
    tx: &Tx,
    member: MemberId,
    circle: CircleId,
) -> Result<(), Fault> {
    give_back_seats(app, tx, member, Seats::Of(circle)).await
}

async fn give_back_seats(app: &App, tx: &Tx, member: MemberId, which: Seats) -> Result<(), Fault> {
    for id in store::leave_all(tx, member, which, app.clock.now()).await? {
        leave(tx, member, id).await?;
    }
    Ok(())
}
