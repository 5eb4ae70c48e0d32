//! A partner's days in the GraphQL schema.

use async_graphql::{ComplexObject, Context, SimpleObject};

use crate::graphql::Nullable;
use crate::graphql::errors::shown;
use crate::graphql::scalars::Date;
use crate::keys::at_rest::Opened;
use crate::pact::service;
use crate::schema::checkin::{Emotion, KeptWord, named};

/// A day of your partner, as far as he lets you see it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PartnerDay {
    /// The date, by his own calendar.
    date: Date,
    /// Whether he checked in.
    checked_in: bool,
    /// His mood, from 1 (very low) to 5 (very good). Null if he did not say, or does not share it with you.
    mood: Option<i32>,
    /// His energy, from 1 (next to nothing) to 5 (plenty). Null if he did not say, or does not share it with you.
    energy: Option<i32>,
    #[graphql(skip)]
    slugs: Vec<String>,
    #[graphql(skip)]
    words: Option<Opened>,
    /// Whether he kept his word. Null if he did not say, or does not share it with you.
    kept_word: Option<KeptWord>,
    /// Whether he would like a word with somebody. False if he does not share it with you.
    wants_a_word: bool,
}

#[ComplexObject]
impl PartnerDay {
    /// What he felt, in words of the vocabulary and in the order he chose. Empty if he did not say, or does not share
    /// it with you.
    async fn emotions(&self, ctx: &Context<'_>) -> Nullable<Vec<Emotion>> {
        Some(named(ctx, &self.slugs).await)
    }

    /// His note on the day. Null if there is none, or he does not share it with you.
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
