//! The in-app inbox: a member's notifications, as the member sees them.

use chrono::{DateTime, Utc};
use entity::notification::{Kind, Model};
use entity::{MemberId, NotificationId};
use uuid::Uuid;

use super::store::{self, INBOX, InboxFilter};
use crate::app::App;
use crate::error::Fault;
use crate::outbox::is_in_inbox;
use crate::page::{Cursor, Page};
use crate::transact;
use crate::tx::Done;

/// A notification in the inbox.
#[derive(Clone, Copy, Debug)]
pub struct InboxEntry {
    /// The id.
    pub id: NotificationId,
    /// The kind.
    pub kind: Kind,
    /// The id of its subject. The subject's type follows from the kind.
    pub subject: Option<Uuid>,
    /// When it was due.
    pub at: DateTime<Utc>,
    /// When the member read it.
    pub read_at: Option<DateTime<Utc>>,
}

impl InboxEntry {
    /// Returns its position in the inbox.
    pub const fn cursor(&self) -> Cursor<INBOX> {
        Cursor {
            key: self.at.timestamp_micros(),
            id: self.id.0,
        }
    }
}

impl From<Model> for InboxEntry {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            subject: row.subject_id,
            at: row.not_before,
            read_at: row.read_at,
        }
    }
}

/// The notifications to mark as read.
#[derive(Clone, Debug)]
pub enum Marked {
    /// Those with these ids that are in the inbox.
    Ids(Vec<NotificationId>),
    /// This one and everything older.
    UpTo(NotificationId),
}

/// Fetches up to `limit + 1` notifications of a member's inbox, newest first.
pub async fn page(
    app: &App,
    member: MemberId,
    page: &Page<INBOX>,
) -> Result<Vec<InboxEntry>, Fault> {
    let rows = store::page(app.db.pool(), member, app.clock.now(), page).await?;
    Ok(rows.into_iter().map(InboxEntry::from).collect())
}

/// Counts the notifications in a member's inbox.
pub async fn count(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), member, app.clock.now()).await
}

/// Counts the unread notifications in a member's inbox.
pub async fn unread(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::unread(app.db.pool(), member, app.clock.now()).await
}

/// Returns notifications of a member's inbox by their ids, in no particular order, without those of other members.
pub async fn by_ids(
    app: &App,
    member: MemberId,
    ids: &[NotificationId],
) -> Result<Vec<InboxEntry>, Fault> {
    let rows = store::lines_by_ids(app.db.pool(), member, app.clock.now(), ids).await?;
    Ok(rows.into_iter().map(InboxEntry::from).collect())
}

/// Marks notifications as read, and skips those that are not in the inbox. Returns false if the one to mark up to is
/// not in the inbox.
pub async fn mark_read(app: &App, member: MemberId, what: Marked) -> Result<bool, Fault> {
    let (db, now) = (app.db.pool(), app.clock.now());
    let filter = match what {
        Marked::Ids(ids) => InboxFilter::Ids(ids),
        Marked::UpTo(id) => match store::lines_by_ids(db, member, now, &[id]).await?.pop() {
            Some(row) => InboxFilter::UpTo(InboxEntry::from(row).cursor()),
            None => return Ok(false),
        },
    };
    // Two of the member's devices may mark the same rows in different orders. The transaction is then retried.
    transact!(app, |tx| {
        for row in store::mark_read(tx, member, now, &filter).await? {
            // A notification that is not planned yet is synchronised when it is.
            if is_in_inbox(&row) {
                tx.put(member, row.id);
            }
        }
        Ok(Done::Keep(true))
    })
}
