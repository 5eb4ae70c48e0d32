//! The places of a pool, each for one connection: waiting for one, and replacing them all.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use deadpool::managed::{self, PoolConfig, PoolError, QueueMode};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Purpose;
use super::fault::is_crowded;
use super::lease::Lease;
use super::manager::{Manager, Source};
use super::silence::Silence;

/// The pause before another attempt when the server accepts no more connections: one of ours may become free.
const CROWDED: Duration = Duration::from_millis(50);

/// The connections of a pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// In use and idle.
    pub open: u32,
    /// Idle.
    pub idle: u32,
}

/// The current places, and the time when they last replaced others.
#[derive(Debug)]
pub struct Places {
    source: Arc<Source>,
    current: RwLock<Set>,
    renewed: Mutex<Option<Instant>>,
}

/// Places that are created and closed together.
#[derive(Clone, Debug)]
pub struct Set {
    pub connections: managed::Pool<Manager>,
    pub writers: Arc<Semaphore>,
    silence: Arc<Silence>,
}

impl Set {
    fn new(source: &Arc<Source>) -> Result<Self, DbErr> {
        let limits = &source.limits;
        let mut config = PoolConfig::new(limits.places);
        // The last one used is taken first, so that connections that are not needed stay idle and get closed.
        config.queue_mode = QueueMode::Lifo;
        let connections = managed::Pool::builder(Manager(Arc::clone(source))).config(config);
        let connections = connections
            .build()
            .map_err(|why| DbErr::Custom(why.to_string()))?;
        Ok(Self {
            connections,
            writers: Arc::new(Semaphore::new(limits.writers)),
            silence: Arc::default(),
        })
    }

    pub fn is_closed(&self) -> bool {
        self.writers.is_closed()
    }

    /// Closes the places: callers that wait for one are woken, and nobody gets one any more. Connections in use go on
    /// to their end.
    pub fn close(&self) {
        self.writers.close();
        self.connections.close();
    }

    /// Waits for a connection. Returns `None` if these places were closed meanwhile.
    async fn lease(&self, source: &Arc<Source>, purpose: Purpose) -> Option<Result<Lease, DbErr>> {
        // First the write permit and then a connection: a caller that waits for a permit must not occupy a connection.
        let writer = match purpose {
            Purpose::Read => None,
            Purpose::Write => Some(Arc::clone(&self.writers).acquire_owned().await.ok()?),
        };
        loop {
            match self.connections.get().await {
                Ok(object) => {
                    let (source, silence) = (Arc::clone(source), Arc::clone(&self.silence));
                    return Some(Ok(Lease::new(object, source, silence, writer)));
                }
                Err(PoolError::Backend(why)) => {
                    if !(is_full(&why) && self.connections.status().size > 0) {
                        return Some(Err(why));
                    }
                    sleep(CROWDED).await;
                }
                // The only other error is a closed pool: this one has no hooks and no time limits of its own.
                Err(_) => return None,
            }
        }
    }

    /// Waits until statements have gone unanswered for `limit`.
    async fn silent_for(&self, limit: Duration) {
        loop {
            let left = limit.saturating_sub(self.silence.lasts(Instant::now()));
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }
}

impl Places {
    pub fn new(source: Arc<Source>) -> Result<Self, DbErr> {
        Ok(Self {
            current: RwLock::new(Set::new(&source)?),
            source,
            renewed: Mutex::default(),
        })
    }

    pub fn current(&self) -> Set {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn size(&self) -> PoolSize {
        let status = self.current().connections.status();
        let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
        PoolSize {
            open: number(status.size),
            idle: number(status.available),
        }
    }

    /// Waits for a connection, up to the time limit.
    pub async fn lease(&self, purpose: Purpose) -> Result<Lease, DbErr> {
        let waiting = async {
            loop {
                let set = self.current();
                if set.is_closed() {
                    return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
                }
                let leased = match self.source.limits.silence {
                    None => set.lease(&self.source, purpose).await,
                    // `biased`: a free connection wins over a renewal.
                    Some(limit) => tokio::select! {
                        biased;
                        leased = set.lease(&self.source, purpose) => leased,
                        () = self.renewal(&set, limit) => None,
                    },
                };
                if let Some(leased) = leased {
                    return leased;
                }
            }
        };
        let leased = timeout(self.source.limits.acquire, waiting).await;
        leased.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }

    /// Returns once the places were replaced because of silence.
    async fn renewal(&self, set: &Set, limit: Duration) {
        loop {
            set.silent_for(limit).await;
            if self.renew(set) {
                return;
            }
            sleep(limit).await;
        }
    }

    /// Replaces the places. Returns `false` if that happened not long ago: the connections that were in use then have
    /// not ended yet, and a slow database must not get ever more connections.
    fn renew(&self, silent: &Set) -> bool {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        if silent.is_closed() {
            return true;
        }
        if renewed.is_some_and(|at| at.elapsed() < self.source.limits.exchange) {
            return false;
        }
        let Ok(anew) = Set::new(&self.source) else {
            return false;
        };
        *renewed = Some(Instant::now());
        self.source.distrust();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = anew;
        silent.close();
        metrics::counter!("belay_db_pool_renewals_total").increment(1);
        tracing::warn!("the database answers nothing: all its connections are replaced");
        true
    }
}

fn is_full(why: &DbErr) -> bool {
    matches!(why, DbErr::Conn(RuntimeErr::SqlxError(why)) if is_crowded(why))
}
