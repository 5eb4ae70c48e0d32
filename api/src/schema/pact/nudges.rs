//! Nudges in the schema.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::{PactId, PactNudgeId};

use super::NudgeAnswer;
use super::NudgeTemplate;
use super::Pact;
use super::may_wait;
use crate::graphql::errors::{PactError, user_errors};
use crate::graphql::scalars::{DateTime, Uuid};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::pact::model::{self, Said, WORDS};
use crate::pact::service::{self, NewNudge, NudgeAnswered, NudgeSent};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::edges;

/// A few words between partners.
#[derive(Clone, Debug)]
pub struct PactNudge(model::Nudge);

impl From<model::Nudge> for PactNudge {
    fn from(nudge: model::Nudge) -> Self {
        Self(nudge)
    }
}

/// A few words between partners, and what was answered.
#[Object]
impl PactNudge {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The pact it belongs to; null when that is over.
    async fn pact(&self, ctx: &Context<'_>) -> Nullable<Pact> {
        edges::pact(ctx, self.0.pact).await
    }

    /// The id of the `Pact` it belongs to.
    #[graphql(deprecation = "Use `pact`. Since 2026-11-27.")]
    async fn pact_id(&self) -> ID {
        self.0.pact.global()
    }

    /// Whether it was you who sent it.
    async fn from_you(&self) -> bool {
        self.0.from_viewer
    }

    /// Which of the words that are there for it; null when it has words of his own.
    async fn template(&self) -> Option<NudgeTemplate> {
        match self.0.said {
            Said::Template(template) => Some(template.into()),
            Said::Words(_) => None,
        }
    }

    /// What it says; in English when it has a `template`. Null only with an error: the words cannot be read.
    async fn text(&self) -> Nullable<&str> {
        Some(self.0.said.text().map_err(GqlError::from))
    }

    /// When it was sent.
    async fn sent_at(&self) -> DateTime {
        DateTime(self.0.sent_at)
    }

    /// What was answered; null while nothing was.
    async fn answer(&self) -> Option<NudgeAnswer> {
        self.0.answer.map(NudgeAnswer::from)
    }

    /// When it was answered; null while it was not.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answered_at.map(DateTime)
    }
}

/// Nudges as the viewer may see them, in one statement; those that are not there for him are left out.
pub async fn load_pact_nudges(
    ctx: &Context<'_>,
    ids: &[PactNudgeId],
) -> GqlResult<Vec<(PactNudgeId, PactNudge)>> {
    let found = service::these_nudges(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|nudge| (nudge.id, PactNudge::from(nudge)))
        .collect())
}

async fn load(ctx: &Context<'_>, id: PactNudgeId) -> GqlResult<Option<PactNudge>> {
    let found = load_pact_nudges(ctx, &[id]).await?.pop();
    Ok(found.map(|(_, nudge)| nudge))
}

/// A few words for your partner. Give `template` or `words`.
#[derive(Debug, InputObject)]
pub struct SendPactNudgeInput {
    /// Its id, of version 7, made by the app: sent again it is the same nudge.
    id: Uuid,
    /// The id of the `Pact`.
    pact_id: ID,
    /// What it says.
    says: NudgeWordsInput,
}

/// What a nudge says: give one of the two.
#[derive(Debug, OneofObject)]
pub enum NudgeWordsInput {
    /// Words that are there for it.
    Template(NudgeTemplate),
    /// Words of your own, up to 280 characters in lines.
    Own(String),
}

/// What became of a nudge.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct SendPactNudgePayload {
    /// The nudge; null when there are errors.
    nudge: Option<PactNudge>,
    /// Why nothing was sent.
    errors: Vec<PactError>,
    #[graphql(skip)]
    pact: Option<PactId>,
}

