//! The two vocabularies a profile is written in. They change with a release, so a process reads them
//! now and then and keeps them.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Something men live through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name for apps; never changes.
    pub slug: String,
    /// Its name for people, in English.
    pub name: String,
    /// One sentence for people, in English.
    pub description: String,
}

/// A circumstance of a man's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeContext {
    /// Its name for apps; never changes.
    pub slug: String,
    /// Its name for people, in English.
    pub name: String,
}

/// Both vocabularies, each in the order it is shown in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Topics.
    pub topics: Vec<Arc<Topic>>,
    /// Life contexts.
    pub life_contexts: Vec<Arc<LifeContext>>,
}

impl Vocabulary {
    /// Whether there is such a topic.
    pub fn has_topic(&self, slug: &str) -> bool {
        self.topics.iter().any(|topic| topic.slug == slug)
    }

    /// Whether there is such a life context.
    pub fn has_life_context(&self, slug: &str) -> bool {
        self.life_contexts
            .iter()
            .any(|context| context.slug == slug)
    }
}

/// Words that a newer release has added are known to an older process after this long.
const KEPT_FOR: TimeDelta = TimeDelta::minutes(10);

/// The vocabularies as last read.
#[derive(Debug, Default)]
pub struct VocabularyCache {
    kept: Mutex<Option<(DateTime<Utc>, Arc<Vocabulary>)>>,
    /// Held by the one who reads them anew, while others wait for what he reads.
    pub(super) reading: tokio::sync::Mutex<()>,
}

impl VocabularyCache {
    /// What was read, unless that is too long ago.
    pub(super) fn get(&self, now: DateTime<Utc>) -> Option<Arc<Vocabulary>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, vocabulary) = kept.as_ref()?;
        (now - *read_at < KEPT_FOR).then(|| Arc::clone(vocabulary))
    }

    /// Keeps what has just been read.
    pub(super) fn put(&self, now: DateTime<Utc>, vocabulary: &Arc<Vocabulary>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((now, Arc::clone(vocabulary)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_kept_for_a_while() {
        let (cache, read_at) = (VocabularyCache::default(), DateTime::UNIX_EPOCH);
        assert_eq!(cache.get(read_at), None);
        cache.put(read_at, &Arc::default());
        assert!(cache.get(read_at + TimeDelta::minutes(9)).is_some());
        assert_eq!(cache.get(read_at + TimeDelta::minutes(10)), None);
    }
}
