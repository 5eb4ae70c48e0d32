//! The unit of work: a write transaction, with what is to happen once it has committed.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::Db;
use super::pool::Transaction;
use crate::bus::Event;
use crate::error::Fault;
use crate::security;
use crate::sync::model::{Changes, Item};

/// An open write transaction. It gathers what its work changes of what phones keep, what connected devices are to
/// hear, and whether the worker is to be woken. [`transact!`](crate::transact) writes the changes last, and does the
/// rest after the commit; what is rolled back tells nothing.
pub struct Tx {
    inner: Transaction,
    began_at: DateTime<Utc>,
    effects: Mutex<Effects>,
}

/// How a write transaction ends when nothing went wrong.
#[derive(Debug)]
pub enum Done<T> {
    /// What was written stays.
    Keep(T),
    /// What was written is undone: the outcome is a refusal.
    Undo(T),
}

/// What follows a commit.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// What members' phones keep that is new, changed or gone.
    pub changes: Changes,
    /// Whom each event is about, and the event.
    pub events: Vec<(MemberId, Event)>,
    /// Sessions that ended, and when.
    pub ended: Vec<(Vec<SessionId>, DateTime<Utc>)>,
    /// What the security log is to tell.
    pub security: Vec<security::Line>,
    /// Whether there is work for the worker.
    pub wake: bool,
}

impl Tx {
    /// Opens a write transaction.
    pub(crate) async fn begin(db: &Db, now: DateTime<Utc>) -> Result<Self, Fault> {
        Ok(Self {
            inner: db.pool.begin().await?,
            began_at: now,
            effects: Mutex::default(),
        })
    }

    /// When this try of its work began.
    pub const fn began_at(&self) -> DateTime<Utc> {
        self.began_at
    }

    /// What is gone from members' phones with it.
    pub(crate) fn gone_so_far(&self) -> Vec<(MemberId, Item)> {
        self.with(|effects| effects.changes.gone_items().collect())
    }

    /// Commits, and nothing else: [`transact!`](crate::transact) also does what follows.
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes what was written.
    pub async fn rollback(self) -> Result<(), Fault> {
        Ok(self.inner.rollback().await?)
    }

    /// Something a member's phones keep is new, or changed.
    pub fn put(&self, member: MemberId, item: impl Into<Item>) {
        self.with(|effects| effects.changes.put(member, item));
    }

    /// Something a member's phones keep is gone, or no longer visible to him.
    pub fn gone(&self, member: MemberId, item: impl Into<Item>) {
        self.with(|effects| effects.changes.gone(member, item));
    }

    /// Connected devices hear of this after the commit. `about` is the member whose doing it is: the event is
    /// dropped when its receiver cannot see him.
    pub fn tell(&self, about: MemberId, event: Event) {
        self.with(|effects| effects.events.push((about, event)));
    }

    /// Every process refuses the access tokens of these sessions after the commit.
    pub fn sessions_ended(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        self.with(|effects| effects.ended.push((sessions.to_vec(), at)));
    }

    /// The security log tells this after the commit.
    pub fn log(&self, line: security::Line) {
        self.with(|effects| effects.security.push(line));
    }

    /// Wakes the worker after the commit.
    pub fn wake(&self) {
        self.with(|effects| effects.wake = true);
    }

    pub(crate) fn take_effects(&self) -> Effects {
        self.with(std::mem::take)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Effects) -> T) -> T {
        work(&mut self.effects.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(stmt).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(stmt).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(stmt).await
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}