#[ComplexObject]
impl SendPactNudgePayload {
    /// Whether what you ask your partner now may wait until the morning, as `Pact.mayWaitUntilMorning`; null when there
    /// is no such pact for you. Who answers at night: `Query.installation.crisisHelp`.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        may_wait(ctx, self.pact).await.transpose()
    }
}

/// An answer to a nudge.
#[derive(Debug, InputObject)]
pub struct AnswerPactNudgeInput {
    /// The id of the `PactNudge`.
    nudge_id: ID,
    /// How it is.
    answer: NudgeAnswer,
}

/// What became of an answer to a nudge.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct AnswerPactNudgePayload {
    /// The nudge as it is now; with CONFLICT it has the answer that stands. Null when there is no such nudge for you.
    nudge: Option<PactNudge>,
    /// Why your answer was not taken.
    errors: Vec<PactError>,
}

#[ComplexObject]
impl AnswerPactNudgePayload {
    /// Whether your partner may read your answer in the morning only: his phone rings at once, and he may be asleep, as
    /// `Pact.mayWaitUntilMorning` says. Null when there is no such nudge for you. Who answers at night:
    /// `Query.installation.crisisHelp`.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        let pact = self.nudge.as_ref().map(|nudge| nudge.0.pact);
        may_wait(ctx, pact).await.transpose()
    }
}

/// Nudging and answering.
#[derive(Default)]
pub struct PactNudgeMutation;

#[Object]
impl PactNudgeMutation {
    /// Sends your partner a few words, if it is a good moment for him: you two send each other at most two a day. When
    /// it is none, you are told `NOT_NOW` and not why.
    async fn send_pact_nudge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The words, and for whom.")] input: SendPactNudgeInput,
    ) -> Nullable<SendPactNudgePayload> {
        Some(send(ctx, &input).await)
    }

    /// Answers a nudge with one tap. He is told.
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
        nudge: None,
        errors: user_errors(problems),
        pact: PactId::from_global(&input.pact_id),
    };
    let new = match parse(input) {
        Ok(new) => new,
        Err(problems) => return Ok(refused(problems)),
    };
    let problem = match service::send_nudge(ctx.app(), me, &new).await? {
        NudgeSent::AsAsked => {
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
            let message = "A nudge with this id was sent before, with another content.";
            Problem::field("id", ProblemCode::Conflict, message)
        }
    };
    Ok(refused(vec![problem]))
}

fn parse(input: &SendPactNudgeInput) -> Result<NewNudge, Vec<Problem>> {
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let pact = problems.check(PactId::from_global(&input.pact_id).ok_or_else(no_pact));
    let said = problems.check(match &input.says {
        NudgeWordsInput::Template(template) => Ok(Said::Template((*template).into())),
        NudgeWordsInput::Own(words) => WORDS
            .require("says.own", words)
            .map(|words| Said::Words(words.into())),
    });
    match (id, pact, said) {
        (Some(id), Some(pact), Some(said)) => Ok(NewNudge { id, pact, said }),
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
        return Ok(AnswerPactNudgePayload {
            nudge: None,
            errors: user_errors(vec![missing()]),
        });
    };
    let answer = input.answer.into();
    let problem = match service::answer_nudge(ctx.app(), me, id, answer).await? {
        NudgeAnswered::AsAsked => None,
        NudgeAnswered::NotFound => Some(missing()),
        NudgeAnswered::OwnNudge => {
            let message = "It was you who sent it: the answer is his.";
            Some(because(ProblemCode::NotAllowed, message))
        }
        NudgeAnswered::Conflict => {
            let message = "You answered it before, with another answer; it is given.";
            Some(Problem::field("answer", ProblemCode::Conflict, message))
        }
    };
    Ok(AnswerPactNudgePayload {
        nudge: load(ctx, id).await?,
        errors: user_errors(problem.into_iter().collect()),
    })
}

fn no_pact() -> Problem {
    let message = "There is no such pact for you.";
    Problem::field("pactId", ProblemCode::NotFound, message)
}
