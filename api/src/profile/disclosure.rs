//! What a member says of his health and his life, each word of it from a vocabulary.
//!
//! These are no part of a profile's version: each has its own natural key, and nobody who may not see
//! a topic is to notice that one was touched.

use entity::MemberId;
use entity::member_topic::{Stance, Visibility};

use super::lists::{self, TopicRow};
use super::model::{MAX_LIFE_CONTEXTS, MAX_TOPICS};
use super::{service, store};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::patch::Change;

/// What became of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    /// It is as it was asked to be.
    AsAsked,
    /// The vocabulary has no such topic.
    Unknown,
    /// There are as many on the profile as there may be.
    TooMany,
    /// The member does not exist any more.
    Gone,
}

/// Puts a topic on the member's own profile, or changes what is said of it there. Nobody else sees a
/// new one unless he says who may.
pub async fn set_topic(
    app: &App,
    me: MemberId,
    topic: &str,
    stance: Stance,
    visibility: &Change<Visibility>,
) -> Result<TopicOutcome, Fault> {
    if !service::vocabulary(app).await?.has_topic(topic) {
        return Ok(TopicOutcome::Unknown);
    }
    transact!(app, |tx| {
        if !store::lock(tx, me).await? {
            return Ok(Done::Undo(TopicOutcome::Gone));
        }
        let now = app.clock.now();
        let Some(profile) = store::find(tx, me, &[me], now).await?.pop() else {
            return Ok(Done::Undo(TopicOutcome::Gone));
        };
        let before = profile.topics.iter().find(|row| row.topic == topic);
        let row = TopicRow {
            topic: topic.to_owned(),
            stance,
            visibility: match (visibility, before) {
                (Change::Put(visibility), _) => *visibility,
                (Change::Leave, Some(before)) => before.visibility,
                (Change::Leave, None) => Visibility::Private,
            },
        };
        if before == Some(&row) {
            return Ok(Done::Undo(TopicOutcome::AsAsked));
        }
        if before.is_none() && profile.topics.len() >= MAX_TOPICS {
            return Ok(Done::Undo(TopicOutcome::TooMany));
        }
        lists::put_topic(tx, me, &row, app.clock.now()).await?;
        tx.put(me, me);
        Ok(Done::Keep(TopicOutcome::AsAsked))
    })
}

/// Takes a topic off the member's own profile; it is well if it was not there.
pub async fn remove_topic(app: &App, me: MemberId, topic: &str) -> Result<TopicOutcome, Fault> {
    if !service::vocabulary(app).await?.has_topic(topic) {
        return Ok(TopicOutcome::Unknown);
    }
    transact!(app, |tx| {
        if lists::delete_topic(tx, me, topic).await? {
            tx.put(me, me);
        }
        Ok(Done::Keep(TopicOutcome::AsAsked))
    })
}

/// What became of a member's life contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextsOutcome {
    /// They are as they were asked to be.
    AsAsked,
    /// The vocabulary has none of the words at these places of the list.
    Unknown(Vec<usize>),
    /// More than a profile may have.
    TooMany,
    /// The member does not exist any more.
    Gone,
}

/// Makes these the life contexts of the member's own profile.
pub async fn set_life_contexts(
    app: &App,
    me: MemberId,
    slugs: &[String],
) -> Result<ContextsOutcome, Fault> {
    if slugs.len() > MAX_LIFE_CONTEXTS {
        return Ok(ContextsOutcome::TooMany);
    }
    let vocabulary = service::vocabulary(app).await?;
    let unknown: Vec<usize> = (0..)
        .zip(slugs)
        .filter(|(_, slug)| !vocabulary.has_life_context(slug))
        .map(|(place, _)| place)
        .collect();
    if !unknown.is_empty() {
        return Ok(ContextsOutcome::Unknown(unknown));
    }
    let mut asked = slugs.to_vec();
    asked.sort_unstable();
    asked.dedup();
    transact!(app, |tx| {
        if !store::lock(tx, me).await? {
            return Ok(Done::Undo(ContextsOutcome::Gone));
        }
        if lists::replace_life_contexts(tx, me, &asked).await? {
            tx.put(me, me);
        }
        Ok(Done::Keep(ContextsOutcome::AsAsked))
    })
}
