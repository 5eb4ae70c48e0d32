//! The mutations that propose, answer, change, renew and end pacts.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use entity::{PactId, PeeringId};
use macros::payload;

use super::NudgeStyle;
use super::Pact;
use super::PactSharing;
use super::load_pact;
use crate::graphql::errors::PactError;
use crate::graphql::scalars::{Date, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::keys::at_rest::Opened;
use crate::node_id::NodeId as _;
use crate::pact::model::{self, Terms, WISH};
use crate::pact::service::{self, Answered, Ended, NewPact, Patch, Proposed, Renewed, Updated};
use crate::problem::{Problem, ProblemCode, Problems};

/// A pact to propose to a partner.
#[derive(Debug, InputObject)]
pub struct ProposePactInput {
    /// The pact's id: a UUID of version 7 that the app generates. Sending the same id again does not create a second
    /// proposal.
    id: Uuid,
    /// The id of the `Peering` with your partner.
    peering_id: ID,
    /// What you will let your partner see once he agrees.
    sharing: PactSharing,
    /// The tone in which you like to be nudged.
    nudge_style: NudgeStyle,
    /// How you like to be nudged, in your own words: one line of up to 200 characters.
    nudge_wish: Option<String>,
    /// Whether your phone rings in your quiet hours when your partner asks for a word. No if left out. You can change
    /// it at any time.
    can_be_woken: Option<bool>,
    /// Its last day: today or later, at most 366 days ahead. Left out or null: the pact lasts until one of you ends it.
    ends_on: Option<Date>,
}

/// The outcome of `proposePact`.
#[payload(CONFLICT, INVALID, NOT_FOUND, OUT_OF_RANGE, TOO_LONG)]
pub struct ProposePactPayload {
    /// The pact. If your partner had already proposed one, this is it, and you have agreed to it now. With `CONFLICT`
    /// on `peeringId`, the pact that exists already.
    pact: Option<Pact>,
    /// Why nothing was proposed; empty if the request succeeded.
    errors: Vec<PactError>,
}

/// An answer to a proposal.
#[derive(Debug, InputObject)]
pub struct AnswerPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// Whether you agree. Nobody is notified if you decline: your partner sees a proposal that waits, and then expires.
    accept: bool,
    /// What you let your partner see if you agree. Nothing if left out.
    sharing: Option<PactSharing>,
    /// The tone in which you like to be nudged. `GENTLE` if left out.
    nudge_style: Option<NudgeStyle>,
    /// How you like to be nudged, in your own words: one line of up to 200 characters.
    nudge_wish: Option<String>,
    /// Whether your phone rings in your quiet hours when your partner asks for a word. No if left out. You can change
    /// it at any time.
    can_be_woken: Option<bool>,
}

/// The outcome of `answerPact`.
#[payload(CONFLICT, NOT_ALLOWED, NOT_FOUND)]
pub struct AnswerPactPayload {
    /// The pact as it is now. Null if you declined, or no such pact is visible to you.
    pact: Option<Pact>,
    /// Why your answer was not taken; empty if it was.
    errors: Vec<PactError>,
}

/// A change to your side of a pact. Fields that are left out do not change.
#[derive(Debug, InputObject)]
pub struct UpdatePactSideInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// What you let your partner see from now on. His side does not change.
    sharing: Option<PactSharing>,
    /// The tone in which you like to be nudged.
    nudge_style: Option<NudgeStyle>,
    /// How you like to be nudged, in your own words: one line of up to 200 characters. Null removes them.
    nudge_wish: MaybeUndefined<String>,
    /// Whether your phone rings in your quiet hours when your partner asks for a word, from now on.
    can_be_woken: Option<bool>,
    /// The `version` of the pact that you read. If it has changed since, the change is refused with `STALE`. Not
    /// checked if left out.
    expected_version: Option<i32>,
}

/// The outcome of `updatePactSide`.
#[payload(NOT_FOUND, OUT_OF_RANGE, STALE)]
pub struct UpdatePactSidePayload {
    /// The pact as it is now. Null if no such pact is visible to you.
    pact: Option<Pact>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<PactError>,
}

/// A new last day for a pact.
#[derive(Debug, InputObject)]
pub struct RenewPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// Its last day: today or later, at most 366 days ahead. Left out or null: the pact lasts until one of you ends it.
    ends_on: Option<Date>,
}

