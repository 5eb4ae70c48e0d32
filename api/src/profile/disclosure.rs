//! What a member discloses about his health and his life: topics and life contexts, all from vocabularies.
//!
//! They are not part of a profile's version. Each has its own natural key, and a viewer who may not see a topic must
//! not notice that it was changed.

use entity::MemberId;
use entity::member_topic::{Stance, Visibility};

use super::lists::{self, TopicRow};
use super::model::{MAX_LIFE_CONTEXTS, MAX_TOPICS};
use super::{service, store};
use crate::app::App;
use crate::error::Fault;
use crate::patch::Change;
use crate::transact;
use crate::tx::Done;

/// The outcome of changing a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    /// The profile is as requested.
    Succeeded,
    /// The vocabulary has no such topic.
    Unknown,
    /// The profile already has the greatest number of topics.
    TooMany,
    /// The member does not exist any more.
    Gone,
}

/// Adds a topic to the member's own profile, or changes it there. A new topic is private unless the member says who
/// may see it.
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
        if !store::lock_profile(tx, me).await? {
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
            return Ok(Done::Undo(TopicOutcome::Succeeded));
        }
        if before.is_none() && profile.topics.len() >= MAX_TOPICS {
            return Ok(Done::Undo(TopicOutcome::TooMany));
        }
        lists::put_topic(tx, me, &row, app.clock.now()).await?;
        tx.put(me, me);
        Ok(Done::Keep(TopicOutcome::Succeeded))
    })
}

/// Removes a topic from the member's own profile. Idempotent: succeeds also if the topic was not there.
pub async fn remove_topic(app: &App, me: MemberId, topic: &str) -> Result<TopicOutcome, Fault> {
    if !service::vocabulary(app).await?.has_topic(topic) {
        return Ok(TopicOutcome::Unknown);
    }
    transact!(app, |tx| {
        if lists::delete_topic(tx, me, topic).await? {
            tx.put(me, me);
        }
        Ok(Done::Keep(TopicOutcome::Succeeded))
    })
}

/// The outcome of replacing a member's life contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextsOutcome {
    /// The profile is as requested.
    Succeeded,
    /// The slugs at these places of the list are not in the vocabulary.
    Unknown(Vec<usize>),
    /// The list is longer than a profile allows.
    TooMany,
    /// The member does not exist any more.
    Gone,
}

/// Replaces the life contexts of the member's own profile.
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
        if !store::lock_profile(tx, me).await? {
            return Ok(Done::Undo(ContextsOutcome::Gone));
        }
        if lists::replace_life_contexts(tx, me, &asked).await? {
            tx.put(me, me);
        }
        Ok(Done::Keep(ContextsOutcome::Succeeded))
    })
}
