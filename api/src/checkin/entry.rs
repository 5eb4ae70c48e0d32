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

impl Content {
    /// Whether this says nothing that the other does not say, and lets nobody read it who could not read that.
    pub fn is_within(&self, other: &Self) -> bool {
        fn is_blank_or<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_none() || one == other
        }
        is_blank_or(self.mood.as_ref(), other.mood.as_ref())
            && is_blank_or(self.energy.as_ref(), other.energy.as_ref())
            && is_blank_or(self.note.as_ref(), other.note.as_ref())
            && is_blank_or(self.kept_word.as_ref(), other.kept_word.as_ref())
            && self
                .emotions
                .iter()
                .all(|slug| other.emotions.contains(slug))
            && (other.wants_a_word || !self.wants_a_word)
            && self.visibility <= other.visibility
    }

    /// Whether something that the other says is blank here, or fewer may read it.
    pub fn takes_back_of(&self, other: &Self) -> bool {
        (self.mood.is_none() && other.mood.is_some())
            || (self.energy.is_none() && other.energy.is_some())
            || (self.note.is_none() && other.note.is_some())
            || (self.kept_word.is_none() && other.kept_word.is_some())
            || (self.emotions.is_empty() && !other.emotions.is_empty())
            || self.visibility < other.visibility
    }

    /// Whether partners who may read it read that he would like a word.
    pub fn asks_for_a_word(&self) -> bool {
        self.wants_a_word && self.visibility != Visibility::Private
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

    /// What is sent, field by field, for a keyed hash of it: the same for the same and for nothing else.
    pub fn parts(&self) -> [String; 7] {
        let level = |level: &Option<i32>| format!("{level:?}");
        let emotions = |slugs: &Vec<String>| slugs.join(" ");
        let note = |note: &Option<String>| {
            note.as_ref()
                .map_or("none".into(), |note| format!("some {note}"))
        };
        let kept = |kept: &Option<KeptWord>| match kept {
            None => "none".to_owned(),
            Some(kept) => format!("{kept:?}"),
        };
        [
            part(&self.mood, level),
            part(&self.energy, level),
            part(&self.emotions, emotions),
            part(&self.note, note),
            part(&self.kept_word, kept),
            part(&self.wants_a_word, bool::to_string),
            part(&self.visibility, |visibility| format!("{visibility:?}")),
        ]
    }
}

fn part<T>(change: &Change<T>, text: impl Fn(&T) -> String) -> String {
    match change {
        Change::Leave => "left".to_owned(),
        Change::Put(value) => format!("put {}", text(value)),
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
    /// Whether the day counts in his progress: not when it had closed before this reached us.
    pub counts: bool,
    /// What was sent of it, and what he took back since.
    pub history: History,
}

/// What a late retry is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Keyed hashes of what was sent, the first one first; none when an older program wrote it, or nothing of it is
    /// to be known any more.
    pub sent: Vec<Tag>,
    /// When he last blanked something, or let fewer read it.
    pub taken_back_at: Option<DateTime<Utc>>,
    /// When he deleted what it said, for good.
    pub words_deleted_at: Option<DateTime<Utc>>,
}

/// A keyed hash of what was sent.
pub type Tag = [u8; 16];

/// So many are kept: the first, and the latest.
const TAGS_KEPT: usize = 16;

impl History {
    /// Adds what was sent.
    pub fn add(&mut self, tag: Tag) {
        if self.sent.len() == TAGS_KEPT {
            self.sent.remove(1);
        }
        self.sent.push(tag);
    }

    /// Whether a message that says something else than the check-in does is an old one, sent again: once its day has
    /// closed any that was sent before, and at any time one that would bring back what was taken back, unless it was
    /// made since by the phone's clock. Of what an older program wrote nobody knows what was sent: whatever would bring
    /// something back is an old message.
    pub fn is_replay(&self, tag: &Tag, made_at: Option<DateTime<Utc>>, has_closed: bool) -> bool {
        let known = self.sent.contains(tag);
        let would_bring_back = self.taken_back_at.is_some_and(|taken_back_at| {
            let since = made_at.is_some_and(|made_at| made_at > taken_back_at);
            !since && (known || self.sent.is_empty())
        });
        would_bring_back || (known && has_closed)
    }
}