/// The outcome of `renewPact`.
#[payload(NOT_FOUND)]
pub struct RenewPactPayload {
    /// The pact as it is now. Null if there are errors.
    pact: Option<Pact>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<PactError>,
}

/// A pact to end.
#[derive(Debug, InputObject)]
pub struct EndPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
}

/// The outcome of `endPact`.
#[payload(NOT_ALLOWED, NOT_FOUND)]
pub struct EndPactPayload {
    /// The id of the pact that you no longer see: the app can delete what it stores of it and of its nudges. Null if
    /// there are errors.
    pact_id: Option<ID>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<PactError>,
}

/// Changes to pacts.
#[derive(Default)]
pub struct PactMutation;

#[Object]
impl PactMutation {
    /// Proposes a pact to a partner. If your partner had already proposed one, this accepts it.
    async fn propose_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pact, and your side of it.")] input: ProposePactInput,
    ) -> Nullable<ProposePactPayload> {
        Some(propose(ctx, &input).await)
    }

    /// Accepts or declines a pact that your partner proposed.
    async fn answer_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal, your answer, and your side of it.")] input: AnswerPactInput,
    ) -> Nullable<AnswerPactPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Changes your side of a pact, at once. Your partner does not have to agree.
    async fn update_pact_side(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pact, and what to change.")] input: UpdatePactSideInput,
    ) -> Nullable<UpdatePactSidePayload> {
        Some(update(ctx, &input).await)
    }

    /// Changes or removes the last day of an active pact. You agree to share what you share until then. Your partner
    /// shares for as long as he agreed to, and can renew the pact himself.
    async fn renew_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pact, and its new last day.")] input: RenewPactInput,
    ) -> Nullable<RenewPactPayload> {
        Some(renew(ctx, &input).await)
    }

    /// Ends a pact, at once and for both of you, or withdraws a proposal of yours. Succeeds also if it was over. You
    /// need not give a reason.
    async fn end_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pact.")] input: EndPactInput,
    ) -> Nullable<EndPactPayload> {
        Some(end(ctx, &input).await)
    }
}

fn wish(problems: &mut Problems, text: Option<&String>) -> Option<Opened> {
    let read = text.map(|text| WISH.read("nudgeWish", text));
    let words = problems.check(read.transpose()).flatten().flatten();
    words.map(Opened::Text)
}

async fn propose(ctx: &Context<'_>, input: &ProposePactInput) -> GqlResult<ProposePactPayload> {
    let me = ctx.member()?.member;
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let peering = PeeringId::from_global(&input.peering_id);
    let peering = problems.check(peering.ok_or_else(no_peering));
    let terms = Terms {
        sharing: input.sharing.into(),
        style: input.nudge_style.into(),
        wish: wish(&mut problems, input.nudge_wish.as_ref()),
        can_be_woken: input.can_be_woken.unwrap_or_default(),
    };
    let (Some(id), Some(peering), true) = (id, peering, problems.is_empty()) else {
        return Ok(ProposePactPayload::refused(problems.into_vec()));
    };
    let new = NewPact {
        id,
        peering,
        terms,
        ends_on: input.ends_on.map(|day| day.0),
    };
    let (pact, problem) = match service::propose(ctx.app(), me, &new).await? {
        Proposed::Succeeded(id) => (Some(id), None),
        Proposed::NoPartner => (None, Some(no_peering())),
        Proposed::OtherEnd => (None, Some(other_end())),
        Proposed::Exists(id) => {
            let message = "You two already have a pact, or you have proposed one.";
            let problem = Problem::field("peeringId", ProblemCode::Conflict, message);
            (Some(id), Some(problem))
        }
        Proposed::Conflict => {
            let message = "A pact with this id exists already, with different content.";
            (
                None,
                Some(Problem::field("id", ProblemCode::Conflict, message)),
            )
        }
    };
    let pact = match pact {
        Some(id) => load_pact(ctx, id).await?,
        None => None,
    };
    Ok(ProposePactPayload {
        pact,
        ..ProposePactPayload::refused(problem.into_iter().collect())
    })
}

