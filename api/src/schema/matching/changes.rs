//! The mutations that propose, answer, withdraw and end peerings.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{MemberId, PeeringId};
use macros::payload;

use super::Peering;
use super::load_peering;
use crate::graphql::errors::PeeringError;
use crate::graphql::scalars::Uuid;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::matching::model::{MOST_PARTNERS, MOST_PROPOSALS};
use crate::matching::service::{self, Answered, Ended, Proposed, Withdrawn};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode, Problems};

/// A member to ask whether he wants to be your partner.
#[derive(Debug, InputObject)]
pub struct ProposePeeringInput {
    /// The peering's id: a UUID of version 7 that the app generates. Sending the same id again does not create a second
    /// proposal.
    id: Uuid,
    /// The id of the `Member`. You must share a circle with him.
    member_id: ID,
}

/// The outcome of `proposePeering`.
#[payload(CONFLICT, INVALID, NOT_FOUND, TOO_MANY, TOO_SOON)]
pub struct ProposePeeringPayload {
    /// The peering. If the two of you had an open one already, this is it, with its own id: your own waiting proposal,
    /// or his proposal, which you have accepted now. Null if there are errors.
    peering: Option<Peering>,
    /// Why nothing was proposed; empty if the request succeeded.
    errors: Vec<PeeringError>,
}

/// An answer to a proposal that you received.
#[derive(Debug, InputObject)]
pub struct AnswerPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
    /// Whether you accept. Nobody is notified if you decline: the proposer sees a proposal that waits, and then
    /// expires.
    accept: bool,
}

/// The outcome of `answerPeering`.
#[payload(CONFLICT, NOT_ALLOWED, NOT_FOUND, TOO_MANY)]
pub struct AnswerPeeringPayload {
    /// The peering as it is now. Null if you declined, or there are errors.
    peering: Option<Peering>,
    /// Why your answer was not taken; empty if it was.
    errors: Vec<PeeringError>,
}

/// A proposal of yours to withdraw.
#[derive(Debug, InputObject)]
pub struct WithdrawPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
}

/// The outcome of `withdrawPeering`.
#[payload(CONFLICT, NOT_ALLOWED, NOT_FOUND)]
pub struct WithdrawPeeringPayload {
    /// The id of the peering that you no longer see: the app can delete what it stores of it. Null if there are errors.
    peering_id: Option<ID>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<PeeringError>,
}

/// A peering to end.
#[derive(Debug, InputObject)]
pub struct EndPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
}

/// The outcome of `endPeering`.
#[payload(NOT_ALLOWED, NOT_FOUND)]
pub struct EndPeeringPayload {
    /// The id of the peering that you no longer see: the app can delete what it stores of it. Null if there are errors.
    peering_id: Option<ID>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<PeeringError>,
}

/// Changes to peerings.
#[derive(Default)]
pub struct PeeringMutation;

#[Object]
impl PeeringMutation {
    /// Asks a member to be your partner. If he had already asked you, this accepts his proposal. At most three of your
    /// proposals can wait at a time, and you can ask the same member again after 30 days.
    async fn propose_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member to ask.")] input: ProposePeeringInput,
    ) -> Nullable<ProposePeeringPayload> {
        Some(propose(ctx, &input).await)
    }

    /// Accepts or declines a proposal that you received. You can have five partners at a time.
    async fn answer_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal and your answer.")] input: AnswerPeeringInput,
    ) -> Nullable<AnswerPeeringPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Withdraws a proposal of yours. Succeeds also if it was withdrawn or has expired.
    async fn withdraw_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] input: WithdrawPeeringInput,
    ) -> Nullable<WithdrawPeeringPayload> {
        Some(withdraw(ctx, &input).await)
    }

    /// Ends a peering, at once and for both of you. You need not give a reason.
    async fn end_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The peering.")] input: EndPeeringInput,
    ) -> Nullable<EndPeeringPayload> {
        Some(end(ctx, &input).await)
    }
}

