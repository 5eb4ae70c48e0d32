//! The unit of work: a write transaction with its effects after the commit.

mod changes;
mod rank;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

pub use changes::{Changes, Item};
pub use rank::Rank;

use crate::bus::Event;
use crate::db::{Db, Transaction};
use crate::error::Fault;
use crate::security;

/// An open write transaction. It collects changes for members' devices, events for connected devices, and whether to
/// wake the worker. [`transact!`](crate::transact) writes the changes last and does the rest after the commit. A
/// rollback drops them all.
pub struct Tx {
    inner: Transaction,
    began_at: DateTime<Utc>,
    effects: Mutex<Effects>,
    locks: Mutex<Locks>,
}

/// How a write transaction ends if nothing fails.
#[derive(Debug)]
pub enum Done<T> {
    /// Commit.
    Keep(T),
    /// Roll back, because the outcome is a refusal.
    Undo(T),
}

/// The effects after a commit.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Items of members' devices that are new, changed or gone.
    pub changes: Changes,
    /// Events, each with the member that it is about.
    pub events: Vec<(MemberId, Event)>,
    /// Sessions that ended, each group with its instant.
    pub ended: Vec<(Vec<SessionId>, DateTime<Utc>)>,
    /// Lines for the security log.
    pub security: Vec<security::Line>,
    /// Whether to wake the worker.
    pub wake: bool,
}

/// What a transaction has locked.
#[derive(Debug, Default)]
struct Locks {
    rank: Option<Rank>,
    members: BTreeSet<MemberId>,
}

impl Locks {
    #[track_caller]
    fn rises_to(&mut self, rank: Rank) {
        if let Some(before) = self.rank {
            debug_assert!(rank >= before, "{rank:?} is locked after {before:?}");
        }
        self.rank = Some(rank);
    }
}

impl Tx {
    /// Opens a write transaction.
    pub(crate) async fn begin(db: &Db, now: DateTime<Utc>) -> Result<Self, Fault> {
        Ok(Self {
            inner: db.pool().begin().await?,
            began_at: now,
            effects: Mutex::default(),
            locks: Mutex::default(),
        })
    }

    /// When this attempt of the work began.
    pub const fn began_at(&self) -> DateTime<Utc> {
        self.began_at
    }

    /// Must be called before each statement that waits for a lock. Debug builds assert that ranks only rise.
    #[track_caller]
    pub fn lock(&self, rank: Rank) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.rises_to(rank);
    }

    /// As [`lock`](Self::lock) of [`Rank::Member`]. Returns whether there is anything to lock: `false` if this transaction
    /// has locked all of these members already.
    #[track_caller]
    pub fn lock_members(&self, members: &[MemberId]) -> bool {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |member: &&MemberId| !locks.members.contains(*member);
        let new: Vec<MemberId> = members.iter().filter(is_new).copied().collect();
        if new.is_empty() {
            return false;
        }
        locks.rises_to(Rank::Member);
        // Within the rank the ids rise as well.
        debug_assert!(
            locks.members.last() < new.iter().min(),
            "{new:?} are locked after {:?}",
            locks.members
        );
        locks.members.extend(new);
        true
    }

    /// Returns the items that this transaction has removed from members' devices so far.
    pub(crate) fn gone_so_far(&self) -> Vec<(MemberId, Item)> {
        self.with(|effects| effects.changes.gone_items().collect())
    }

    /// Commits without the effects. [`transact!`](crate::transact) also applies them.
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.inner.commit().await?)
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), Fault> {
        Ok(self.inner.rollback().await?)
    }

    /// Records that an item is new or changed for a member's devices.
    pub fn put(&self, member: MemberId, item: impl Into<Item>) {
        self.with(|effects| effects.changes.put(member, item));
    }

    /// Records that an item is gone for a member's devices, or no longer visible to the member.
    pub fn gone(&self, member: MemberId, item: impl Into<Item>) {
        self.with(|effects| effects.changes.gone(member, item));
    }

    /// Sends an event to connected devices after the commit. `about` is the member who caused it: the event is dropped
    /// if its receiver cannot see that member.
    pub fn tell(&self, about: MemberId, event: Event) {
        self.with(|effects| effects.events.push((about, event)));
    }

    /// Makes every process refuse the access tokens of these sessions after the commit.
    pub fn sessions_ended(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        self.with(|effects| effects.ended.push((sessions.to_vec(), at)));
    }

    /// Writes a line to the security log after the commit.
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
