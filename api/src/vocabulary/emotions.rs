//! The vocabulary of feelings. Naming a feeling is a skill, and helps.

pub use entity::emotion::Family;

/// A word for a feeling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emotion {
    /// The identifier for apps. It never changes.
    pub slug: String,
    /// The kind of feeling.
    pub family: Family,
    /// The name that members read, in English.
    pub name: String,
    /// The meaning in one sentence, in English.
    pub definition: String,
}
