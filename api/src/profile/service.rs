//! The use cases of profiles, and what other domains ask about them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::MemberId;
use sea_orm::ConnectionTrait;

use super::model::{LivedTopic, Patch, Profile};
use super::store::{self, Found};
use super::{Handle, Relation, admits, handle_store};
use crate::app::App;
use crate::days::QuietHours;
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::fact::Fact;
use crate::feed;
use crate::locale::{Country, Language};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;
use crate::vocabulary::profile::Vocabulary;
use crate::zones::Zone;

/// A member who has just signed up.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// His id.
    pub id: MemberId,
    /// His handle.
    pub handle: Handle,
    /// The time zone of his days.
    pub time_zone: Zone,
    /// The country he lives in.
    pub country: Country,
    /// The language of his app.
    pub locale: Language,
}

/// How long a handle that was given up is reserved: another member who took it would be mistaken for its former owner.
const KEPT_BACK: TimeDelta = TimeDelta::days(90);

/// Creates the profile of a new member. Returns `false` if his handle was taken meanwhile; the transaction must then
/// be undone.
pub async fn create(app: &App, tx: &Tx, new: &NewMember) -> Result<bool, Fault> {
    let now = app.clock.now();
    if !store::insert(tx, new, now).await?
        || !handle_store::claim(tx, new.id, &new.handle.keys(), now).await?
    {
        return Ok(false);
    }
    feed::open(tx, new.id).await?;
    Ok(true)
}

/// Hides a member from everyone, or shows him again. A member is hidden while his account waits for deletion.
pub async fn set_hidden(app: &App, tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    let at = hidden.then(|| app.clock.now());
    store::set_hidden_at(tx, member, at).await
}

/// Returns where and when a member's days begin.
pub async fn day_terms(db: &impl ConnectionTrait, member: MemberId) -> Result<DayTerms, Fault> {
    terms(store::day_terms(db, member).await?)
}

