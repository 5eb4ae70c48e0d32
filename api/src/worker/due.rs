//! Work that is due at stored instants. Each kind has an indexed instant of its next turn. A batch takes the due rows,
//! announces what is due and writes their next instants, in one transaction.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::app::App;
use crate::error::Fault;
use crate::{commitment, ladder, notification, zone_change};

/// An asynchronous function of the app.
pub(super) type Ask<T> = fn(&App) -> BoxFuture<'_, Result<T, Fault>>;

/// A kind of due work.
pub(super) struct Due {
    /// The name for the log.
    pub name: &'static str,
    /// Runs one batch of the due work. Returns how much there was.
    pub run: Ask<usize>,
    /// Returns when the next work is due.
    pub next: Ask<Option<DateTime<Utc>>>,
}

/// All kinds.
pub(super) const ALL: [Due; 4] = [
    Due {
        name: "reminders",
        run: |app| notification::reminder::run_due(app).boxed(),
        next: |app| notification::reminder::next_due(app).boxed(),
    },
    Due {
        name: "asks",
        run: |app| commitment::service::run_due(app).boxed(),
        next: |app| commitment::service::next_due(app).boxed(),
    },
    Due {
        name: "ladders",
        run: |app| ladder::service::run_due(app).boxed(),
        next: |app| ladder::service::next_due(app).boxed(),
    },
    Due {
        name: "zones",
        run: |app| zone_change::run_due(app).boxed(),
        next: |app| zone_change::next_due(app).boxed(),
    },
];
