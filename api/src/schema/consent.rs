//! Consents in the schema.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::consent::{self, Model};
use entity::{CircleId, MemberId};
use macros::page_args;

use crate::app::App;
use crate::consent::service::{self, MY_CONSENTS};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::profile;
use crate::profile::model::Profile;
use crate::schema::ladder::LadderTells;
use crate::schema::pact::PactSharing;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

/// The purpose of a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "consent::Purpose")]
pub enum ConsentPurpose {
    /// Your partner sees what you share of your check-ins with him in a pact.
    PactSharing,
    /// A member on your ladder is notified when you go quiet.
    LadderTelling,
    /// You are notified when a member whose ladder you are on goes quiet.
    LadderHearing,
    /// A circle you joined sees what you show your circles: topics and check-ins.
    CircleSharing,
}

/// A consent you gave. A change is a new consent: nothing here is ever overwritten.
#[derive(Clone, Debug, SimpleObject)]
pub struct Consent {
    /// The purpose of the consent.
    purpose: ConsentPurpose,
    /// The member it is about; null when it is about nobody, or you can no longer see him.
    member: Option<Member>,
    /// What you share with him; null for other purposes.
    sharing: Option<PactSharing>,
    /// What he is notified of about you, or you about him; null for other purposes.
    ladder_tells: Option<LadderTells>,
    /// The id of the `Circle` that sees it; null for other purposes.
    circle_id: Option<ID>,
    /// When you agreed.
    given_at: DateTime,
    /// When the consent ended; null while it holds.
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

/// The consents of this member.
struct ConsentsOf(MemberId);

impl Counted for ConsentsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::count(app, self.0).await
    }
}

/// The consents' part of `me`.
pub struct ConsentMe(pub SignedIn);

#[page_args]
#[Object]
impl ConsentMe {
    /// What you agreed to, from when and until when, the latest first.
    async fn consents(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Consents> {
        Some(consents(ctx, self.0, &args).await)
    }
}

async fn consents(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Consents> {
    let page = Page::parse(args)?;
    let (app, viewer) = (ctx.app(), ctx.viewer());
    let rows = service::consents(app, me.member, &page).await?;
    let members: BTreeSet<MemberId> = rows.iter().filter_map(|row| row.other_member_id).collect();
    let members: Vec<MemberId> = members.into_iter().collect();
    let profiles = profile::service::profiles(app, viewer, &members).await?;
    let with_profile = rows.into_iter().map(|row| {
        let other = row.other_member_id.and_then(|id| profiles.get(&id));
        let other = other.cloned();
        (row, other)
    });
    let cursor = |(row, _): &(Model, _)| Cursor {
        key: row.given_at.timestamp_micros(),
        id: row.id.0,
    };
    let consents = ConsentsOf(me.member);
    Ok(page.connection(consents, with_profile.collect(), cursor, shown))
}
