//! What one man's ladder asks of another, and tells him.

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
use crate::ladder::service::{self, Asked, LADDER_LOG, LADDER_REQUESTS, Seen, TELLINGS};
use crate::node_id::NodeId as _;
use crate::page::Cursor;
use crate::profile::model::Profile;
use crate::schema::profile::Member;

pub type Log = Connection<LADDER_LOG, LadderLogEntry, LogOf>;
pub type Requests = Connection<LADDER_REQUESTS, LadderRequest, RequestsOf>;
pub type Tellings = Connection<TELLINGS, LadderTelling, TellingsOf>;

/// What this member's ladder told.
pub struct LogOf(pub MemberId);

impl Counted for LogOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_log(app, self.0).await
    }
}

/// What others ask of this member.
pub struct RequestsOf(pub MemberId);

impl Counted for RequestsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_asks(app, self.0).await
    }
}

/// What this member was told.
pub struct TellingsOf(pub MemberId);

impl Counted for TellingsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count_told(app, self.0).await
    }
}

/// That a man would like you to be told when he goes quiet.
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

/// That a man would like you to be told when he goes quiet. When he does not any more, or you are not his partner or his
/// facilitator any more, it is not there.
#[Object]
impl LadderRequest {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.rung.id.global()
    }

    /// The man who asks.
    async fn member(&self) -> Member {
        Member::from(self.owner.clone())
    }

    /// What you are to him.
    async fn kind(&self) -> LadderRungKind {
        self.rung.kind.into()
    }

    /// So many of his days have to pass.
    async fn after_days(&self) -> i32 {
        i32::try_from(self.rung.after_days).unwrap_or(i32::MAX)
    }

    /// What you are told.
    async fn tells(&self) -> LadderTells {
        self.rung.tells.into()
    }

    /// When he asked.
    async fn asked_at(&self) -> DateTime {
        DateTime(self.rung.created_at)
    }

    /// When you answered last; null while you have not.
    async fn answered_at(&self) -> Option<DateTime> {
        self.rung.answered_at.map(DateTime)
    }

    /// Since when you agree; null while you do not.
    async fn agreed_at(&self) -> Option<DateTime> {
        self.rung.agreed_at.map(DateTime)
    }
}

/// The cursor of what is asked.
pub fn asked_cursor((rung, _): &Asked) -> Cursor<LADDER_REQUESTS> {
    Cursor {
        key: rung.created_at.timestamp_micros(),
        id: rung.id.0,
    }
}

/// That somebody was told of a man who went quiet.
#[derive(Clone, Debug)]
pub struct LadderTelling(Seen);

impl From<Seen> for LadderTelling {
    fn from(seen: Seen) -> Self {
        Self(seen)
    }
}

/// That somebody was told of a man who went quiet: you, or by your ladder another, or yourself.
#[Object]
impl LadderTelling {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.telling.id.global()
    }

    /// For whom it was.
    async fn kind(&self) -> LadderRungKind {
        self.0.telling.kind.into()
    }

    /// The man who went quiet, whose ladder it was.
    async fn member(&self) -> Member {
        Member::from(self.0.owner.clone())
    }

    /// The man who was told; null when it was a note to oneself, and when he is not there for you any more.
    async fn told(&self) -> Option<Member> {
        self.0.told.clone().map(Member::from)
    }

    /// The first day that he let pass, on his own calendar; null when he did not want that to be told.
    async fn quiet_since(&self) -> Option<Date> {
        self.0.telling.quiet_since.map(Date)
    }

    /// What he says to who was told, or to himself.
    async fn words(&self) -> Nullable<&str> {
        shown(self.0.telling.words.as_ref())
    }

    /// When it was told.
    async fn told_at(&self) -> DateTime {
        DateTime(self.0.telling.told_at)
    }

    /// Whether he has been here since.
    async fn is_over(&self) -> bool {
        self.0.telling.over_at.is_some()
    }
}

/// Something that your ladder told.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LadderLogEntry {
    /// For whom it was.
    kind: LadderRungKind,
    /// The man who was told; null when it was a note to yourself, and when he is not there for you any more.
    told: Option<Member>,
    /// The first day that you let pass, on your own calendar; null when that was not told.
    quiet_since: Option<Date>,
    #[graphql(skip)]
    said: Option<Opened>,
    /// When it was told.
    told_at: DateTime,
    /// When you were here again; null while you are quiet.
    over_at: Option<DateTime>,
}

#[ComplexObject]
impl LadderLogEntry {
    /// What you said to him, or to yourself.
    async fn words(&self) -> Nullable<&str> {
        shown(self.said.as_ref())
    }
}

impl From<Seen> for LadderLogEntry {
    fn from(seen: Seen) -> Self {
        let telling = seen.telling;
        Self {
            kind: telling.kind.into(),
            told: seen.told.map(Member::from),
            quiet_since: telling.quiet_since.map(Date),
            said: telling.words,
            told_at: DateTime(telling.told_at),
            over_at: telling.over_at.map(DateTime),
        }
    }
}

/// The cursor of what was told.
pub fn cursor<const LIST: u8>(seen: &Seen) -> Cursor<LIST> {
    Cursor {
        key: seen.telling.told_at.timestamp_micros(),
        id: seen.telling.id.0,
    }
}

/// What is asked of the viewer, by ids; what is not there for him is left out.
pub async fn load_ladder_requests(
    ctx: &Context<'_>,
    ids: &[RungId],
) -> GqlResult<Vec<(RungId, LadderRequest)>> {
    let found = service::these_asks(ctx.app(), ctx.viewer(), ids).await?;
    let by_id = found.into_iter().map(|asked| (asked.0.id, asked.into()));
    Ok(by_id.collect())
}

/// What was told, by ids; what the viewer may not read is left out.
pub async fn load_ladder_tellings(
    ctx: &Context<'_>,
    ids: &[TellingId],
) -> GqlResult<Vec<(TellingId, LadderTelling)>> {
    let found = service::these_tellings(ctx.app(), ctx.viewer(), ids).await?;
    let by_id = found.into_iter().map(|seen| (seen.telling.id, seen.into()));
    Ok(by_id.collect())
}
