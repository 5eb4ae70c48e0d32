//! Check-ins and feelings in the schema.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use crate::checkin::{entry, service};
use crate::days::calendar::DayTerms;
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime, TimeZone, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::vocabulary::emotions;

/// A family of feelings.
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
    /// The identifier for apps, such as `let_down`. It never changes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The family that it belongs to.
    async fn family(&self) -> EmotionFamily {
        self.0.family.into()
    }

    /// The name to show, in English.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The meaning in one sentence to show, in English.
    async fn definition(&self) -> &str {
        &self.0.definition
    }
}

/// Whether you kept your word.
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

/// Who may read the content of a check-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entry::Visibility")]
pub enum CheckInVisibility {
    /// You alone.
    Private,
    /// Your partners as well, as far as your pacts say.
    Partner,
    /// The members of your circles as well.
    Circle,
}

/// One of your days on which you checked in.
#[derive(Clone, Debug)]
pub struct CheckIn(entry::CheckIn);

impl From<entry::CheckIn> for CheckIn {
    fn from(check_in: entry::CheckIn) -> Self {
        Self(check_in)
    }
}

impl CheckIn {
    /// Returns whether partners can read that the writer would like them to get in touch.
    pub(super) fn asks_for_a_word(&self) -> bool {
        self.0.content.wants_a_word && self.0.content.visibility != entry::Visibility::Private
    }
}

/// One of your days on which you checked in.
#[Object]
impl CheckIn {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The id that your app generated.
    async fn client_id(&self) -> Uuid {
        Uuid(self.0.id.0)
    }

    /// Your day that it is for.
    async fn local_date(&self) -> Date {
        Date(self.0.local_date)
    }

    /// The time zone of the day.
    async fn time_zone(&self) -> GqlResult<TimeZone> {
        Ok(TimeZone::stored(&self.0.time_zone)?)
    }

    /// The hour of the wall clock, 0 to 6, at which the day began.
    async fn day_start_hour(&self) -> i32 {
        self.0.day_start_hour
    }

    /// Whether it was written after its day had ended.
    async fn written_late(&self) -> GqlResult<bool> {
        let terms = DayTerms::stored(&self.0.time_zone, self.0.day_start_hour)?;
        let (_, ended_at) = terms.bounds(self.0.local_date);
        Ok(self.0.created_at >= ended_at)
    }

    /// Whether the day counts in your progress. False for an entry that the server received after the day had closed,
    /// 48 hours after its end: it is stored as you wrote it, and changes no run and no total.
    async fn counts_in_progress(&self) -> bool {
        self.0.counts
    }

    /// When you deleted its content for good; null if you did not.
    async fn words_deleted_at(&self) -> Option<DateTime> {
        self.0.history.words_deleted_at.map(DateTime)
    }

    /// How you were, from 1 (very low) to 5 (very good); null if you did not say.
    async fn mood(&self) -> Option<i32> {
        self.0.content.mood
    }

    /// How much energy you had, from 1 (next to none) to 5 (plenty); null if you did not say.
    async fn energy(&self) -> Option<i32> {
        self.0.content.energy
    }

    /// What you felt, in your order.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        Some(named(ctx, &self.0.content.emotions).await)
    }

    /// Your note, up to 2,000 characters, with line breaks; null if there is none. It is encrypted at rest.
    async fn note(&self) -> Nullable<&str> {
        shown(self.0.content.note.as_ref())
    }

    /// Whether you kept your word; null if you did not say.
    async fn kept_word(&self) -> Option<KeptWord> {
        self.0.content.kept_word.map(KeptWord::from)
    }

    /// Whether you would like a partner to get in touch.
    async fn wants_a_word(&self) -> bool {
        self.0.content.wants_a_word
    }

    /// Who may read the content.
    async fn visibility(&self) -> CheckInVisibility {
        self.0.content.visibility.into()
    }

    /// When the server received it.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// Returns the feelings of the given slugs, in the same order. Leaves out slugs that are no longer in the vocabulary.
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
