//! Writing a ladder, looking at what it would do, and agreeing to be told.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CircleId, MemberId, PeeringId, RungId};

use super::LadderRequest;
use super::LadderStep;
use super::LadderTells;
use super::load_ladder_requests;
use super::step;
use crate::graphql::errors::{LadderError, user_errors};
use crate::graphql::scalars::LocalTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::ladder::model::{Flaw, Kind, MOST_DAYS, NewLadder, Outer, Own, Tie, WORDS};
use crate::ladder::service::{self, Answered, Written};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::Me;

/// A note to yourself.
#[derive(Debug, InputObject)]
pub struct OwnRungInput {
    /// After so many of your days, 1 to 60.
    after_days: i32,
    /// What you say to yourself, up to 280 characters. A push only says that there is a note.
    words: Option<String>,
}

/// That your partner is told.
#[derive(Debug, InputObject)]
pub struct PartnerRungInput {
    /// The id of the `Peering` with him.
    peering_id: ID,
    /// After so many of your days, 1 to 60, and more than on the rung below.
    after_days: i32,
    /// What he is told.
    tells: LadderTells,
    /// What you say to him besides, up to 280 characters.
    words: Option<String>,
}

/// That a man is told who runs a circle you are in.
#[derive(Debug, InputObject)]
pub struct FacilitatorRungInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the man who runs it.
    member_id: ID,
    /// After so many of your days, 1 to 60, and more than on the rungs below.
    after_days: i32,
    /// What he is told.
    tells: LadderTells,
    /// What you say to him besides, up to 280 characters.
    words: Option<String>,
}

/// A ladder, whole. What is left out of it, or null, is not on it.
#[derive(Debug, InputObject)]
pub struct LadderInput {
    /// The time of day at which you and others are told, on the wall clock of your time zone.
    local_time: LocalTime,
    /// A note to yourself.
    own: Option<OwnRungInput>,
    /// That your partner is told.
    partner: Option<PartnerRungInput>,
    /// That a facilitator is told, who is another man than your partner.
    facilitator: Option<FacilitatorRungInput>,
}

/// The ladder you would like to have.
#[derive(Debug, InputObject)]
pub struct WriteLadderInput {
    /// The whole of it, in place of what there is. With no rung on it there is none.
    ladder: LadderInput,
    /// The `version` you read, 0 when there was none; left out, whatever it is now.
    expected_version: Option<i32>,
}

/// What became of a ladder.
#[derive(Default, SimpleObject)]
pub struct WriteLadderPayload {
    /// You, with the ladder as it is now; null when there are errors other than STALE.
    me: Option<Me>,
    /// Why it was not written.
    errors: Vec<LadderError>,
}

/// What a ladder would do.
#[derive(Default, SimpleObject)]
pub struct LadderPreview {
    /// What comes if you write it now and do nothing more, in its order.
    steps: Vec<LadderStep>,
    /// Why it could not be written so.
    errors: Vec<LadderError>,
}

/// What became of saying that you are all right.
#[derive(Default, SimpleObject)]
pub struct SayAllRightPayload {
    /// You, with the ladder as it is now.
    me: Option<Me>,
    /// Empty: it can always be said.
    errors: Vec<LadderError>,
}

/// Whether you would like to be told.
#[derive(Debug, InputObject)]
pub struct AnswerLadderRequestInput {
    /// The id of the `LadderRequest`.
    request_id: ID,
    /// Whether you agree. You can say otherwise at any time. A no looks to him as if you had not answered; that you agreed
    /// he sees, and that you do not any more.
    agree: bool,
}

/// What became of an answer.
#[derive(Default, SimpleObject)]
pub struct AnswerLadderRequestPayload {
    /// What is asked, with your answer; null when nobody asks you that.
    request: Option<LadderRequest>,
    /// Why your answer was not taken.
    errors: Vec<LadderError>,
}

/// What can be asked of ladders.
#[derive(Default)]
pub struct LadderQuery;

