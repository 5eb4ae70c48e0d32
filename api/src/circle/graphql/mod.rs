//! Circles in the schema.

mod changes;

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::CircleId;

pub use changes::CircleMutation;

use super::model;
use super::service::{self, CIRCLE_MEMBERS, MY_CIRCLES};
use crate::account::SignedIn;
use crate::graphql::cursor::{Cursor, Page, PageArgs};
use crate::graphql::node::NodeId as _;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::profile::graphql::Member;

/// How many a page of circles or of their members has when nothing is said.
const PAGE: u64 = 20;

type Circles = Connection<Cursor<MY_CIRCLES>, Circle, EmptyFields>;
type Members = Connection<Cursor<CIRCLE_MEMBERS>, CircleMember, EmptyFields>;

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
    /// Its id.
    async fn id(&self) -> ID {
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
    async fn my_role(&self) -> CircleRole {
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
        #[graphql(desc = "So many from the front, 0 to 100; 20 when nothing is said.")]
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
        Some(members(ctx, self.0.id, &args).await)
    }
}

async fn members(ctx: &Context<'_>, circle: CircleId, args: &PageArgs) -> GqlResult<Members> {
    let page = Page::parse(args, PAGE)?;
    let rows = service::members(ctx.app(), ctx.viewer(), circle, &page).await?;
    let cursor = |(row, _): &(model::Membership, _)| Cursor {
        key: row.joined_at.timestamp_micros(),
        id: row.member.0,
    };
    Ok(
        page.connection(rows, cursor, |(row, profile)| CircleMember {
            member: Member::from(profile),
            role: row.role.into(),
        }),
    )
}

/// A circle as the viewer may see it: for `node`, and wherever there is one.
pub async fn load_circle(ctx: &Context<'_>, id: CircleId) -> GqlResult<Option<Circle>> {
    let circle = service::circle(ctx.app(), ctx.viewer(), id).await?;
    Ok(circle.map(Circle::from))
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

/// The circles' part of [`Me`](crate::graphql::Me).
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
        #[graphql(desc = "So many from the front, 0 to 100; 20 when nothing is said.")]
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
}

async fn circles(ctx: &Context<'_>, me: SignedIn, args: &PageArgs) -> GqlResult<Circles> {
    let page = Page::parse(args, PAGE)?;
    let rows = service::circles(ctx.app(), me.member, &page).await?;
    let cursor = |circle: &model::Circle| Cursor {
        key: circle.joined_at.timestamp_micros(),
        id: circle.id.0,
    };
    Ok(page.connection(rows, cursor, Circle::from))
}
