//! The words of a pact.

use async_graphql::Enum;

use crate::pact::model;

/// What a man lets his partner see of his check-ins, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Sharing")]
pub enum PactSharing {
    /// Nothing.
    Nothing,
    /// Whether he has checked in today.
    CheckedIn,
    /// How he was, too.
    Mood,
    /// What he wrote with it, too.
    Words,
}

impl PactSharing {
    /// By the word that is kept.
    pub fn of_word(word: &str) -> Option<Self> {
        model::of_word(word).map(Self::from)
    }
}

/// In which manner a man likes to be nudged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::NudgeStyle")]
pub enum NudgeStyle {
    /// Softly.
    Gentle,
    /// Without ado.
    Plain,
    /// With a joke.
    Humour,
}

/// Words that are there to be sent with one tap. Apps may show their own for them, in the phone's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Template")]
pub enum NudgeTemplate {
    /// "Thinking of you today.", in English.
    ThinkingOfYou,
    /// "How is your day going?", in English.
    HowIsYourDay,
    /// "I am here if you want to talk.", in English.
    HereIfYouWant,
    /// "Just saying hello. No need to answer.", in English.
    JustHello,
    /// "Fancy a walk one of these days?", in English.
    FancyAWalk,
}

/// An answer with one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Answer")]
pub enum NudgeAnswer {
    /// "I am all right.", in English.
    AllRight,
    /// "It is a rough day.", in English.
    RoughDay,
    /// "Call me.", in English.
    CallMe,
}