async fn answer(ctx: &Context<'_>, input: &AnswerPactInput) -> GqlResult<AnswerPactPayload> {
    let me = ctx.member()?.member;
    let mut problems = Problems::default();
    let id = problems.check(PactId::from_global(&input.pact_id).ok_or_else(no_pact));
    let terms = Terms {
        sharing: input
            .sharing
            .map_or(model::Sharing::Nothing, model::Sharing::from),
        style: input
            .nudge_style
            .map_or(model::NudgeStyle::Gentle, model::NudgeStyle::from),
        wish: wish(&mut problems, input.nudge_wish.as_ref()),
        can_be_woken: input.can_be_woken.unwrap_or_default(),
    };
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(AnswerPactPayload::refused(problems.into_vec()));
    };
    let terms = input.accept.then_some(&terms);
    let problem = match service::answer(ctx.app(), me, id, terms).await? {
        Answered::Accepted | Answered::Declined => None,
        Answered::NotFound => Some(no_pact()),
        Answered::OwnProposal => Some(because(
            ProblemCode::NotAllowed,
            "You proposed this pact yourself: only he can answer it.",
        )),
        Answered::SaidYes => Some(because(
            ProblemCode::Conflict,
            "You agreed to this pact before. You can change your side, or end it.",
        )),
    };
    Ok(AnswerPactPayload {
        pact: load_pact(ctx, id).await?,
        ..AnswerPactPayload::refused(problem.into_iter().collect())
    })
}

async fn update(
    ctx: &Context<'_>,
    input: &UpdatePactSideInput,
) -> GqlResult<UpdatePactSidePayload> {
    let me = ctx.member()?.member;
    let mut problems = Problems::default();
    let id = problems.check(PactId::from_global(&input.pact_id).ok_or_else(no_pact));
    let words = match &input.nudge_wish {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(text) => Some(wish(&mut problems, Some(text))),
    };
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(UpdatePactSidePayload::refused(problems.into_vec()));
    };
    let patch = Patch {
        sharing: input.sharing.map(Into::into),
        style: input.nudge_style.map(Into::into),
        wish: words,
        can_be_woken: input.can_be_woken,
    };
    let expected = input.expected_version;
    let problem = match service::update_side(ctx.app(), me, id, &patch, expected).await? {
        Updated::Succeeded => None,
        Updated::NotFound => Some(no_pact()),
        Updated::Stale => {
            let message = "It has changed since you read it: here is the current version.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
    };
    Ok(UpdatePactSidePayload {
        pact: load_pact(ctx, id).await?,
        ..UpdatePactSidePayload::refused(problem.into_iter().collect())
    })
}

async fn renew(ctx: &Context<'_>, input: &RenewPactInput) -> GqlResult<RenewPactPayload> {
    let me = ctx.member()?.member;
    let mut pact = None;
    let problem = match PactId::from_global(&input.pact_id) {
        None => Some(no_pact()),
        Some(id) => {
            let ends_on = input.ends_on.map(|day| day.0);
            match service::renew(ctx.app(), me, id, ends_on).await? {
                Renewed::Succeeded => {
                    pact = load_pact(ctx, id).await?;
                    None
                }
                Renewed::NotFound => Some(no_pact()),
                Renewed::OtherEnd => Some(other_end()),
            }
        }
    };
    Ok(RenewPactPayload {
        pact,
        ..RenewPactPayload::refused(problem.into_iter().collect())
    })
}

async fn end(ctx: &Context<'_>, input: &EndPactInput) -> GqlResult<EndPactPayload> {
    let me = ctx.member()?.member;
    let problem = match PactId::from_global(&input.pact_id) {
        None => Some(no_pact()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::Succeeded => None,
            Ended::NotFound => Some(no_pact()),
            Ended::NotBegun => Some(because(
                ProblemCode::NotAllowed,
                "This is a proposal that waits for your answer.",
            )),
        },
    };
    Ok(EndPactPayload {
        pact_id: problem.is_none().then(|| input.pact_id.clone()),
        ..EndPactPayload::refused(problem.into_iter().collect())
    })
}

fn because(code: ProblemCode, message: &str) -> Problem {
    Problem::field("pactId", code, message)
}

fn no_pact() -> Problem {
    because(ProblemCode::NotFound, "There is no such pact for you.")
}

fn no_peering() -> Problem {
    let message = "There is no such partner for you.";
    Problem::field("peeringId", ProblemCode::NotFound, message)
}

fn other_end() -> Problem {
    let message = "The date must be today or later, at most 366 days ahead.";
    Problem::field("endsOn", ProblemCode::OutOfRange, message)
}
