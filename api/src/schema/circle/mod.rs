//! Circles in the GraphQL schema.

mod changes;
mod invitations;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::{CircleId, MemberId};
use macros::page_args;

pub use changes::CircleMutation;
pub use invitations::{CircleInvitation, InvitationMutation, load_circle_invitations};

use crate::app::App;
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
type Members = Connection<CIRCLE_MEMBERS, CircleMember, MembersOf>;

/// Counts the circles this member is in.
struct CirclesOf(MemberId);

impl Counted for CirclesOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::circle_count(app, self.0).await
    }
}

/// The number of members of a circle, which was read with the circle.
struct MembersOf(i64);

impl Counted for MembersOf {
    async fn count(&self, _: &App) -> Result<u64, Fault> {
        Ok(u64::try_from(self.0).unwrap_or_default())
    }
}

/// A member's role in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::circle_membership::CircleRole")]
pub enum CircleRole {
    /// Takes part in it.
    Member,
    /// Runs it.
    Facilitator,
}

/// A small group of members who meet. Only its members can see it.
#[derive(Clone, Debug)]
pub struct Circle(model::Circle);

impl From<model::Circle> for Circle {
    fn from(circle: model::Circle) -> Self {
        Self(circle)
    }
}

/// A member of a circle.
#[derive(Clone, Debug, SimpleObject)]
pub struct CircleMember {
    /// The member.
    member: Member,
    /// His role in the circle.
    role: CircleRole,
}

/// A small group of members who meet. Only its members can see it.
#[page_args]
#[Object]
impl Circle {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name: one line of up to 80 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for: up to 500 characters, which may contain line breaks.
    async fn purpose(&self) -> &str {
        &self.0.purpose
    }

    /// Your role in it.
    async fn viewer_role(&self) -> CircleRole {
        self.0.role.into()
    }

    /// How many members are in it.
    async fn member_count(&self) -> i32 {
        i32::try_from(self.0.member_count).unwrap_or(i32::MAX)
    }

    /// Its members, in the order they joined.
    async fn members(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Members> {
        Some(members(ctx, &self.0, &args).await)
    }

    /// The check-ins of the last fourteen days that its members share with it, the newest day first.
    async fn check_ins(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<SharedCheckIns> {
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
    let to_member = |(row, profile): (model::Membership, _)| CircleMember {
        member: Member::from(profile),
        role: row.role.into(),
    };
    Ok(page.connection(MembersOf(circle.member_count), rows, cursor, to_member))
}

/// Loads a circle, or `None` if it is not visible to the viewer.
pub async fn load_circle(ctx: &Context<'_>, id: CircleId) -> GqlResult<Option<Circle>> {
    let found = load_circles(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, circle)| circle))
}

/// Loads the given circles that are visible to the viewer. One statement.
pub async fn load_circles(
    ctx: &Context<'_>,
    ids: &[CircleId],
) -> GqlResult<Vec<(CircleId, Circle)>> {
    let circles = service::by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(circles
        .into_iter()
        .map(|circle| (circle.id, Circle::from(circle)))
        .collect())
}

/// The queries of circles.
#[derive(Default)]
pub struct CircleQuery;

#[Object]
impl CircleQuery {
    /// A circle; null if you are not in a circle with this id.
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

/// The fields of [`Me`](crate::schema::Me) that are about circles.
pub struct CircleMe(SignedIn);

impl CircleMe {
    /// The fields for the signed-in member.
    pub const fn of(signed_in: SignedIn) -> Self {
        Self(signed_in)
    }
}

#[page_args]
#[Object]
impl CircleMe {
    /// The circles you are in, in the order you joined them.
    async fn circles(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Circles> {
        Some(circles(ctx, self.0, &args).await)
    }

    /// The invitations into circles that wait for your answer, the latest first.
    async fn circle_invitations(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Invitations> {
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
