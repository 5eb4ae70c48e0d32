//! Requests and notifications of other members' ladders.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entity::{MemberId, RungId, TellingId};

use super::LadderRungKind;
use super::LadderTells;
use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::errors::shown;
use crate::graphql::scalars::{Date, DateTime};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::ladder::model::Rung;
use crate::ladder::service::{
    self, Asked, LADDER_LOG, LADDER_REQUESTS, TELLINGS, TellingWithMembers,
};
use crate::node_id::NodeId as _;
use crate::page::Cursor;
use crate::profile::model::Profile;
use crate::schema::profile::Member;

pub type Log = Connection<LADDER_LOG, LadderLogEntry, LogOf>;
pub type Requests = Connection<LADDER_REQUESTS, LadderRequest, RequestsOf>;
pub type Tellings = Connection<TELLINGS, LadderTelling, TellingsOf>;

/// Counts the rungs of a member's ladder that were sent.
pub struct LogOf(pub MemberId);

impl Counted for LogOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_log(app, self.0).await
    }
}

/// Counts the requests that a member received.
pub struct RequestsOf(pub MemberId);

impl Counted for RequestsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_asks(app, self.0).await
    }
}

/// Counts what other ladders told a member.
pub struct TellingsOf(pub MemberId);

impl Counted for TellingsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_received(app, self.0).await
    }
}

/// A member's request that you be notified when they go quiet.
#[derive(Clone, Debug)]
pub struct LadderRequest {
    rung: Rung,
    owner: Profile,
}

impl From<Asked> for LadderRequest {
    fn from((rung, owner): Asked) -> Self {
        Self { rung, owner }
    }
}

/// A member's request that you be notified when they go quiet. It disappears when the member withdraws it, or when you
/// are no longer their partner or facilitator.
#[Object]
impl LadderRequest {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.rung.id.global()
    }

    /// The member who asks.
    async fn member(&self) -> Member {
        Member::from(self.owner.clone())
    }

    /// Your relationship to that member.
    async fn kind(&self) -> LadderRungKind {
        self.rung.kind.into()
    }

    /// The number of that member's days that must pass without a check-in.
    async fn after_days(&self) -> i32 {
        i32::try_from(self.rung.after_days).unwrap_or(i32::MAX)
    }

    /// What you would be told.
    async fn tells(&self) -> LadderTells {
        self.rung.tells.into()
    }

    /// When the member asked.
    async fn asked_at(&self) -> DateTime {
        DateTime(self.rung.created_at)
    }

    /// When you last answered; null if you have not.
    async fn answered_at(&self) -> Option<DateTime> {
        self.rung.answered_at.map(DateTime)
    }

    /// When you agreed; null if you do not agree.
    async fn agreed_at(&self) -> Option<DateTime> {
        self.rung.agreed_at.map(DateTime)
    }
}

/// Returns the cursor of a request.
pub fn asked_cursor((rung, _): &Asked) -> Cursor<LADDER_REQUESTS> {
    Cursor {
        key: rung.created_at.timestamp_micros(),
        id: rung.id.0,
    }
}

/// A rung of a ladder that was sent.
#[derive(Clone, Debug)]
pub struct LadderTelling(TellingWithMembers);

impl From<TellingWithMembers> for LadderTelling {
    fn from(sent: TellingWithMembers) -> Self {
        Self(sent)
    }
}

/// A rung of a ladder that was sent: to you, or from your ladder to another member or to yourself.
#[Object]
impl LadderTelling {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.telling.id.global()
    }

    /// The kind of recipient.
    async fn kind(&self) -> LadderRungKind {
        self.0.telling.kind.into()
    }

    /// The member who went quiet, the ladder's owner.
    async fn member(&self) -> Member {
        Member::from(self.0.owner.clone())
    }

    /// The recipient; null for a note to the owner, or if you can no longer see that member.
    async fn told(&self) -> Option<Member> {
        self.0.told.clone().map(Member::from)
    }

    /// The first day without a check-in, on the owner's calendar; null if the owner did not want it to be told.
    async fn quiet_since(&self) -> Option<Date> {
        self.0.telling.quiet_since.map(Date)
    }

    /// The owner's words to the recipient, or to themselves; null if there are none.
    async fn words(&self) -> Nullable<&str> {
        shown(self.0.telling.words.as_ref())
    }

    /// When it was sent.
    async fn told_at(&self) -> DateTime {
        DateTime(self.0.telling.told_at)
    }

    /// Whether the owner has been here since.
    async fn is_over(&self) -> bool {
        self.0.telling.over_at.is_some()
    }
}

/// A rung of your ladder that was sent.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LadderLogEntry {
    /// The kind of recipient.
    kind: LadderRungKind,
    /// The recipient; null for a note to yourself, or if you can no longer see that member.
    told: Option<Member>,
    /// The first day without a check-in, on your own calendar; null if it was not told.
    quiet_since: Option<Date>,
    #[graphql(skip)]
    opened: Option<Opened>,
    /// When it was sent.
    told_at: DateTime,
    /// When you were here again; null while you are quiet.
    over_at: Option<DateTime>,
}

#[ComplexObject]
impl LadderLogEntry {
    /// Your words to the recipient, or to yourself; null if there are none.
    async fn words(&self) -> Nullable<&str> {
        shown(self.opened.as_ref())
    }
}

impl From<TellingWithMembers> for LadderLogEntry {
    fn from(sent: TellingWithMembers) -> Self {
        let telling = sent.telling;
        Self {
            kind: telling.kind.into(),
            told: sent.told.map(Member::from),
            quiet_since: telling.quiet_since.map(Date),
            opened: telling.words,
            told_at: DateTime(telling.told_at),
            over_at: telling.over_at.map(DateTime),
        }
    }
}

/// Returns the cursor of a rung that was sent.
pub fn cursor<const LIST: u8>(sent: &TellingWithMembers) -> Cursor<LIST> {
    Cursor {
        key: sent.telling.told_at.timestamp_micros(),
        id: sent.telling.id.0,
    }
}

/// Loads requests to the viewer by their ids. Leaves out those that are not visible to the viewer.
pub async fn load_ladder_requests(
    ctx: &Context<'_>,
    ids: &[RungId],
) -> GqlResult<Vec<(RungId, LadderRequest)>> {
    let found = service::asks_by_ids(ctx.app(), ctx.viewer(), ids).await?;
    let by_id = found.into_iter().map(|asked| (asked.0.id, asked.into()));
    Ok(by_id.collect())
}

/// Loads sent rungs by their ids. Leaves out those that the viewer may not read.
pub async fn load_ladder_tellings(
    ctx: &Context<'_>,
    ids: &[TellingId],
) -> GqlResult<Vec<(TellingId, LadderTelling)>> {
    let found = service::tellings_by_ids(ctx.app(), ctx.viewer(), ids).await?;
    let by_id = found.into_iter().map(|sent| (sent.telling.id, sent.into()));
    Ok(by_id.collect())
}