#[Object]
impl LadderQuery {
    /// What a ladder would do. Nothing is kept, and nobody is asked.
    async fn preview_ladder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ladder.")] input: LadderInput,
    ) -> Nullable<LadderPreview> {
        Some(look(ctx, &input).await)
    }
}

/// Changes to ladders.
#[derive(Default)]
pub struct LadderMutation;

#[Object]
impl LadderMutation {
    /// Writes what is to happen when you go quiet, in place of what there is. The men it is to tell are asked, and
    /// nobody is told before he agreed, nor more than he agreed to. Changed, it begins from its foot; sent again unchanged
    /// it changes nothing, and says nothing of how you are: `sayAllRight` does.
    async fn write_ladder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ladder.")] input: WriteLadderInput,
    ) -> Nullable<WriteLadderPayload> {
        Some(write(ctx, &input).await)
    }

    /// Says that you are all right: your ladder begins from its foot, and who was told of your quiet hears that you are
    /// back. It is no check-in.
    async fn say_all_right(&self, ctx: &Context<'_>) -> Nullable<SayAllRightPayload> {
        Some(all_right(ctx).await)
    }

    /// Says whether you would like to be told when a man goes quiet who asks you.
    async fn answer_ladder_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked, and your answer.")] input: AnswerLadderRequestInput,
    ) -> Nullable<AnswerLadderRequestPayload> {
        Some(answer(ctx, &input).await)
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Own => "own",
        Kind::Partner => "partner",
        Kind::Facilitator => "facilitator",
    }
}

fn no_partner() -> Problem {
    let message = "There is no such partner for you.";
    Problem::field("partner.peeringId", ProblemCode::NotFound, message)
}

fn no_circle() -> Problem {
    let message = "There is no such circle for you.";
    Problem::field("facilitator.circleId", ProblemCode::NotFound, message)
}

fn no_facilitator() -> Problem {
    let message = "No such man runs a circle that you are in.";
    Problem::field("facilitator.memberId", ProblemCode::NotFound, message)
}

fn words(problems: &mut Problems, kind: Kind, text: Option<&String>) -> Option<String> {
    let field = format!("{}.words", name(kind));
    let read = text.map(|text| WORDS.read(&field, text)).transpose();
    problems.check(read).flatten().flatten()
}

fn days(days: i32) -> u32 {
    u32::try_from(days).unwrap_or_default()
}

/// Reads a ladder, with everything that is wrong with it.
fn read(problems: &mut Problems, input: &LadderInput) -> NewLadder {
    let own = input.own.as_ref().map(|rung| Own {
        after_days: days(rung.after_days),
        words: words(problems, Kind::Own, rung.words.as_ref()),
    });
    let partner = input.partner.as_ref().and_then(|rung| {
        let words = words(problems, Kind::Partner, rung.words.as_ref());
        let peering = PeeringId::from_global(&rung.peering_id).ok_or_else(no_partner);
        Some(Outer {
            after_days: days(rung.after_days),
            tie: Tie::Partner(problems.check(peering)?),
            facilitator: None,
            tells: rung.tells.into(),
            words,
        })
    });
    let facilitator = input.facilitator.as_ref().and_then(|rung| {
        let words = words(problems, Kind::Facilitator, rung.words.as_ref());
        let circle = CircleId::from_global(&rung.circle_id).ok_or_else(no_circle);
        let member = MemberId::from_global(&rung.member_id).ok_or_else(no_facilitator);
        let (circle, member) = (problems.check(circle), problems.check(member));
        Some(Outer {
            after_days: days(rung.after_days),
            tie: Tie::Facilitator(circle?),
            facilitator: Some(member?),
            tells: rung.tells.into(),
            words,
        })
    });
    let ladder = NewLadder {
        local_time: input.local_time.0,
        own,
        partner,
        facilitator,
    };
    for flaw in ladder.flaws() {
        let (kind, message) = match flaw {
            Flaw::Days(kind) => (kind, format!("This is 1 to {MOST_DAYS} days.")),
            Flaw::NotLater(kind) => (kind, "This is more days than on the rung below.".to_owned()),
        };
        let field = format!("{}.afterDays", name(kind));
        problems.push(Problem::field(&field, ProblemCode::OutOfRange, message));
    }
    ladder
}

