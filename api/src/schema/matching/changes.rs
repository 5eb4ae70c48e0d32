//! Asking, answering and ending.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{MemberId, PeeringId};

use super::Peering;
use super::load_peering;
use crate::graphql::errors::{PeeringError, user_errors};
use crate::graphql::scalars::Uuid;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::matching::model::{MOST_PARTNERS, MOST_PROPOSALS};
use crate::matching::service::{self, Answered, Ended, Proposed, Withdrawn};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode, Problems};

/// A man to ask whether he will be your partner.
#[derive(Debug, InputObject)]
pub struct ProposePeeringInput {
    /// The peering's id, of version 7, made by the app: sent again it is the same proposal.
    id: Uuid,
    /// The id of the `Member`, who is in a circle with you.
    member_id: ID,
}

/// What became of a proposal.
#[derive(Debug, SimpleObject)]
pub struct ProposePeeringPayload {
    /// The peering. When something between you was open already it is that, under its own id: your proposal that
    /// waits, or, when he had asked you, what you have just said yes to. Null when there are errors.
    peering: Option<Peering>,
    /// Why he was not asked.
    errors: Vec<PeeringError>,
}

/// An answer to a man who asked you.
#[derive(Debug, InputObject)]
pub struct AnswerPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
    /// Whether you say yes. A no is told to nobody: he sees a proposal that waits, and lapses.
    accept: bool,
}

/// What became of an answer.
#[derive(Debug, SimpleObject)]
pub struct AnswerPeeringPayload {
    /// The peering as it is now; null when you said no, and when there are errors.
    peering: Option<Peering>,
    /// Why your answer was not taken.
    errors: Vec<PeeringError>,
}

/// A proposal of yours to take back.
#[derive(Debug, InputObject)]
pub struct WithdrawPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
}

/// What became of taking a proposal back.
#[derive(Debug, SimpleObject)]
pub struct WithdrawPeeringPayload {
    /// The id of the peering that is not there any more: what an app has kept of it can go; null when there are
    /// errors.
    peering_id: Option<ID>,
    /// Why nothing was changed.
    errors: Vec<PeeringError>,
}

/// A peering to end.
#[derive(Debug, InputObject)]
pub struct EndPeeringInput {
    /// The id of the `Peering`.
    peering_id: ID,
}

/// What became of ending a peering.
#[derive(Debug, SimpleObject)]
pub struct EndPeeringPayload {
    /// The id of the peering that is not there any more: what an app has kept of it can go; null when there are
    /// errors.
    peering_id: Option<ID>,
    /// Why nothing was changed.
    errors: Vec<PeeringError>,
}

/// Changes to peerings.
#[derive(Default)]
pub struct PeeringMutation;

#[Object]
impl PeeringMutation {
    /// Asks a man to be your partner. When he has asked you as well, both of you have said yes with this. At most three
    /// of your proposals wait at a time, and you can ask the same man again after 30 days.
    async fn propose_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: ProposePeeringInput,
    ) -> Nullable<ProposePeeringPayload> {
        Some(propose(ctx, &input).await)
    }

    /// Says yes or no to a man who asked you to be his partner. You can have five partners at a time.
    async fn answer_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal and your answer.")] input: AnswerPeeringInput,
    ) -> Nullable<AnswerPeeringPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Takes a proposal of yours back; it is well if it had lapsed.
    async fn withdraw_peering(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] input: WithdrawPeeringInput,
    ) -> Nullable<WithdrawPeeringPayload> {
        Some(withdraw(ctx, &input).await)
    }

    /// Ends being partners, at once and for both of you. Nobody has to say why.
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
    let refused = |problems| ProposePeeringPayload {
        peering: None,
        errors: user_errors(problems),
    };
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let other = problems.check(MemberId::from_global(&input.member_id).ok_or_else(no_member));
    let (Some(id), Some(other)) = (id, other) else {
        return Ok(refused(problems.into_vec()));
    };
    let problem = match service::propose(ctx.app(), me, id, other).await? {
        Proposed::AsAsked(id) => {
            return Ok(ProposePeeringPayload {
                peering: load_peering(ctx, id).await?,
                errors: Vec::new(),
            });
        }
        Proposed::NoMember => no_member(),
        Proposed::TooSoon(again) => {
            let message = "You asked him not long ago: you can again 30 days after that.";
            Problem::field("memberId", ProblemCode::TooSoon, message).retry_at(again)
        }
        Proposed::TooManyProposals => {
            let message = "Three of your proposals wait already: give them a little time.";
            Problem::whole(ProblemCode::TooMany, message).limit(MOST_PROPOSALS)
        }
        Proposed::TooManyPartners => too_many_partners("memberId"),
        Proposed::Conflict => {
            let message = "A proposal with this id was made before, with another content.";
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
                "It was you who asked: the answer is his.",
            )),
            Answered::SaidYes => Some(because(
                ProblemCode::Conflict,
                "You said yes before. You can end it.",
            )),
            Answered::TooManyPartners => Some(too_many_partners("peeringId")),
        },
    };
    Ok(AnswerPeeringPayload {
        peering,
        errors: user_errors(problem.into_iter().collect()),
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
            Withdrawn::AsAsked => None,
            Withdrawn::NotFound => Some(no_peering()),
            Withdrawn::NotHis => Some(because(
                ProblemCode::NotAllowed,
                "It was he who asked: you can answer.",
            )),
            Withdrawn::Accepted => Some(because(
                ProblemCode::Conflict,
                "He said yes. You can end it.",
            )),
        },
    };
    Ok(WithdrawPeeringPayload {
        peering_id: problem.is_none().then(|| input.peering_id.clone()),
        errors: user_errors(problem.into_iter().collect()),
    })
}

async fn end(ctx: &Context<'_>, input: &EndPeeringInput) -> GqlResult<EndPeeringPayload> {
    let me = ctx.member()?.member;
    let problem = match PeeringId::from_global(&input.peering_id) {
        None => Some(no_peering()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::AsAsked => None,
            Ended::NotFound => Some(no_peering()),
            Ended::NotBegun => Some(because(
                ProblemCode::NotAllowed,
                "It has not begun: it can be answered, or taken back.",
            )),
        },
    };
    Ok(EndPeeringPayload {
        peering_id: problem.is_none().then(|| input.peering_id.clone()),
        errors: user_errors(problem.into_iter().collect()),
    })
}

fn because(code: ProblemCode, message: &str) -> Problem {
    Problem::field("peeringId", code, message)
}

fn too_many_partners(field: &str) -> Problem {
    let message = "There is no room for one more at present: a man has five partners at a time.";
    Problem::field(field, ProblemCode::TooMany, message).limit(MOST_PARTNERS)
}

fn no_peering() -> Problem {
    because(ProblemCode::NotFound, "There is no such peering for you.")
}

fn no_member() -> Problem {
    let message = "There is no such member for you to ask.";
    Problem::field("memberId", ProblemCode::NotFound, message)
}
