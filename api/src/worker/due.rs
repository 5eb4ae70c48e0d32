//! What comes at a time of its own: each kind has an indexed instant that says when next, and a batch that takes what is
//! due, tells of it, and writes the next instant, in one transaction.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::app::App;
use crate::error::Fault;
use crate::{commitment, ladder, nudge, zone_change};

/// Asks the app for something that takes a while.
pub(super) type Ask<T> = fn(&App) -> BoxFuture<'_, Result<T, Fault>>;

/// A kind of it.
pub(super) struct Due {
    /// For the log.
    pub name: &'static str,
    /// Takes one batch of what is due; how much there was.
    pub run: Ask<usize>,
    /// When the next falls due.
    pub next: Ask<Option<DateTime<Utc>>>,
}

/// All there are.
pub(super) const ALL: [Due; 4] = [
    Due {
        name: "reminders",
        run: |app| nudge::reminder::run_due(app).boxed(),
        next: |app| nudge::reminder::next_due(app).boxed(),
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
