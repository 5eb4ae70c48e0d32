//! Circles in the schema.

mod changes;
mod invitations;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::{CircleId, MemberId};

pub use changes::CircleMutation;
pub use invitations::{CircleInvitation, InvitationMutation, load_circle_invitations};

use crate::app::App;
use crate::checkin;
use crate::circle::model;
use crate::circle::service::{self, CIRCLE_MEMBERS, MY_CIRCLES};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::schema::checkin::SharedCheckIns;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

type Circles = Connection<MY_CIRCLES, Circle, CirclesOf>;
type Invitations = invitations::Invitations;
type Members = Connection<CIRCLE_MEMBERS, CircleMember, MenIn>;

/// The circles this member is in.
struct CirclesOf(MemberId);

impl Counted for CirclesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::circle_count(app, self.0).await
    }
}

/// The men in a circle; they were counted with it.
struct MenIn(i64);

impl Counted for MenIn {
    async fn count(&self, _: &App) -> Result<u64, Fault> {
        Ok(u64::try_from(self.0).unwrap_or_default())
    }
}

/// What a man does in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::circle_membership::CircleRole")]
pub enum CircleRole {
    /// Takes part.
    Member,
    /// Runs it.
    Facilitator,
}

/// A small group of men that meets; it is there for those who are in it.
#[derive(Clone, Debug)]
pub struct Circle(model::Circle);

impl From<model::Circle> for Circle {
    fn from(circle: model::Circle) -> Self {
        Self(circle)
    }
}

/// A man in a circle.
#[derive(Clone, Debug, SimpleObject)]
pub struct CircleMember {
    /// Who.
    member: Member,
    /// What he does in it.
    role: CircleRole,
}

/// A small group of men that meets; it is there for those who are in it.
#[Object]
impl Circle {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name, up to 80 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for, up to 500 characters in lines.
    async fn purpose(&self) -> &str {
        &self.0.purpose
    }

    /// What you do in it.
    async fn viewer_role(&self) -> CircleRole {
        self.0.role.into()
    }

    /// How many men are in it.
    async fn member_count(&self) -> i32 {
        i32::try_from(self.0.member_count).unwrap_or(i32::MAX)
    }

    /// The men in it, by when they joined.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Members> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(members(ctx, &self.0, &args).await)
    }

    /// The check-ins of the last fourteen days that the men in it let the others read, the newest day first.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<SharedCheckIns> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(super::checkin::in_circle(ctx, self.0.id, &args).await)
    }
}

async fn members(ctx: &Context<'_>, circle: &model::Circle, args: &PageArgs) -> GqlResult<Members> {
    let page = Page::parse(args)?;
    let rows = service::members(ctx.app(), ctx.viewer(), circle.id, &page).await?;
    let cursor = |(row, _): &(model::Membership, _)| Cursor {
        key: row.joined_at.timestamp_micros(),
        id: row.member.0,
    };
    let man = |(row, profile): (model::Membership, _)| CircleMember {
        member: Member::from(profile),
        role: row.role.into(),
    };
    Ok(page.connection(MenIn(circle.member_count), rows, cursor, man))
}

/// A circle as the viewer may see it.
pub async fn load_circle(ctx: &Context<'_>, id: CircleId) -> GqlResult<Option<Circle>> {
    let found = load_circles(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, circle)| circle))
}

/// Circles as the viewer may see them, in one statement; those that are not there for him are left out.
pub async fn load_circles(
    ctx: &Context<'_>,
    ids: &[CircleId],
) -> GqlResult<Vec<(CircleId, Circle)>> {
    let circles = service::these(ctx.app(), ctx.viewer(), ids).await?;
    Ok(circles
        .into_iter()
        .map(|circle| (circle.id, Circle::from(circle)))
        .collect())
}

/// Circles.
#[derive(Default)]
pub struct CircleQuery;

#[Object]
impl CircleQuery {
    /// A circle; null when there is none with this id that you are in.
    async fn circle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of a `Circle`.")] id: ID,
    ) -> Nullable<Circle> {
        find(ctx, &id).await.transpose()
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> GqlResult<Option<Circle>> {
    ctx.member()?;
    match CircleId::from_global(id) {
        Some(id) => load_circle(ctx, id).await,
        None => Ok(None),
    }
}

/// The circles' part of [`Me`](crate::schema::Me).
pub struct CircleMe(SignedIn);

impl CircleMe {
    /// Of the signed-in member.
    pub const fn of(signed_in: SignedIn) -> Self {
        Self(signed_in)
    }
}

#[Object]
impl CircleMe {
    /// The circles you are in, by when you joined them.
    async fn circles(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Circles> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(circles(ctx, self.0, &args).await)
    }

    /// The invitations into circles that wait for your answer, the latest first.
    async fn circle_invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Invitations> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(invitations::page(ctx, self.0, &args).await)
    }
}

async fn circles(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Circles> {
    let page = Page::parse(args)?;
    let rows = service::circles(ctx.app(), me.member, &page).await?;
    let cursor = |circle: &model::Circle| Cursor {
        key: circle.joined_at.timestamp_micros(),
        id: circle.id.0,
    };
    Ok(page.connection(CirclesOf(me.member), rows, cursor, Circle::from))
}
