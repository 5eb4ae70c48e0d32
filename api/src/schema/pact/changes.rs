//! Agreeing to a pact, changing it and ending it.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{PactId, PeeringId};

use super::NudgeStyle;
use super::Pact;
use super::PactSharing;
use super::load_pact;
use crate::graphql::errors::{PactError, user_errors};
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
    /// Its id, of version 7, made by the app: sent again it is the same proposal.
    id: Uuid,
    /// The id of the `Peering` with him.
    peering_id: ID,
    /// What you will let him see, once he agrees.
    sharing: PactSharing,
    /// In which manner you like to be nudged.
    nudge_style: NudgeStyle,
    /// How you like to be nudged, in your own words, up to 200 characters in one line.
    nudge_wish: Option<String>,
    /// Whether he may wake you in your quiet hours when he asks for a word; left out, no. You can take it back.
    can_be_woken: Option<bool>,
    /// Its last day, today or later and at most a year away; left out or null, it goes on until one of you ends it.
    ends_on: Option<Date>,
}

/// What became of a proposal.
#[derive(Debug, SimpleObject)]
pub struct ProposePactPayload {
    /// The pact. When he had proposed one as well it is that, and you have agreed to it with this. With CONFLICT it is
    /// the one that is there already.
    pact: Option<Pact>,
    /// Why it was not proposed.
    errors: Vec<PactError>,
}

/// An answer to a proposal.
#[derive(Debug, InputObject)]
pub struct AnswerPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// Whether you agree. A no is told to nobody: he sees a proposal that waits, and lapses.
    accept: bool,
    /// What you let him see when you agree; left out, nothing.
    sharing: Option<PactSharing>,
    /// In which manner you like to be nudged; left out, softly.
    nudge_style: Option<NudgeStyle>,
    /// How you like to be nudged, in your own words, up to 200 characters in one line.
    nudge_wish: Option<String>,
    /// Whether he may wake you in your quiet hours when he asks for a word; left out, no. You can take it back.
    can_be_woken: Option<bool>,
}

/// What became of an answer.
#[derive(Debug, SimpleObject)]
pub struct AnswerPactPayload {
    /// The pact as it is now; null when you said no, and when there is no such pact for you.
    pact: Option<Pact>,
    /// Why your answer was not taken.
    errors: Vec<PactError>,
}

/// What is to be changed of your side of a pact; what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdatePactSideInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// What you let him see, from now on. His side stays as it is.
    sharing: Option<PactSharing>,
    /// In which manner you like to be nudged.
    nudge_style: Option<NudgeStyle>,
    /// How you like to be nudged, in your own words, up to 200 characters in one line; null takes them away.
    nudge_wish: MaybeUndefined<String>,
    /// Whether he may wake you in your quiet hours when he asks for a word, from now on.
    can_be_woken: Option<bool>,
    /// The `version` you read; left out, whatever it is now.
    expected_version: Option<i32>,
}

/// What became of a change of your side.
#[derive(Debug, SimpleObject)]
pub struct UpdatePactSidePayload {
    /// The pact as it is now; null when there is no such pact for you.
    pact: Option<Pact>,
    /// Why nothing was changed.
    errors: Vec<PactError>,
}

/// Another last day of a pact.
#[derive(Debug, InputObject)]
pub struct RenewPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
    /// Its last day, today or later and at most a year away; left out or null, it goes on until one of you ends it.
    ends_on: Option<Date>,
}

/// What became of another last day.
#[derive(Debug, SimpleObject)]
pub struct RenewPactPayload {
    /// The pact as it is now; null when there are errors.
    pact: Option<Pact>,
    /// Why nothing was changed.
    errors: Vec<PactError>,
}

/// A pact to end.
#[derive(Debug, InputObject)]
pub struct EndPactInput {
    /// The id of the `Pact`.
    pact_id: ID,
}

/// What became of ending a pact.
#[derive(Debug, SimpleObject)]
pub struct EndPactPayload {
    /// The id of the pact that is not there any more: what an app has kept of it and of its nudges can go; null when
    /// there are errors.
    pact_id: Option<ID>,
    /// Why nothing was changed.
    errors: Vec<PactError>,
}

/// Changes to pacts.
#[derive(Default)]
pub struct PactMutation;

