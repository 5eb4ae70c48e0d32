//! Saying, changing and taking back what one has lived.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::MemberId;
use entity::member_topic::Visibility;

use super::Member;
use super::load_member;
use super::words::TopicStance;
use super::words::TopicVisibility;
use crate::graphql::errors::{ProfileError, user_errors};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::patch::Change;
use crate::problem::{Problem, ProblemCode};
use crate::profile::disclosure::{self, ContextsOutcome, TopicOutcome};
use crate::profile::model::{MAX_LIFE_CONTEXTS, MAX_TOPICS};

/// A topic of your own.
#[derive(Debug, InputObject)]
pub struct SetTopicInput {
    /// The slug of a `Topic`.
    topic: String,
    /// Where you are with it.
    stance: TopicStance,
    /// Who may see it. Left out it stays as it is, and a new topic is private; null makes it private.
    visibility: MaybeUndefined<TopicVisibility>,
}

/// What became of a topic.
#[derive(Debug, SimpleObject)]
pub struct SetTopicPayload {
    /// Your profile as it is now; null when the input had to be refused.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// A topic to take off your profile.
#[derive(Debug, InputObject)]
pub struct RemoveTopicInput {
    /// The slug of a `Topic`.
    topic: String,
}

/// What became of a topic that was to be taken off.
#[derive(Debug, SimpleObject)]
pub struct RemoveTopicPayload {
    /// Your profile as it is now; null when the input had to be refused.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// Your life contexts.
#[derive(Debug, InputObject)]
pub struct SetLifeContextsInput {
    /// Slugs of `LifeContext`s, up to 10; takes the place of the whole list.
    life_contexts: Vec<String>,
}

/// What became of your life contexts.
#[derive(Debug, SimpleObject)]
pub struct SetLifeContextsPayload {
    /// Your profile as it is now; null when the input had to be refused.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// Changes to what members say of their lives.
#[derive(Default)]
pub struct DisclosureMutation;

#[Object]
impl DisclosureMutation {
    /// Puts a topic on your profile, or changes what is said of it there. There is one of each topic.
    async fn set_topic(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The topic, and what to say of it.")] input: SetTopicInput,
    ) -> Nullable<SetTopicPayload> {
        Some(set_topic(ctx, input).await)
    }

    /// Takes a topic off your profile; it is well if it was not there.
    async fn remove_topic(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The topic.")] input: RemoveTopicInput,
    ) -> Nullable<RemoveTopicPayload> {
        Some(remove_topic(ctx, input).await)
    }

    /// Says which circumstances of life are yours. Every member can see them.
    async fn set_life_contexts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of them.")] input: SetLifeContextsInput,
    ) -> Nullable<SetLifeContextsPayload> {
        Some(set_life_contexts(ctx, input).await)
    }
}

async fn set_topic(ctx: &Context<'_>, input: SetTopicInput) -> GqlResult<SetTopicPayload> {
    let me = ctx.member()?.member;
    let visibility = match input.visibility {
        MaybeUndefined::Undefined => Change::Leave,
        MaybeUndefined::Null => Change::Put(Visibility::Private),
        MaybeUndefined::Value(visibility) => Change::Put(visibility.into()),
    };
    let stance = input.stance.into();
    let outcome = disclosure::set_topic(ctx.app(), me, &input.topic, stance, &visibility).await?;
    let (member, errors) = answer(ctx, me, topic_problems(outcome)?).await?;
    Ok(SetTopicPayload { member, errors })
}

async fn remove_topic(ctx: &Context<'_>, input: RemoveTopicInput) -> GqlResult<RemoveTopicPayload> {
    let me = ctx.member()?.member;
    let outcome = disclosure::remove_topic(ctx.app(), me, &input.topic).await?;
    let (member, errors) = answer(ctx, me, topic_problems(outcome)?).await?;
    Ok(RemoveTopicPayload { member, errors })
}

async fn set_life_contexts(
    ctx: &Context<'_>,
    input: SetLifeContextsInput,
) -> GqlResult<SetLifeContextsPayload> {
    let me = ctx.member()?.member;
    let outcome = disclosure::set_life_contexts(ctx.app(), me, &input.life_contexts).await?;
    let problems = match outcome {
        ContextsOutcome::AsAsked => Vec::new(),
        ContextsOutcome::Unknown(places) => {
            let unknown = |place| {
                let message = "This is one of the slugs that `lifeContexts` lists.";
                Problem::field(
                    &format!("lifeContexts.{place}"),
                    ProblemCode::Invalid,
                    message,
                )
            };
            places.into_iter().map(unknown).collect()
        }
        ContextsOutcome::TooMany => {
            let message = format!("A profile names at most {MAX_LIFE_CONTEXTS} life contexts.");
            let problem = Problem::field("lifeContexts", ProblemCode::TooLong, message);
            vec![problem.limit(MAX_LIFE_CONTEXTS)]
        }
        ContextsOutcome::Gone => return Err(GqlError::NotFound),
    };
    let (member, errors) = answer(ctx, me, problems).await?;
    Ok(SetLifeContextsPayload { member, errors })
}

fn topic_problems(outcome: TopicOutcome) -> GqlResult<Vec<Problem>> {
    match outcome {
        TopicOutcome::AsAsked => Ok(Vec::new()),
        TopicOutcome::Unknown => {
            let message = "This is one of the slugs that `topics` lists.";
            Ok(vec![Problem::field("topic", ProblemCode::Invalid, message)])
        }
        TopicOutcome::TooMany => {
            let message = format!("A profile names at most {MAX_TOPICS} topics.");
            let problem = Problem::field("topic", ProblemCode::TooLong, message);
            Ok(vec![problem.limit(MAX_TOPICS)])
        }
        TopicOutcome::Gone => Err(GqlError::NotFound),
    }
}

async fn answer(
    ctx: &Context<'_>,
    me: MemberId,
    problems: Vec<Problem>,
) -> GqlResult<(Option<Member>, Vec<ProfileError>)> {
    let member = match problems[..] {
        [] => load_member(ctx, me).await?,
        _ => None,
    };
    Ok((member, user_errors(problems)))
}
