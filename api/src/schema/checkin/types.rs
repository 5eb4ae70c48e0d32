//! A check-in in the schema, and the words it is written in.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use crate::checkin::{entry, service};
use crate::days::calendar::DayTerms;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime, TimeZone, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::vocabulary::emotions;

/// Feelings of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "emotions::Family")]
pub enum EmotionFamily {
    /// Happy, proud, hopeful.
    Joy,
    /// At ease, rested, steady.
    Calm,
    /// Loved, grateful, understood.
    Closeness,
    /// Sad, lonely, worn out.
    Sadness,
    /// Angry, frustrated, let down.
    Anger,
    /// Anxious, worried, overwhelmed.
    Fear,
}

/// A word for a feeling.
#[derive(Clone, Debug)]
pub struct Emotion(Arc<emotions::Emotion>);

impl From<Arc<emotions::Emotion>> for Emotion {
    fn from(emotion: Arc<emotions::Emotion>) -> Self {
        Self(emotion)
    }
}

/// A word for a feeling.
#[Object]
impl Emotion {
    /// Its name for apps, such as `let_down`; never changes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What kind of feeling it is.
    async fn family(&self) -> EmotionFamily {
        self.0.family.into()
    }

    /// Its name for people, in English.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it means, in one sentence for people, in English.
    async fn definition(&self) -> &str {
        &self.0.definition
    }
}

/// Whether you did what you said you would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entry::KeptWord")]
pub enum KeptWord {
    /// You did.
    Done,
    /// You did some of it.
    Partly,
    /// Not this time.
    NotThisTime,
}

/// Who may read what a check-in says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entry::Visibility")]
pub enum CheckInVisibility {
    /// You alone.
    Private,
    /// Your partner, too, as far as your pact goes.
    Partner,
    /// The men of your circles, too.
    Circle,
}

/// One of your days on which you said that you are here.
#[derive(Clone, Debug)]
pub struct CheckIn(entry::CheckIn);

impl From<entry::CheckIn> for CheckIn {
    fn from(check_in: entry::CheckIn) -> Self {
        Self(check_in)
    }
}

impl CheckIn {
    /// Whether it tells others that its writer would like a word.
    pub(super) fn asks_for_a_word(&self) -> bool {
        self.0.content.wants_a_word && self.0.content.visibility != entry::Visibility::Private
    }
}

/// One of your days on which you said that you are here.
#[Object]
impl CheckIn {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The id your app made.
    async fn client_id(&self) -> Uuid {
        Uuid(self.0.id.0)
    }

    /// Which of your days it is for.
    async fn local_date(&self) -> Date {
        Date(self.0.local_date)
    }

    /// The time zone your day was in.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.time_zone)?)
    }

    /// The hour on the wall, 0 to 6, at which your day began.
    async fn day_start_hour(&self) -> i32 {
        self.0.day_start_hour
    }

    /// Whether it was written after its day had ended.
    async fn written_late(&self) -> GqlResult<bool> {
        let terms = DayTerms::stored(&self.0.time_zone, self.0.day_start_hour)?;
        let (_, ended_at) = terms.bounds(self.0.local_date);
        Ok(self.0.created_at >= ended_at)
    }

    /// Whether the day counts in your progress. False for an entry that reached us after its day had closed, 48 hours
    /// after its end: it is kept as you wrote it, and changes no run and no total.
    async fn counts_in_progress(&self) -> bool {
        self.0.counts
    }

    /// When you deleted what it said, for good; null when you did not.
    async fn words_deleted_at(&self) -> Option<DateTime> {
        self.0.history.words_deleted_at.map(DateTime)
    }

    /// How you were, from 1, very low, to 5, very good; null when you did not say.
    async fn mood(&self) -> Option<i32> {
        self.0.content.mood
    }

    /// How much you had to give, from 1, next to nothing, to 5, plenty; null when you did not say.
    async fn energy(&self) -> Option<i32> {
        self.0.content.energy
    }

    /// What you felt, in words of the vocabulary, in your order.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        Some(named(ctx, &self.0.content.emotions).await)
    }

    /// A few words to go with it, up to 2,000 characters in lines. They are encrypted where they are kept.
    async fn note(&self) -> Nullable<&str> {
        shown(self.0.content.note.as_ref())
    }

    /// Whether you did what you said you would; null when you did not say.
    async fn kept_word(&self) -> Option<KeptWord> {
        self.0.content.kept_word.map(KeptWord::from)
    }

    /// Whether you would like a word with somebody.
    async fn wants_a_word(&self) -> bool {
        self.0.content.wants_a_word
    }

    /// Who may read all this.
    async fn visibility(&self) -> CheckInVisibility {
        self.0.content.visibility.into()
    }

    /// When it reached us.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The words of these slugs, in their order; one that is no word any more is left out.
pub async fn named(ctx: &Context<'_>, slugs: &[String]) -> GqlResult<Vec<Emotion>> {
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let words = service::emotions(ctx.app()).await?;
    let word = |slug: &String| words.iter().find(|word| word.slug == *slug);
    Ok(slugs
        .iter()
        .filter_map(word)
        .cloned()
        .map(Emotion::from)
        .collect())
}
