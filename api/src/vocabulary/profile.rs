//! The two vocabularies a profile is written in.

use std::sync::Arc;

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
