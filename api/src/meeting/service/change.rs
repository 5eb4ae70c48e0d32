//! Changing a meeting and calling it off.

use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::notification::Kind;
use entity::rsvp::Answer;
use entity::{MeetingId, MemberId, OccurrenceId, meeting, meeting_change};

use super::{OccurrenceView, reminder_key, store};
use crate::app::App;
use crate::error::Fault;
use crate::meeting::model;
use crate::outbox::{self, Announcement};
use crate::transact;
use crate::tx::{Done, Tx};

/// A change to a meeting, with checked fields. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The title: one line.
    pub title: Option<String>,
    /// The description; may be blank.
    pub description: Option<String>,
    /// The place, in words; `Some(None)` removes it.
    pub place: Option<Option<String>>,
    /// The link to join by; `Some(None)` removes it.
    pub join_url: Option<Option<String>>,
    /// How many seats; `Some(None)` removes the limit.
    pub capacity: Option<Option<i32>>,
}

/// The outcome of [`update`].
#[derive(Clone, Debug)]
pub enum UpdateOutcome {
    /// The meeting is as requested.
    Updated(OccurrenceView),
    /// No such meeting is visible to the viewer.
    NotFound,
    /// The viewer may not change it.
    NotAllowed,
    /// The meeting is no longer at the expected version. Holds its present state.
    Stale(OccurrenceView),
    /// More seats are taken than the new limit.
    TooFewSeats(OccurrenceView),
}

/// Changes a meeting that is at version `expected`. Updates the feeds of the members who answered it, and notifies
/// those who are going if they would otherwise come to the wrong place. Idempotent: a change that is made already
/// succeeds at any version.
pub async fn update(
    app: &App,
    viewer: MemberId,
    id: MeetingId,
    expected: i32,
    patch: &Patch,
) -> Result<UpdateOutcome, Fault> {
    transact!(app, |tx| {
        store::lock_circle(tx, id).await?;
        let Some(view) = store::by_meeting(tx, viewer, id).await? else {
            return Ok(Done::Undo(UpdateOutcome::NotFound));
        };
        if !view.runs {
            return Ok(Done::Undo(UpdateOutcome::NotAllowed));
        }
        let wanted = patched(&view.meeting, patch);
        let capacity = patch.capacity.unwrap_or(view.occurrence.capacity);
        if wanted == view.meeting && capacity == view.occurrence.capacity {
            return Ok(Done::Undo(UpdateOutcome::Updated(view)));
        }
        if view.meeting.version != expected || !store::update(tx, &wanted, expected).await? {
            let now = store::by_meeting(tx, viewer, id).await?;
            return Ok(Done::Undo(
                now.map_or(UpdateOutcome::NotFound, UpdateOutcome::Stale),
            ));
        }
        if capacity != view.occurrence.capacity
            && !store::set_capacity(tx, view.occurrence.id, capacity).await?
        {
            return Ok(Done::Undo(UpdateOutcome::TooFewSeats(view)));
        }
        let change = meeting_change::Model {
            id: app.ids.next(),
            meeting_id: id,
            member_id: viewer,
            fields: changed_fields(&view, &wanted, capacity),
            at: app.clock.now(),
        };
        store::record_change(tx, change).await?;
        for (member, occurrence) in store::followers(tx, id).await? {
            tx.put(member, id);
            if capacity != view.occurrence.capacity && occurrence == view.occurrence.id {
                tx.put(member, occurrence);
            }
        }
        let now = store::by_meeting(tx, viewer, id).await?;
        let now = now.ok_or(Fault::Broken("a changed meeting is found"))?;
        if model::must_be_announced(&view.meeting, &now.meeting) {
            tell_of_change(app, tx, viewer, &now.meeting).await?;
        }
        Ok(Done::Keep(UpdateOutcome::Updated(now)))
    })
}

/// Notifies the members who are going, except the one who made the change, that the place, the link or the format of a
/// meeting changed. A member whose notification of an earlier change is still to come receives one for both.
async fn tell_of_change(
    app: &App,
    tx: &Tx,
    by: MemberId,
    meeting: &meeting::Model,
) -> Result<(), Fault> {
    let going = store::going(tx, meeting.id, app.clock.now()).await?;
    let others = going.into_iter().filter(|(member, _)| *member != by);
    let change = format!("{}", meeting.version);
    tell_changed(app, tx, Some(by), &others.collect::<Vec<_>>(), &change).await
}