#[Object]
impl PactMutation {
    /// Proposes a pact to a partner. When he has proposed one as well, both of you have agreed to that with this.
    async fn propose_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pact, and your side of it.")] input: ProposePactInput,
    ) -> Nullable<ProposePactPayload> {
        Some(propose(ctx, &input).await)
    }

    /// Says yes or no to a pact that your partner proposed.
    async fn answer_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal, your answer, and your side of it.")] input: AnswerPactInput,
    ) -> Nullable<AnswerPactPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Changes what you give and like, at once and without his doing.
    async fn update_pact_side(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be otherwise.")] input: UpdatePactSideInput,
    ) -> Nullable<UpdatePactSidePayload> {
        Some(update(ctx, &input).await)
    }

    /// Gives a pact that goes on another last day. You agree to give what you give until then; he gives what he gives
    /// for as long as he agreed to, or renews it himself.
    async fn renew_pact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Until when.")] input: RenewPactInput,
    ) -> Nullable<RenewPactPayload> {
        Some(renew(ctx, &input).await)
    }

    /// Ends a pact, at once and for both of you, or takes a proposal of yours back. Nobody has to say why.
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
        return Ok(ProposePactPayload {
            pact: None,
            errors: user_errors(problems.into_vec()),
        });
    };
    let new = NewPact {
        id,
        peering,
        terms,
        ends_on: input.ends_on.map(|day| day.0),
    };
    let (pact, problem) = match service::propose(ctx.app(), me, &new).await? {
        Proposed::AsAsked(id) => (Some(id), None),
        Proposed::NoPartner => (None, Some(no_peering())),
        Proposed::OtherEnd => (None, Some(other_end())),
        Proposed::Exists(id) => {
            let message = "You two have a pact, or you proposed one; it is given.";
            let problem = Problem::field("peeringId", ProblemCode::Conflict, message);
            (Some(id), Some(problem))
        }
        Proposed::Conflict => {
            let message = "A pact with this id was proposed before, with another content.";
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
        errors: user_errors(problem.into_iter().collect()),
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
        return Ok(AnswerPactPayload {
            pact: None,
            errors: user_errors(problems.into_vec()),
        });
    };
    let terms = input.accept.then_some(&terms);
    let problem = match service::answer(ctx.app(), me, id, terms).await? {
        Answered::Accepted | Answered::Declined => None,
        Answered::NotFound => Some(no_pact()),
        Answered::OwnProposal => Some(because(
            ProblemCode::NotAllowed,
            "It was you who proposed it: the answer is his.",
        )),
        Answered::SaidYes => Some(because(
            ProblemCode::Conflict,
            "You agreed before. You can change your side, or end it.",
        )),
    };
    Ok(AnswerPactPayload {
        pact: load_pact(ctx, id).await?,
        errors: user_errors(problem.into_iter().collect()),
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
        return Ok(UpdatePactSidePayload {
            pact: None,
            errors: user_errors(problems.into_vec()),
        });
    };
    let patch = Patch {
        sharing: input.sharing.map(Into::into),
        style: input.nudge_style.map(Into::into),
        wish: words,
        can_be_woken: input.can_be_woken,
    };
    let expected = input.expected_version;
    let problem = match service::update_side(ctx.app(), me, id, &patch, expected).await? {
        Updated::AsAsked => None,
        Updated::NotFound => Some(no_pact()),
        Updated::Stale => {
            let message = "It was changed since you read it; it is given as it is now.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
    };
    Ok(UpdatePactSidePayload {
        pact: load_pact(ctx, id).await?,
        errors: user_errors(problem.into_iter().collect()),
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
                Renewed::AsAsked => {
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
        errors: user_errors(problem.into_iter().collect()),
    })
}

async fn end(ctx: &Context<'_>, input: &EndPactInput) -> GqlResult<EndPactPayload> {
    let me = ctx.member()?.member;
    let problem = match PactId::from_global(&input.pact_id) {
        None => Some(no_pact()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::AsAsked => None,
            Ended::NotFound => Some(no_pact()),
            Ended::NotBegun => Some(because(
                ProblemCode::NotAllowed,
                "It waits for your answer.",
            )),
        },
    };
    Ok(EndPactPayload {
        pact_id: problem.is_none().then(|| input.pact_id.clone()),
        errors: user_errors(problem.into_iter().collect()),
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
    let message = "Its last day is today or later, and at most a year away.";
    Problem::field("endsOn", ProblemCode::OutOfRange, message)
}
