//! Profiles in the schema.

mod member;
mod topics;
mod update;
mod words;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::MemberId;

pub use member::Member;
pub use topics::DisclosureMutation;
pub use update::ProfileMutation;
pub use words::{
    AgeBand, ContactMode, DayPart, LifeContext, ReplyPace, Topic, TopicStance, TopicVisibility,
    Weekday,
};

use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::profile::service;
use crate::viewer::SignedIn;

/// Loads a member as the viewer may see him, or `None` if he is not visible to the viewer.
pub async fn load_member(ctx: &Context<'_>, id: MemberId) -> GqlResult<Option<Member>> {
    let profile = service::profile(ctx.app(), ctx.viewer(), id).await?;
    Ok(profile.map(Member::from))
}

/// Loads several members as the viewer may see them, in one statement. Members who are not visible to the viewer are
/// left out.
pub async fn load_members(
    ctx: &Context<'_>,
    ids: &[MemberId],
) -> GqlResult<Vec<(MemberId, Member)>> {
    let profiles = service::profiles(ctx.app(), ctx.viewer(), ids).await?;
    let member = |(id, profile)| (id, Member::from(profile));
    Ok(profiles.into_iter().map(member).collect())
}

/// Queries for profiles and for their vocabularies.
#[derive(Default)]
pub struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// A member; null when you can see no member with this id.
    async fn member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of a `Member`.")] id: ID,
    ) -> Nullable<Member> {
        find(ctx, &id).await.transpose()
    }

    /// The topics that members can put on their profiles, in the order to show them in.
    async fn topics(&self, ctx: &Context<'_>) -> Nullable<Vec<Topic>> {
        let vocabulary = service::vocabulary(ctx.app()).await;
        let topics = |words: &[Arc<_>]| words.iter().cloned().map(Topic::from).collect();
        Some(
            vocabulary
                .map(|words| topics(&words.topics))
                .map_err(Into::into),
        )
    }

    /// The life contexts that members can put on their profiles, in the order to show them in.
    async fn life_contexts(&self, ctx: &Context<'_>) -> Nullable<Vec<LifeContext>> {
        let vocabulary = service::vocabulary(ctx.app()).await;
        let contexts = |words: &[Arc<_>]| words.iter().cloned().map(LifeContext::from).collect();
        Some(
            vocabulary
                .map(|words| contexts(&words.life_contexts))
                .map_err(Into::into),
        )
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> GqlResult<Option<Member>> {
    ctx.member()?;
    match MemberId::from_global(id) {
        Some(id) => load_member(ctx, id).await,
        None => Ok(None),
    }
}

/// The profile's part of [`Me`](crate::schema::Me).
pub struct ProfileMe(SignedIn);

impl ProfileMe {
    /// Returns the part of the signed-in member.
    pub const fn of(signed_in: SignedIn) -> Self {
        Self(signed_in)
    }
}

#[Object]
impl ProfileMe {
    /// Your profile, with the fields that nobody else can see.
    async fn profile(&self, ctx: &Context<'_>) -> Nullable<Member> {
        load_member(ctx, self.0.member).await.transpose()
    }
}
