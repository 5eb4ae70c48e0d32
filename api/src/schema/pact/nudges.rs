//! Nudges in the GraphQL schema, and the mutations that send and answer them.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, OneofObject};
use entity::{PactId, PactNudgeId};
use macros::payload;

use super::NudgeAnswer;
use super::NudgeTemplate;
use super::Pact;
use super::may_wait;
use crate::graphql::errors::PactError;
use crate::graphql::scalars::{DateTime, Uuid};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::pact::model::{self, NudgeContent, WORDS};
use crate::pact::service::{self, NewNudge, NudgeAnswered, NudgeSent};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::edges;

/// A short message from one partner to the other.
#[derive(Clone, Debug)]
pub struct PactNudge(model::Nudge);

impl From<model::Nudge> for PactNudge {
    fn from(nudge: model::Nudge) -> Self {
        Self(nudge)
    }
}

/// A short message from one partner to the other, and the answer to it.
#[Object]
impl PactNudge {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The pact it belongs to; null if that is over.
    async fn pact(&self, ctx: &Context<'_>) -> Nullable<Pact> {
        edges::pact(ctx, self.0.pact).await
    }

    /// The id of the `Pact` it belongs to.
    #[graphql(deprecation = "Use `pact`. Since 2026-11-27.")]
    async fn pact_id(&self) -> ID {
        self.0.pact.global()
    }

    /// Whether you sent it.
    async fn from_you(&self) -> bool {
        self.0.from_viewer
    }

    /// The ready-made text it was sent with; null if the sender wrote his own words.
    async fn template(&self) -> Option<NudgeTemplate> {
        match self.0.content {
            NudgeContent::Template(template) => Some(template.into()),
            NudgeContent::Words(_) => None,
        }
    }

    /// Its text; in English if it has a `template`. Null, with an error, only if it cannot be read.
    async fn text(&self) -> Nullable<&str> {
        Some(self.0.content.text().map_err(GqlError::from))
    }

    /// When it was sent.
    async fn sent_at(&self) -> DateTime {
        DateTime(self.0.sent_at)
    }

    /// The answer; null until there is one.
    async fn answer(&self) -> Option<NudgeAnswer> {
        self.0.answer.map(NudgeAnswer::from)
    }

    /// When it was answered; null until then.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answered_at.map(DateTime)
    }
}

/// Loads the given nudges that are visible to the viewer. One statement.
pub async fn load_pact_nudges(
    ctx: &Context<'_>,
    ids: &[PactNudgeId],
) -> GqlResult<Vec<(PactNudgeId, PactNudge)>> {
    let found = service::nudges_by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|nudge| (nudge.id, PactNudge::from(nudge)))
        .collect())
}

async fn load(ctx: &Context<'_>, id: PactNudgeId) -> GqlResult<Option<PactNudge>> {
    let found = load_pact_nudges(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, nudge)| nudge))
}

/// A nudge to send to your partner.
#[derive(Debug, InputObject)]
pub struct SendPactNudgeInput {
    /// The nudge's id: a UUID of version 7 that the app generates. Sending the same id again does not send a second
    /// nudge.
    id: Uuid,
    /// The id of the `Pact`.
    pact_id: ID,
    /// Its text.
    says: NudgeWordsInput,
}

/// The text of a nudge: exactly one of the two.
#[derive(Debug, OneofObject)]
pub enum NudgeWordsInput {
    /// A ready-made text.
    Template(NudgeTemplate),
    /// Your own words: up to 280 characters, which may contain line breaks.
    Own(String),
}

/// The outcome of `sendPactNudge`.
#[payload(CONFLICT, INVALID, NOT_FOUND, NOT_NOW, REQUIRED, TOO_LONG)]
#[graphql(complex)]
pub struct SendPactNudgePayload {
    /// The nudge. Null if there are errors.
    nudge: Option<PactNudge>,
    /// Why nothing was sent; empty if the nudge was sent.
    errors: Vec<PactError>,
    #[graphql(skip)]
    pact: Option<PactId>,
}

#[ComplexObject]
impl SendPactNudgePayload {
    /// Whether your partner may read what you ask him now only in the morning, as `Pact.mayWaitUntilMorning`. Null if
    /// no such active pact is visible to you. See `Query.installation.crisisHelp` for help at night.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        may_wait(ctx, self.pact).await.transpose()
    }
}

/// An answer to a nudge.
#[derive(Debug, InputObject)]
pub struct AnswerPactNudgeInput {
    /// The id of the `PactNudge`.
    nudge_id: ID,
    /// Your answer.
    answer: NudgeAnswer,
}