async fn look(ctx: &Context<'_>, input: &LadderInput) -> GqlResult<LadderPreview> {
    ctx.member()?;
    let mut problems = Problems::default();
    let ladder = read(&mut problems, input);
    if !problems.is_empty() {
        return Ok(LadderPreview {
            errors: user_errors(problems.into_vec()),
            ..LadderPreview::default()
        });
    }
    Ok(
        match service::preview(ctx.app(), ctx.viewer(), &ladder).await? {
            Ok((steps, men)) => LadderPreview {
                steps: steps.into_iter().map(|it| step(it, &men)).collect(),
                errors: Vec::new(),
            },
            Err(refusal) => LadderPreview {
                errors: user_errors(refused(refusal).into_iter().collect()),
                ..LadderPreview::default()
            },
        },
    )
}

/// Why a ladder cannot be as it was sent.
fn refused(written: Written) -> Option<Problem> {
    match written {
        Written::AsAsked | Written::Stale => None,
        Written::NoPartner => Some(no_partner()),
        Written::NoFacilitator => Some(no_facilitator()),
        Written::SameMan => {
            let message = "He is told as your partner already.";
            let field = "facilitator.memberId";
            Some(Problem::field(field, ProblemCode::Conflict, message))
        }
    }
}

/// A problem of a ladder that stands one level in.
fn inside(mut problem: Problem) -> Problem {
    problem.path.insert(1, "ladder".to_owned());
    problem
}

async fn write(ctx: &Context<'_>, input: &WriteLadderInput) -> GqlResult<WriteLadderPayload> {
    let who = ctx.member()?;
    let mut problems = Problems::default();
    let ladder = read(&mut problems, &input.ladder);
    if !problems.is_empty() {
        let problems = problems.into_vec().into_iter().map(inside);
        return Ok(WriteLadderPayload {
            errors: user_errors(problems.collect()),
            ..WriteLadderPayload::default()
        });
    }
    let expected = input.expected_version;
    let problem = match service::write(ctx.app(), who.member, &ladder, expected).await? {
        Written::Stale => {
            let message = "It was changed since you read it; it is given as it is now.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
        other => refused(other).map(inside),
    };
    let is_shown = problem
        .as_ref()
        .is_none_or(|problem| problem.code == ProblemCode::Stale);
    Ok(WriteLadderPayload {
        me: is_shown.then(|| Me::of(who)),
        errors: user_errors(problem.into_iter().collect()),
    })
}

async fn all_right(ctx: &Context<'_>) -> GqlResult<SayAllRightPayload> {
    let who = ctx.member()?;
    service::all_right(ctx.app(), who.member).await?;
    Ok(SayAllRightPayload {
        me: Some(Me::of(who)),
        ..SayAllRightPayload::default()
    })
}

async fn answer(
    ctx: &Context<'_>,
    input: &AnswerLadderRequestInput,
) -> GqlResult<AnswerLadderRequestPayload> {
    let me = ctx.member()?.member;
    let answered = match RungId::from_global(&input.request_id) {
        Some(id) => match service::answer(ctx.app(), me, id, input.agree).await? {
            Answered::AsAsked => Some(id),
            Answered::NotFound => None,
        },
        None => None,
    };
    let Some(id) = answered else {
        let message = "Nobody asks you that.";
        let problem = Problem::field("requestId", ProblemCode::NotFound, message);
        return Ok(AnswerLadderRequestPayload {
            errors: user_errors(vec![problem]),
            ..AnswerLadderRequestPayload::default()
        });
    };
    let found = load_ladder_requests(ctx, &[id]).await?.pop();
    Ok(AnswerLadderRequestPayload {
        request: found.map(|(_, request)| request),
        ..AnswerLadderRequestPayload::default()
    })
}
