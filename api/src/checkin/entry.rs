//! What a check-in says.

use chrono::{DateTime, NaiveDate, Utc};
pub use entity::check_in::{KeptWord, Visibility};
use entity::{CheckInId, MemberId};

use crate::keys::at_rest::Opened;
use crate::patch::Change;
use crate::text::{Lines, TextForm};

/// The least and the greatest mood, and energy.
pub const LEVELS: std::ops::RangeInclusive<i32> = 1..=5;
/// The most feelings a check-in names.
pub const MAX_EMOTIONS: usize = 10;
/// A few words to go with it.
pub const NOTE: TextForm = TextForm {
    max: 2_000,
    lines: Lines::Many,
};

/// What a check-in says beside that he is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// How he is, 1 to 5.
    pub mood: Option<i32>,
    /// How much he has to give, 1 to 5.
    pub energy: Option<i32>,
    /// Slugs of the vocabulary, each once, in his order.
    pub emotions: Vec<String>,
    /// In his own words.
    pub note: Option<Opened>,
    /// Whether he did what he said.
    pub kept_word: Option<KeptWord>,
    /// Whether he would like a word.
    pub wants_a_word: bool,
    /// Who may read all this.
    pub visibility: Visibility,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            mood: None,
            energy: None,
            emotions: Vec::new(),
            note: None,
            kept_word: None,
            wants_a_word: false,
            visibility: Visibility::Private,
        }
    }
}

/// What is sent of it; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// How he is, 1 to 5.
    pub mood: Change<Option<i32>>,
    /// How much he has to give, 1 to 5.
    pub energy: Change<Option<i32>>,
    /// The whole list.
    pub emotions: Change<Vec<String>>,
    /// In his own words.
    pub note: Change<Option<String>>,
    /// Whether he did what he said.
    pub kept_word: Change<Option<KeptWord>>,
    /// Whether he would like a word.
    pub wants_a_word: Change<bool>,
    /// Who may read it.
    pub visibility: Change<Visibility>,
}

impl Patch {
    /// The content with these changes made.
    pub fn applied_to(&self, content: &Content) -> Content {
        let mut content = content.clone();
        self.mood.apply(&mut content.mood);
        self.energy.apply(&mut content.energy);
        self.emotions.apply(&mut content.emotions);
        if let Change::Put(note) = &self.note {
            content.note = note.clone().map(Opened::Text);
        }
        self.kept_word.apply(&mut content.kept_word);
        self.wants_a_word.apply(&mut content.wants_a_word);
        self.visibility.apply(&mut content.visibility);
        content
    }
}

/// A check-in, in the terms of its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// Made by the app.
    pub id: CheckInId,
    /// Whose.
    pub member: MemberId,
    /// Which of his days.
    pub local_date: NaiveDate,
    /// IANA name, as it was.
    pub time_zone: String,
    /// As it was.
    pub day_start_hour: i32,
    /// What it says.
    pub content: Content,
    /// When it reached us.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