/// The outcome of `answerPactNudge`.
#[payload(CONFLICT, NOT_ALLOWED, NOT_FOUND)]
#[graphql(complex)]
pub struct AnswerPactNudgePayload {
    /// The nudge as it is now. With `CONFLICT` it has your earlier answer, which stands. Null if no such nudge is
    /// visible to you.
    nudge: Option<PactNudge>,
    /// Why your answer was not taken; empty if it was.
    errors: Vec<PactError>,
}

#[ComplexObject]
impl AnswerPactNudgePayload {
    /// Whether your partner may read your answer only in the morning, as `Pact.mayWaitUntilMorning`: his phone rings at
    /// once, but he may be asleep. Null if no such nudge is visible to you. See `Query.installation.crisisHelp` for
    /// help at night.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        let pact = self.nudge.as_ref().map(|nudge| nudge.0.pact);
        may_wait(ctx, pact).await.transpose()
    }
}

/// The mutations of nudges.
#[derive(Default)]
pub struct PactNudgeMutation;

#[Object]
impl PactNudgeMutation {
    /// Sends your partner a nudge, if he can be nudged now. The two of you can exchange at most two nudges a day. If he
    /// cannot be nudged now, the error is `NOT_NOW`, without a reason.
    async fn send_pact_nudge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nudge, and the pact with the partner.")] input: SendPactNudgeInput,
    ) -> Nullable<SendPactNudgePayload> {
        Some(send(ctx, &input).await)
    }

    /// Answers a nudge with one tap. Its sender is notified. An answer cannot be changed.
    async fn answer_pact_nudge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nudge and your answer.")] input: AnswerPactNudgeInput,
    ) -> Nullable<AnswerPactNudgePayload> {
        Some(answer(ctx, &input).await)
    }
}

async fn send(ctx: &Context<'_>, input: &SendPactNudgeInput) -> GqlResult<SendPactNudgePayload> {
    let me = ctx.member()?.member;
    let refused = |problems| SendPactNudgePayload {
        pact: PactId::from_global(&input.pact_id),
        ..SendPactNudgePayload::refused(problems)
    };
    let new = match parse(input) {
        Ok(new) => new,
        Err(problems) => return Ok(refused(problems)),
    };
    let problem = match service::send_nudge(ctx.app(), me, &new).await? {
        NudgeSent::Succeeded => {
            return Ok(SendPactNudgePayload {
                nudge: load(ctx, new.id).await?,
                errors: Vec::new(),
                pact: Some(new.pact),
            });
        }
        NudgeSent::NotFound => no_pact(),
        NudgeSent::NotNow => {
            let message = "Not a good moment: nothing was sent.";
            Problem::whole(ProblemCode::NotNow, message)
        }
        NudgeSent::Conflict => {
            let message = "A nudge with this id exists already, with different content.";
            Problem::field("id", ProblemCode::Conflict, message)
        }
    };
    Ok(refused(vec![problem]))
}

fn parse(input: &SendPactNudgeInput) -> Result<NewNudge, Vec<Problem>> {
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let pact = problems.check(PactId::from_global(&input.pact_id).ok_or_else(no_pact));
    let content = problems.check(match &input.says {
        NudgeWordsInput::Template(template) => Ok(NudgeContent::Template((*template).into())),
        NudgeWordsInput::Own(words) => WORDS
            .require("says.own", words)
            .map(|words| NudgeContent::Words(words.into())),
    });
    match (id, pact, content) {
        (Some(id), Some(pact), Some(content)) => Ok(NewNudge { id, pact, content }),
        _ => Err(problems.into_vec()),
    }
}

async fn answer(
    ctx: &Context<'_>,
    input: &AnswerPactNudgeInput,
) -> GqlResult<AnswerPactNudgePayload> {
    let me = ctx.member()?.member;
    let because = |code, message: &str| Problem::field("nudgeId", code, message);
    let missing = || because(ProblemCode::NotFound, "There is no such nudge for you.");
    let Some(id) = PactNudgeId::from_global(&input.nudge_id) else {
        return Ok(AnswerPactNudgePayload::refused(vec![missing()]));
    };
    let answer = input.answer.into();
    let problem = match service::answer_nudge(ctx.app(), me, id, answer).await? {
        NudgeAnswered::Succeeded => None,
        NudgeAnswered::NotFound => Some(missing()),
        NudgeAnswered::OwnNudge => {
            let message = "You sent this nudge yourself: only he can answer it.";
            Some(because(ProblemCode::NotAllowed, message))
        }
        NudgeAnswered::Conflict => {
            let message =
                "You answered this nudge differently before: an answer cannot be changed.";
            Some(Problem::field("answer", ProblemCode::Conflict, message))
        }
    };
    Ok(AnswerPactNudgePayload {
        nudge: load(ctx, id).await?,
        ..AnswerPactNudgePayload::refused(problem.into_iter().collect())
    })
}

fn no_pact() -> Problem {
    let message = "There is no such pact for you.";
    Problem::field("pactId", ProblemCode::NotFound, message)
}
