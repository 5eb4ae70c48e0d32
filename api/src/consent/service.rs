//! The use cases of consents, which other domains call.

use chrono::{DateTime, Utc};
use entity::consent::{Model, Purpose};
use entity::{CircleId, ConsentId, MemberId};

use super::store;
use crate::app::App;
use crate::error::Fault;
use crate::page::Page;
use crate::tx::Tx;

pub use store::MY_CONSENTS;

/// A consent that a member gives.
#[derive(Clone, Debug)]
pub struct Given {
    /// The member who agrees.
    pub member: MemberId,
    /// The purpose.
    pub purpose: Purpose,
    /// The member it is about; `None` if it is about nobody.
    pub other: Option<MemberId>,
    /// What exactly he agrees to, in a word that the purpose defines.
    pub detail: String,
    /// When he agreed.
    pub at: DateTime<Utc>,
}

/// Records a consent. It replaces the member's earlier one for the same purpose about the same member; one about
/// nobody replaces the earlier one with the same detail.
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

/// Records that a member withdraws his consent. Nothing happens if he has given none.
pub async fn withdraw(
    tx: &Tx,
    member: MemberId,
    purpose: Purpose,
    other: MemberId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    store::close(tx, member, purpose, other, at).await
}

/// Withdraws the consent of a member who is no longer in a circle: the circle sees nothing of him from now on.
pub async fn withdraw_from_circle(
    tx: &Tx,
    member: MemberId,
    circle: CircleId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let detail = circle.to_string();
    store::close_detail(tx, member, Purpose::CircleSharing, &detail, at).await
}

/// Closes every consent about a member who is being deleted.
pub async fn forget(tx: &Tx, member: MemberId, at: DateTime<Utc>) -> Result<(), Fault> {
    store::close_about(tx, member, at).await
}

/// Fetches up to `limit + 1` of the consents on a page, the latest first.
pub async fn consents(
    app: &App,
    me: MemberId,
    page: &Page<MY_CONSENTS>,
) -> Result<Vec<Model>, Fault> {
    store::list(app.db.pool(), me, page).await
}

/// Counts a member's consents.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me).await
}
