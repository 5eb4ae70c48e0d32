//! Consents in the schema.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::consent::{self, Model};
use entity::{CircleId, MemberId};

use crate::app::App;
use crate::consent::service::{self, MY_CONSENTS};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::profile::model::Profile;
use crate::schema::ladder::LadderTells;
use crate::schema::pact::PactSharing;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

/// What something you agreed to is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "consent::Purpose")]
pub enum ConsentPurpose {
    /// That your partner sees of your check-ins what you give him in a pact.
    PactSharing,
    /// That a man is told when you go quiet, by your ladder.
    LadderTelling,
    /// That you are told when a man goes quiet, by his ladder.
    LadderHearing,
    /// That a circle you joined sees what you show your circles: topics and check-ins.
    CircleSharing,
}

/// Something you agreed to. A change is a new one: nothing here is written over.
#[derive(Clone, Debug, SimpleObject)]
pub struct Consent {
    /// What it is for.
    purpose: ConsentPurpose,
    /// The man it is about; null when it is about nobody, or he is not there for you any more.
    member: Option<Member>,
    /// What you let him see; null for other purposes.
    sharing: Option<PactSharing>,
    /// What he is told of you, or you of him; null for other purposes.
    ladder_tells: Option<LadderTells>,
    /// The id of the `Circle` that sees it; null for other purposes.
    circle_id: Option<ID>,
    /// When you agreed.
    given_at: DateTime,
    /// When that ended; null while it holds.
    withdrawn_at: Option<DateTime>,
}

fn shown((row, profile): (Model, Option<Profile>)) -> Consent {
    Consent {
        purpose: row.purpose.into(),
        member: profile.map(Member::from),
        sharing: match row.purpose {
            consent::Purpose::PactSharing => PactSharing::of_word(&row.detail),
            consent::Purpose::LadderTelling
            | consent::Purpose::LadderHearing
            | consent::Purpose::CircleSharing => None,
        },
        ladder_tells: match row.purpose {
            consent::Purpose::PactSharing | consent::Purpose::CircleSharing => None,
            consent::Purpose::LadderTelling | consent::Purpose::LadderHearing => {
                LadderTells::of_word(&row.detail)
            }
        },
        circle_id: match row.purpose {
            consent::Purpose::CircleSharing => {
                let circle = row.detail.parse().ok().map(CircleId);
                circle.map(CircleId::global)
            }
            consent::Purpose::PactSharing
            | consent::Purpose::LadderTelling
            | consent::Purpose::LadderHearing => None,
        },
        given_at: DateTime(row.given_at),
        withdrawn_at: row.withdrawn_at.map(DateTime),
    }
}

type Consents = Connection<MY_CONSENTS, Consent, ConsentsOf>;

/// What this member agreed to.
struct ConsentsOf(MemberId);

impl Counted for ConsentsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// What you agreed to.
pub struct ConsentMe(pub SignedIn);

#[Object]
impl ConsentMe {
    /// What you agreed to, when, and until when: the latest first.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Consents> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(consents(ctx, self.0, &args).await)
    }
}

async fn consents(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Consents> {
    let page = Page::parse(args)?;
    let rows = service::consents(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(row, _): &(Model, _)| Cursor {
        key: row.given_at.timestamp_micros(),
        id: row.id.0,
    };
    Ok(page.connection(ConsentsOf(me.member), rows, cursor, shown))
}
