//! Vocabularies from the database. They only change with a release, so each process caches them for a while.

pub mod emotions;
pub mod profile;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Fault;

/// How long words are cached. An older process knows the words of a newer release after this time.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// A cached vocabulary.
#[derive(Debug)]
pub struct Kept<T> {
    kept: Mutex<Option<(Duration, Arc<T>)>>,
    /// Locked by the task that reads the vocabulary again. Others wait for its result.
    reading: tokio::sync::Mutex<()>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }
}

impl<T> Kept<T> {
    /// Returns the cached value, or reads it if it is too old by [`crate::clock::Clock::uptime`]. Do not call it inside
    /// a transaction: reading takes a second connection.
    pub async fn get(
        &self,
        now: Duration,
        read: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Arc<T>, Fault> {
        if let Some(kept) = self.fresh(now) {
            return Ok(kept);
        }
        let _reading = self.reading.lock().await;
        if let Some(kept) = self.fresh(now) {
            return Ok(kept);
        }
        let read = Arc::new(read.await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((now, Arc::clone(&read)));
        Ok(read)
    }

    fn fresh(&self, now: Duration) -> Option<Arc<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, words) = kept.as_ref()?;
        (now.saturating_sub(*read_at) < KEPT_FOR).then(|| Arc::clone(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_are_cached_for_ten_minutes() {
        let words = Kept::default();
        let at = async |minutes, read| {
            let now = Duration::from_mins(minutes);
            *words.get(now, async { Ok(read) }).await.unwrap()
        };
        assert_eq!(at(0, 1).await, 1);
        assert_eq!(at(9, 2).await, 1);
        assert_eq!(at(10, 3).await, 3);
    }
}
