//! Words for feelings: naming one is a skill, and helps.

pub use entity::emotion::Family;

/// A word for a feeling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emotion {
    /// Its name for apps; never changes.
    pub slug: String,
    /// What kind of feeling it is.
    pub family: Family,
    /// Its name for people, in English.
    pub name: String,
    /// What it means, in one sentence, in English.
    pub definition: String,
}
