//! Changing topics and life contexts on one's profile.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use entity::MemberId;
use entity::member_topic::Visibility;
use macros::payload;

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
    /// Your stance on it.
    stance: TopicStance,
    /// Who may see it. If it is left out, a topic that you already have keeps its visibility, and a new one is
    /// private. Null makes it private.
    visibility: MaybeUndefined<TopicVisibility>,
}

/// The answer to `setTopic`.
#[payload(INVALID, TOO_LONG)]
pub struct SetTopicPayload {
    /// Your profile as it is now; null when there are errors.
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

/// The answer to `removeTopic`.
#[payload(INVALID)]
pub struct RemoveTopicPayload {
    /// Your profile as it is now; null when there are errors.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// Your life contexts.
#[derive(Debug, InputObject)]
pub struct SetLifeContextsInput {
    /// Slugs of `LifeContext`s, up to 10. They replace the whole list.
    life_contexts: Vec<String>,
}

/// The answer to `setLifeContexts`.
#[payload(INVALID, TOO_LONG)]
pub struct SetLifeContextsPayload {
    /// Your profile as it is now; null when there are errors.
    member: Option<Member>,
    /// Why nothing was changed.
    errors: Vec<ProfileError>,
}

/// Mutations of what members disclose about their lives.
#[derive(Default)]
pub struct DisclosureMutation;

#[Object]
impl DisclosureMutation {
    /// Adds a topic to your profile, or changes it there. A profile has each topic at most once, and at most 20
    /// topics.
    async fn set_topic(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The topic, your stance on it, and who may see it.")] input: SetTopicInput,
    ) -> Nullable<SetTopicPayload> {
        Some(set_topic(ctx, input).await)
    }

    /// Removes a topic from your profile. Succeeds also if the topic was not there.
    async fn remove_topic(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The topic.")] input: RemoveTopicInput,
    ) -> Nullable<RemoveTopicPayload> {
        Some(remove_topic(ctx, input).await)
    }

    /// Replaces the life contexts on your profile. `ProfileVisibility.lifeContexts` says who may see them.
    async fn set_life_contexts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All your life contexts.")] input: SetLifeContextsInput,
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
        ContextsOutcome::Succeeded => Vec::new(),
        ContextsOutcome::Unknown(places) => {
            let unknown = |place| {
                let message = "Choose one of the slugs that `lifeContexts` lists.";
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
        TopicOutcome::Succeeded => Ok(Vec::new()),
        TopicOutcome::Unknown => {
            let message = "Choose one of the slugs that `topics` lists.";
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