async fn propose(
    ctx: &Context<'_>,
    input: &ProposePeeringInput,
) -> GqlResult<ProposePeeringPayload> {
    let me = ctx.member()?.member;
    let refused = |problems| ProposePeeringPayload::refused(problems);
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let other = problems.check(MemberId::from_global(&input.member_id).ok_or_else(no_member));
    let (Some(id), Some(other)) = (id, other) else {
        return Ok(refused(problems.into_vec()));
    };
    let problem = match service::propose(ctx.app(), me, id, other).await? {
        Proposed::Succeeded(id) => {
            return Ok(ProposePeeringPayload {
                peering: load_peering(ctx, id).await?,
                errors: Vec::new(),
            });
        }
        Proposed::NoMember => no_member(),
        Proposed::TooSoon(again) => {
            let message =
                "You asked him less than 30 days ago: you can ask again 30 days after that.";
            Problem::field("memberId", ProblemCode::TooSoon, message).retry_at(again)
        }
        Proposed::TooManyProposals => {
            let message = "Three of your proposals wait already: give them a little time.";
            Problem::whole(ProblemCode::TooMany, message).limit(MOST_PROPOSALS)
        }
        Proposed::TooManyPartners => too_many_partners("memberId"),
        Proposed::Conflict => {
            let message = "A proposal with this id exists already, with different content.";
            Problem::field("id", ProblemCode::Conflict, message)
        }
    };
    Ok(refused(vec![problem]))
}

async fn answer(ctx: &Context<'_>, input: &AnswerPeeringInput) -> GqlResult<AnswerPeeringPayload> {
    let me = ctx.member()?.member;
    let mut peering = None;
    let problem = match PeeringId::from_global(&input.peering_id) {
        None => Some(no_peering()),
        Some(id) => match service::answer(ctx.app(), me, id, input.accept).await? {
            Answered::Accepted => {
                peering = load_peering(ctx, id).await?;
                None
            }
            Answered::Declined => None,
            Answered::NotFound => Some(no_peering()),
            Answered::OwnProposal => Some(because(
                ProblemCode::NotAllowed,
                "You made this proposal yourself: only he can answer it.",
            )),
            Answered::SaidYes => Some(because(
                ProblemCode::Conflict,
                "You accepted this before. You can end it.",
            )),
            Answered::TooManyPartners => Some(too_many_partners("peeringId")),
        },
    };
    Ok(AnswerPeeringPayload {
        peering,
        ..AnswerPeeringPayload::refused(problem.into_iter().collect())
    })
}

async fn withdraw(
    ctx: &Context<'_>,
    input: &WithdrawPeeringInput,
) -> GqlResult<WithdrawPeeringPayload> {
    let me = ctx.member()?.member;
    let problem = match PeeringId::from_global(&input.peering_id) {
        None => Some(no_peering()),
        Some(id) => match service::withdraw(ctx.app(), me, id).await? {
            Withdrawn::Succeeded => None,
            Withdrawn::NotFound => Some(no_peering()),
            Withdrawn::NotAllowed => Some(because(
                ProblemCode::NotAllowed,
                "He made this proposal: you can answer it.",
            )),
            Withdrawn::Accepted => Some(because(
                ProblemCode::Conflict,
                "He has accepted it already. You can end it.",
            )),
        },
    };
    Ok(WithdrawPeeringPayload {
        peering_id: problem.is_none().then(|| input.peering_id.clone()),
        ..WithdrawPeeringPayload::refused(problem.into_iter().collect())
    })
}

async fn end(ctx: &Context<'_>, input: &EndPeeringInput) -> GqlResult<EndPeeringPayload> {
    let me = ctx.member()?.member;
    let problem = match PeeringId::from_global(&input.peering_id) {
        None => Some(no_peering()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::Succeeded => None,
            Ended::NotFound => Some(no_peering()),
            Ended::NotBegun => Some(because(
                ProblemCode::NotAllowed,
                "This is still a proposal: it can be answered or taken back.",
            )),
        },
    };
    Ok(EndPeeringPayload {
        peering_id: problem.is_none().then(|| input.peering_id.clone()),
        ..EndPeeringPayload::refused(problem.into_iter().collect())
    })
}

fn because(code: ProblemCode, message: &str) -> Problem {
    Problem::field("peeringId", code, message)
}

fn too_many_partners(field: &str) -> Problem {
    let message = "One of you already has five partners: a man can have five at a time.";
    Problem::field(field, ProblemCode::TooMany, message).limit(MOST_PARTNERS)
}

fn no_peering() -> Problem {
    because(ProblemCode::NotFound, "There is no such peering for you.")
}

fn no_member() -> Problem {
    let message = "There is no such member for you to ask.";
    Problem::field("memberId", ProblemCode::NotFound, message)
}
