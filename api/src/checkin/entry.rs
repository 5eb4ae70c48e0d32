//! The content and the history of a check-in.

use chrono::{DateTime, NaiveDate, Utc};
pub use entity::check_in::{KeptWord, Visibility};
use entity::{CheckInId, MemberId};

use crate::keys::at_rest::Opened;
use crate::patch::Change;
use crate::text::{Lines, TextForm};

/// The range of mood and of energy.
pub const LEVELS: std::ops::RangeInclusive<i32> = 1..=5;
/// The most feelings that a check-in may name.
pub const MAX_EMOTIONS: usize = 10;
/// The form of a check-in's note.
pub const NOTE: TextForm = TextForm {
    max: 2_000,
    lines: Lines::Many,
};

/// The content of a check-in, beyond the fact that the member checked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The member's mood, 1 to 5.
    pub mood: Option<i32>,
    /// The member's energy, 1 to 5.
    pub energy: Option<i32>,
    /// Slugs of the vocabulary of feelings, without duplicates, in the member's order.
    pub emotions: Vec<String>,
    /// A note in the member's own words.
    pub note: Option<Opened>,
    /// Whether the member kept their word.
    pub kept_word: Option<KeptWord>,
    /// Whether the member would like a partner to get in touch.
    pub wants_a_word: bool,
    /// Who may read this content.
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
    /// Returns whether this content adds nothing to `other` and is visible to no wider audience.
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

    /// Returns whether a value that `other` has is blank here, or fewer people may read this content.
    pub fn takes_back_of(&self, other: &Self) -> bool {
        (self.mood.is_none() && other.mood.is_some())
            || (self.energy.is_none() && other.energy.is_some())
            || (self.note.is_none() && other.note.is_some())
            || (self.kept_word.is_none() && other.kept_word.is_some())
            || (self.emotions.is_empty() && !other.emotions.is_empty())
            || self.visibility < other.visibility
    }

    /// Returns whether partners can read that the member would like them to get in touch.
    pub fn asks_for_a_word(&self) -> bool {
        self.wants_a_word && self.visibility != Visibility::Private
    }
}

/// The changes to a content that a request contains. Omitted values stay unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The member's mood, 1 to 5.
    pub mood: Change<Option<i32>>,
    /// The member's energy, 1 to 5.
    pub energy: Change<Option<i32>>,
    /// The complete new list of feelings.
    pub emotions: Change<Vec<String>>,
    /// A note in the member's own words.
    pub note: Change<Option<String>>,
    /// Whether the member kept their word.
    pub kept_word: Change<Option<KeptWord>>,
    /// Whether the member would like a partner to get in touch.
    pub wants_a_word: Change<bool>,
    /// Who may read the content.
    pub visibility: Change<Visibility>,
}

impl Patch {
    /// Returns the content with these changes applied.
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

    /// Returns the changes as one text per field, as input for a keyed hash. Equal patches, and only those, have equal
    /// parts.
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

/// A check-in, with the time zone and day start that were in force on its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// The id, generated by the app.
    pub id: CheckInId,
    /// The member who checked in.
    pub member: MemberId,
    /// The member's day that the check-in is for.
    pub local_date: NaiveDate,
    /// The IANA name of the time zone on that day.
    pub time_zone: String,
    /// The hour at which the member's day started, on that day.
    pub day_start_hour: i32,
    /// The content.
    pub content: Content,
    /// When the server received it.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether the day counts in the member's progress. It does not if the day had closed before the server received
    /// the check-in.
    pub counts: bool,
    /// Hashes of the requests for this check-in, and what the member took back since.
    pub history: History,
}

/// The data by which a late retry is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Keyed hashes of the requests for this check-in, the first request first. Empty if an older release wrote the
    /// check-in, or if its words were deleted.
    pub sent: Vec<Tag>,
    /// When the member last blanked a value or narrowed the audience.
    pub taken_back_at: Option<DateTime<Utc>>,
    /// When the member deleted the words for good.
    pub words_deleted_at: Option<DateTime<Utc>>,
}

/// A keyed hash of a request.
pub type Tag = [u8; 16];

/// The most tags that are stored: the first one and the latest ones.
const TAGS_KEPT: usize = 16;

impl History {
    /// Adds the tag of a request, and drops the second-oldest one if there is no room.
    pub fn add(&mut self, tag: Tag) {
        if self.sent.len() == TAGS_KEPT {
            self.sent.remove(1);
        }
        self.sent.push(tag);
    }

    /// Returns whether a request that differs from the check-in is an old one, sent again.
    ///
    /// Once the day has closed, every request that was received before is a replay. At any time, so is a known request
    /// that would restore something the member took back, unless the phone's clock says that it was made after that.
    /// For a check-in of an older release no requests are known: any request that would restore something is a replay.
    pub fn is_replay(&self, tag: &Tag, made_at: Option<DateTime<Utc>>, has_closed: bool) -> bool {
        let known = self.sent.contains(tag);
        let would_bring_back = self.taken_back_at.is_some_and(|taken_back_at| {
            let since = made_at.is_some_and(|made_at| made_at > taken_back_at);
            !since && (known || self.sent.is_empty())
        });
        would_bring_back || (known && has_closed)
    }
}
