//! What other domains ask of consent.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::consent::{Model, Purpose};
use entity::{CircleId, ConsentId, MemberId};

use super::store;
use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::viewer::Viewer;

pub use store::MY_CONSENTS;

/// What somebody agrees to.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who.
    pub member: MemberId,
    /// For what.
    pub purpose: Purpose,
    /// About whom; none when it is about nobody.
    pub other: Option<MemberId>,
    /// What exactly, in a word of the purpose's.
    pub detail: String,
    /// When he said so.
    pub at: DateTime<Utc>,
}

/// Writes down that a member agrees to something, in place of what he agreed to before for the same purpose and man.
pub async fn give(app: &App, tx: &Tx, given: &Given) -> Result<(), Fault> {
    let Given {
        member,
        purpose,
        at,
        ..
    } = *given;
    match given.other {
        Some(other) => store::close(tx, member, purpose, other, at).await?,
        None => store::close_detail(tx, member, purpose, &given.detail, at).await?,
    }
    let id: ConsentId = app.ids.next();
    store::open(tx, id, given).await
}

/// Writes down that a member does not agree any more; nothing happens when he did not.
pub async fn withdraw(
    tx: &Tx,
    member: MemberId,
    purpose: Purpose,
    other: MemberId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    store::close(tx, member, purpose, other, at).await
}

/// A member is not in a circle any more: it sees nothing of him from now on.
pub async fn withdraw_from_circle(
    tx: &Tx,
    member: MemberId,
    circle: CircleId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let detail = circle.to_string();
    store::close_detail(tx, member, Purpose::CircleSharing, &detail, at).await
}

/// A member goes for good: what others agreed to about him is over.
pub async fn forget(tx: &Tx, member: MemberId, at: DateTime<Utc>) -> Result<(), Fault> {
    store::close_about(tx, member, at).await
}

/// A page, and one more, of what a member agreed to, the latest first, with the men it is about as far as he sees
/// them: two statements.
pub async fn consents(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_CONSENTS>,
) -> Result<Vec<(Model, Option<Profile>)>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::list(app.db.pool(), me, page).await?;
    let mut men: Vec<MemberId> = rows.iter().filter_map(|row| row.other_member_id).collect();
    men.sort_unstable();
    men.dedup();
    let profiles: HashMap<_, _> = profile::service::profiles(app, viewer, &men).await?;
    let with_profile = rows.into_iter().map(|row| {
        let profile = row
            .other_member_id
            .and_then(|id| profiles.get(&id).cloned());
        (row, profile)
    });
    Ok(with_profile.collect())
}

/// How much a member agreed to.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me).await
}