/// Returns the handles of these members, also of hidden ones, in one statement.
pub async fn handles(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, String>, Fault> {
    Ok(store::handles(db, members).await?.into_iter().collect())
}

/// As [`day_terms`], locked `FOR SHARE` until the transaction ends.
pub async fn lock_day_terms(tx: &Tx, member: MemberId) -> Result<DayTerms, Fault> {
    terms(store::lock_day_terms(tx, member).await?)
}

fn terms(found: Option<(String, i32)>) -> Result<DayTerms, Fault> {
    let (zone, hour) = found.ok_or(Fault::Broken("a member whose day terms are read exists"))?;
    DayTerms::stored(&zone, hour)
}

/// Locks these members `FOR NO KEY UPDATE`. Transactions that decide by the ties between members, or by how much of
/// something each member has, then run one after the other.
pub async fn lock_members(tx: &Tx, members: &[MemberId]) -> Result<(), Fault> {
    store::lock_members(tx, members).await
}

/// What the notification pipeline needs to know about a member.
#[derive(Clone, Copy, Debug)]
pub struct NotificationContext {
    /// Where and when his days begin.
    pub terms: DayTerms,
    /// Whether his account waits for deletion.
    pub hidden: bool,
    /// His quiet hours.
    pub quiet: QuietHours,
}

/// Returns the context of each of these members. Members who are gone are left out.
pub async fn contexts(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, NotificationContext>, Fault> {
    let rows = store::contexts(db, members).await?;
    rows.into_iter()
        .map(|row| {
            let context = NotificationContext {
                terms: DayTerms::stored(&row.time_zone, row.day_start_hour)?,
                hidden: row.hidden_at.is_some(),
                quiet: row.quiet.unwrap_or_default(),
            };
            Ok((row.member, context))
        })
        .collect()
}

/// Returns both vocabularies, as this process has them cached. Do not call it inside a transaction: reading them takes
/// another connection.
pub async fn vocabulary(app: &App) -> Result<Arc<Vocabulary>, Fault> {
    let read = async {
        Ok(Vocabulary {
            topics: arcs(store::topics(app.db.pool()).await?),
            life_contexts: arcs(store::life_contexts(app.db.pool()).await?),
        })
    };
    app.vocabulary.get(app.clock.uptime(), read).await
}

fn arcs<T>(words: Vec<T>) -> Vec<Arc<T>> {
    words.into_iter().map(Arc::new).collect()
}

/// Returns a profile as the viewer may see it, or `None` if it is not visible to him.
pub async fn profile(app: &App, viewer: Viewer, id: MemberId) -> Result<Option<Profile>, Fault> {
    Ok(profiles(app, viewer, &[id]).await?.remove(&id))
}

/// Returns several profiles as the viewer may see them, in one statement. Profiles that are not visible to him are
/// left out.
pub async fn profiles(
    app: &App,
    viewer: Viewer,
    ids: &[MemberId],
) -> Result<HashMap<MemberId, Profile>, Fault> {
    let Viewer::Member(signed_in) = viewer else {
        return Ok(HashMap::new());
    };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let vocabulary = vocabulary(app).await?;
    let found = store::find(app.db.pool(), signed_in.member, ids, app.clock.now()).await?;
    let seen = found
        .into_iter()
        .map(|found| seen_by(signed_in.member, found, &vocabulary))
        .filter(|profile| profile.relation.sees_profile());
    Ok(seen.map(|profile| (profile.id, profile)).collect())
}

fn seen_by(viewer: MemberId, found: Found, vocabulary: &Vocabulary) -> Profile {
    let relation = if found.id == viewer {
        Relation::Himself
    } else if found.is_partner {
        Relation::Partner
    } else if found.shares_circle {
        Relation::SharesCircle
    } else if found.has_proposal {
        Relation::Member
    } else {
        Relation::Stranger
    };
    let lived = |slug: &str| {
        found
            .topics
            .iter()
            .find(|row| row.topic == slug && admits(row.visibility, relation))
    };
    let topics = vocabulary.topics.iter().filter_map(|topic| {
        lived(&topic.slug).map(|row| LivedTopic {
            topic: Arc::clone(topic),
            stance: row.stance,
            visibility: row.visibility,
        })
    });
    let contexts = vocabulary.life_contexts.iter();
    Profile {
        id: found.id,
        relation,
        topics: topics.collect(),
        life_contexts: contexts
            .filter(|_| admits(found.fields.visibility.life_contexts, relation))
            .filter(|context| found.life_contexts.contains(&context.slug))
            .cloned()
            .collect(),
        joined_at: found.joined_at,
        version: found.version,
        fields: found.fields.shown_to(relation),
    }
}

/// The outcome of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The profile is as requested.
    Succeeded,
    /// The profile was changed after the expected version.
    Stale,
    /// Somebody else has the handle, or one that looks the same.
    HandleTaken,
    /// The member does not exist any more.
    Gone,
}

/// Changes a member's own profile. An update that changes nothing, such as a repeated one, succeeds whatever version
/// it expects.
pub async fn update(
    app: &App,
    me: MemberId,
    patch: &Patch,
    expected_version: Option<i32>,
) -> Result<Updated, Fault> {
    transact!(app, |tx| {
        if !store::lock_profile(tx, me).await? {
            return Ok(Done::Undo(Updated::Gone));
        }
        let now = app.clock.now();
        let Some(read) = store::find(tx, me, &[me], now).await?.pop() else {
            return Ok(Done::Undo(Updated::Gone));
        };
        let fields = patch.applied_to(&read.fields);
        if fields == read.fields {
            return Ok(Done::Undo(Updated::Succeeded));
        }
        if expected_version.is_some_and(|expected| expected != read.version) {
            return Ok(Done::Undo(Updated::Stale));
        }
        if !store::update(tx, &read, &fields, app.clock.now()).await?
            || !rename(app, tx, me, &read.fields.handle, &fields.handle).await?
        {
            return Ok(Done::Undo(Updated::HandleTaken));
        }
        let before = read.fields.day_terms()?;
        let after = fields.day_terms()?;
        if before != after {
            let changed = Fact::DayTermsChanged {
                member: me,
                before,
                after,
            };
            app.follow(tx, changed).await?;
        }
        tx.put(me, me);
        Ok(Done::Keep(Updated::Succeeded))
    })
}

/// Claims the new handle, and reserves the old one for the member. Returns `false` if the new handle is somebody
/// else's or reserved for him.
async fn rename(
    app: &App,
    tx: &Tx,
    me: MemberId,
    before: &str,
    after: &str,
) -> Result<bool, Fault> {
    if before == after {
        return Ok(true);
    }
    let now = app.clock.now();
    let keys = Handle::of(after.to_owned()).keys();
    if !handle_store::claim(tx, me, &keys, now).await? {
        return Ok(false);
    }
    let mut given_up = Handle::of(before.to_owned()).keys();
    given_up.retain(|key| !keys.contains(key));
    handle_store::keep_back(tx, me, &given_up, now + KEPT_BACK).await?;
    Ok(true)
}

/// Reserves the handle of a member who is being deleted, so that nobody can take it for a while. Call it before the
/// deletion.
pub async fn keep_handle_back(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let now = app.clock.now();
    let Some(read) = store::find(tx, member, &[member], now).await?.pop() else {
        return Ok(());
    };
    let keys = Handle::of(read.fields.handle).keys();
    let until = now + KEPT_BACK;
    handle_store::keep_back_of_gone(tx, member, &keys, until).await
}

/// Removes a slice of the handles whose reservation has ended.
pub async fn remove_free_handles(app: &App) -> Result<u64, Fault> {
    handle_store::remove_free(app.db.pool(), app.clock.now()).await
}
