//! The enums of a pact.

use async_graphql::Enum;

use crate::pact::model;

/// What a member lets his partner see of his check-ins, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Sharing")]
pub enum PactSharing {
    /// Nothing.
    Nothing,
    /// Whether he has checked in today.
    CheckedIn,
    /// Also his mood and energy.
    Mood,
    /// Also what he wrote.
    Words,
}

impl PactSharing {
    /// Returns the level of sharing that is stored by this word, or `None` if there is none.
    pub fn of_word(word: &str) -> Option<Self> {
        model::of_word(word).map(Self::from)
    }
}

/// The tone in which a member likes to be nudged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::NudgeStyle")]
pub enum NudgeStyle {
    /// Gently.
    Gentle,
    /// Plainly.
    Plain,
    /// With a joke.
    Humour,
}

/// A ready-made text to send with one tap. Apps may show their own translation of it.
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
