//! The in-app inbox: a member's notifications, as he sees them.

use chrono::{DateTime, Utc};
use entity::notification::{Kind, Model};
use entity::{MemberId, NotificationId};
use uuid::Uuid;

use super::model::is_told;
use super::store::{self, INBOX, Which};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::page::{Cursor, Page};

/// A line of the inbox.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub kind: Kind,
    /// The thing itself; its type follows from the kind.
    pub subject: Option<Uuid>,
    /// When it was due.
    pub at: DateTime<Utc>,
    /// When he read it.
    pub read_at: Option<DateTime<Utc>>,
}

impl Line {
    /// Its place in the inbox.
    pub const fn cursor(&self) -> Cursor<INBOX> {
        Cursor {
            key: self.at.timestamp_micros(),
            id: self.id.0,
        }
    }
}

impl From<Model> for Line {
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

/// What is to be marked as read.
#[derive(Clone, Debug)]
pub enum Marked {
    /// These, where they are in the inbox.
    These(Vec<NotificationId>),
    /// This one and everything older.
    UpTo(NotificationId),
}

pub async fn page(app: &App, member: MemberId, page: &Page<INBOX>) -> Result<Vec<Line>, Fault> {
    let rows = store::page(app.db.pool(), member, app.clock.now(), page).await?;
    Ok(rows.into_iter().map(Line::from).collect())
}

pub async fn count(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), member, app.clock.now()).await
}

pub async fn unread(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::unread(app.db.pool(), member, app.clock.now()).await
}

pub async fn those(
    app: &App,
    member: MemberId,
    ids: &[NotificationId],
) -> Result<Vec<Line>, Fault> {
    let rows = store::those(app.db.pool(), member, app.clock.now(), ids).await?;
    Ok(rows.into_iter().map(Line::from).collect())
}

/// Marks lines as read. Those that are not in the inbox are passed over, except that a point in it must be:
/// false when it is not.
pub async fn mark_read(app: &App, member: MemberId, what: Marked) -> Result<bool, Fault> {
    let (db, now) = (app.db.pool(), app.clock.now());
    let which = match what {
        Marked::These(ids) => Which::These(ids),
        Marked::UpTo(id) => match store::those(db, member, now, &[id]).await?.pop() {
            Some(row) => Which::UpTo(Line::from(row).cursor()),
            None => return Ok(false),
        },
    };
    // Two of his devices may mark the same lines in different orders, and have to try again.
    transact!(app, |tx| {
        for row in store::mark_read(tx, member, now, &which).await? {
            // One that waits to be planned is told of then.
            if is_told(&row) {
                tx.put(member, row.id);
            }
        }
        Ok(Done::Keep(true))
    })
}
