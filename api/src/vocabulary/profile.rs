//! The two vocabularies of profiles.

use std::sync::Arc;

/// Something that members live through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The identifier for apps. It never changes.
    pub slug: String,
    /// The name that members read, in English.
    pub name: String,
    /// One sentence that members read, in English.
    pub description: String,
}

/// A circumstance of a member's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeContext {
    /// The identifier for apps. It never changes.
    pub slug: String,
    /// The name that members read, in English.
    pub name: String,
}

/// Both vocabularies, each in display order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Topics.
    pub topics: Vec<Arc<Topic>>,
    /// Life contexts.
    pub life_contexts: Vec<Arc<LifeContext>>,
}

impl Vocabulary {
    /// Returns whether this topic exists.
    pub fn has_topic(&self, slug: &str) -> bool {
        self.topics.iter().any(|topic| topic.slug == slug)
    }

    /// Returns whether this life context exists.
    pub fn has_life_context(&self, slug: &str) -> bool {
        self.life_contexts
            .iter()
            .any(|context| context.slug == slug)
    }
}