/// Notifies each member that the given occurrence changed, unless a notification of an earlier change is still to come.
/// `change` distinguishes the changes of an occurrence in the dedup key.
pub(super) async fn tell_changed(
    app: &App,
    tx: &Tx,
    by: Option<MemberId>,
    whom: &[(MemberId, occurrence::Model)],
    change: &str,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let seats = whom
        .iter()
        .map(|(member, occurrence)| (*member, occurrence.id.0));
    let seats: Vec<_> = seats.collect();
    let will_hear = outbox::who_will_hear(tx, &seats, Kind::MeetingChanged, now).await?;
    let announcements = whom
        .iter()
        .filter(|(member, occurrence)| !will_hear.contains(&(*member, occurrence.id.0)))
        .map(|(member, occurrence)| Announcement {
            member: *member,
            kind: Kind::MeetingChanged,
            dedup_key: format!("meeting_changed:{}:{change}", occurrence.id),
            subject: Some(occurrence.id.0),
            not_before: model::change_announced_at(now, occurrence.starts_at),
            expires_at: occurrence.ends_at,
            caused_by: by,
        });
    outbox::announce_all(app, tx, &announcements.collect::<Vec<_>>()).await
}

/// Returns the names of the changed fields, in alphabetical order and separated by commas; never their contents.
fn changed_fields(view: &OccurrenceView, wanted: &meeting::Model, capacity: Option<i32>) -> String {
    let before = &view.meeting;
    let fields = [
        ("capacity", view.occurrence.capacity != capacity),
        ("description", before.description != wanted.description),
        ("join_url", before.join_url != wanted.join_url),
        ("place", before.place != wanted.place),
        ("title", before.title != wanted.title),
    ];
    let changed = fields.iter().filter(|(_, changed)| *changed);
    changed.map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

fn patched(meeting: &meeting::Model, patch: &Patch) -> meeting::Model {
    let patch = patch.clone();
    let meeting = meeting.clone();
    meeting::Model {
        title: patch.title.unwrap_or(meeting.title),
        description: patch.description.unwrap_or(meeting.description),
        place: patch.place.unwrap_or(meeting.place),
        join_url: patch.join_url.unwrap_or(meeting.join_url),
        ..meeting
    }
}

/// The outcome of [`cancel`].
#[derive(Clone, Debug)]
pub enum CancelOutcome {
    /// It is called off.
    Cancelled(OccurrenceView),
    /// No such occurrence is visible to the viewer.
    NotFound,
    /// The viewer may not call it off.
    NotAllowed,
    /// It is over.
    TooLate(OccurrenceView),
}

/// Calls an occurrence off, notifies the members who have a seat, and withdraws their reminders.
pub async fn cancel(app: &App, viewer: MemberId, id: OccurrenceId) -> Result<CancelOutcome, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        store::lock_circle_of_occurrence(tx, id).await?;
        let Some(view) = store::to_change(tx, viewer, id).await? else {
            return Ok(Done::Undo(CancelOutcome::NotFound));
        };
        if !view.runs {
            return Ok(Done::Undo(CancelOutcome::NotAllowed));
        }
        let Some(occurrence) = store::cancel(tx, id, now).await? else {
            let there = store::by_occurrence(tx, viewer, id).await?.unwrap_or(view);
            return Ok(Done::Undo(match there.occurrence.status {
                OccurrenceStatus::Cancelled => CancelOutcome::Cancelled(there),
                OccurrenceStatus::Scheduled => CancelOutcome::TooLate(there),
            }));
        };
        // The cancelled status keeps others from taking a seat from here on, so this list has every seat.
        let answers = store::answers(tx, id).await?;
        let mut going = Vec::new();
        for (member, answer) in answers {
            tx.put(member, id);
            if answer == Answer::Going {
                going.push(member);
            }
        }
        outbox::withdraw_from_all(tx, &going, &reminder_key(id)).await?;
        let announcements = going.into_iter().map(|member| Announcement {
            member,
            kind: Kind::MeetingCancelled,
            dedup_key: format!("meeting_cancelled:{id}"),
            subject: Some(id.0),
            not_before: now,
            expires_at: occurrence.ends_at,
            caused_by: Some(viewer),
        });
        outbox::announce_all(app, tx, &announcements.collect::<Vec<_>>()).await?;
        Ok(Done::Keep(CancelOutcome::Cancelled(OccurrenceView {
            occurrence,
            ..view
        })))
    })
}
