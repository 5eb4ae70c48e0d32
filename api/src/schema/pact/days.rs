//! A partner's days in the schema.

use async_graphql::{ComplexObject, Context, SimpleObject};

use crate::graphql::Nullable;
use crate::graphql::errors::shown;
use crate::graphql::scalars::Date;
use crate::keys::at_rest::Opened;
use crate::pact::service;
use crate::schema::checkin::{Emotion, KeptWord, named};

/// A day of your partner's, as far as he lets you see it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PartnerDay {
    /// Which, on his own calendar.
    date: Date,
    /// Whether he checked in.
    checked_in: bool,
    /// How he was, from 1, very low, to 5, very good; null when he did not say, or not to you.
    mood: Option<i32>,
    /// How much he had to give, from 1, next to nothing, to 5, plenty; null when he did not say, or not to you.
    energy: Option<i32>,
    #[graphql(skip)]
    slugs: Vec<String>,
    #[graphql(skip)]
    words: Option<Opened>,
    /// Whether he did what he said he would; null when he did not say, or not to you.
    kept_word: Option<KeptWord>,
    /// Whether he would like a word with somebody, and lets you know.
    wants_a_word: bool,
}

#[ComplexObject]
impl PartnerDay {
    /// What he felt, in words of the vocabulary, in his order; none when he did not say, or not to you.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        Some(named(ctx, &self.slugs).await)
    }

    /// A few words of his to go with it; null when there are none, or none for you.
    async fn note(&self) -> Nullable<&str> {
        shown(self.words.as_ref())
    }
}

impl From<service::PartnerDay> for PartnerDay {
    fn from(day: service::PartnerDay) -> Self {
        let checked_in = day.check_in.is_some();
        let says = day.check_in.unwrap_or_default();
        Self {
            date: Date(day.date),
            checked_in,
            mood: says.mood,
            energy: says.energy,
            slugs: says.emotions,
            words: says.note,
            kept_word: says.kept_word.map(KeptWord::from),
            wants_a_word: says.wants_a_word,
        }
    }
}
