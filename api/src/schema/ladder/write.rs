//! The mutations that write a ladder and answer requests, and the preview of a ladder.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{CircleId, MemberId, PeeringId, RungId};
use macros::payload;

use super::LadderRequest;
use super::LadderStep;
use super::LadderTells;
use super::load_ladder_requests;
use super::step;
use crate::graphql::errors::LadderError;
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
    /// The number of your days that must pass without a check-in, 1 to 60.
    after_days: i32,
    /// Your words to yourself, up to 280 characters. The push only says that there is a note.
    words: Option<String>,
}

/// A rung that notifies a partner.
#[derive(Debug, InputObject)]
pub struct PartnerRungInput {
    /// The id of the `Peering` with the partner.
    peering_id: ID,
    /// The number of your days that must pass without a check-in, 1 to 60, and more than on the rung below.
    after_days: i32,
    /// What the partner is told.
    tells: LadderTells,
    /// Your words to the partner, up to 280 characters.
    words: Option<String>,
}

/// A rung that notifies a facilitator of a circle that you are in.
#[derive(Debug, InputObject)]
pub struct FacilitatorRungInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the facilitator.
    member_id: ID,
    /// The number of your days that must pass without a check-in, 1 to 60, and more than on the rungs below.
    after_days: i32,
    /// What the facilitator is told.
    tells: LadderTells,
    /// Your words to the facilitator, up to 280 characters.
    words: Option<String>,
}

/// A complete ladder. A rung that is omitted or null is not on it.
#[derive(Debug, InputObject)]
pub struct LadderInput {
    /// The time of day at which rungs are sent, on the wall clock of your time zone.
    local_time: LocalTime,
    /// The note to yourself.
    own: Option<OwnRungInput>,
    /// The rung that notifies a partner.
    partner: Option<PartnerRungInput>,
    /// The rung that notifies a facilitator, who must not be the same member as the partner.
    facilitator: Option<FacilitatorRungInput>,
}

/// A ladder to write.
#[derive(Debug, InputObject)]
pub struct WriteLadderInput {
    /// The complete ladder, which replaces the existing one. A ladder without rungs is removed.
    ladder: LadderInput,
    /// The `version` you read, or 0 if there was no ladder. If omitted, any version is replaced.
    expected_version: Option<i32>,
}

/// The result of writing a ladder.
#[payload(CONFLICT, NOT_FOUND, OUT_OF_RANGE, STALE, TOO_LONG)]
pub struct WriteLadderPayload {
    /// You, with the current ladder; null if there are errors other than STALE.
    me: Option<Me>,
    /// Why it was not written; empty if it was.
    errors: Vec<LadderError>,
}

/// The preview of a ladder.
#[payload(NOT_FOUND, OUT_OF_RANGE, TOO_LONG)]
pub struct LadderPreview {
    /// What happens if you write it now and then do nothing more, in order.
    steps: Vec<LadderStep>,
    /// Why it could not be written; empty if it could.
    errors: Vec<LadderError>,
}

/// The result of saying that you are all right.
#[payload()]
pub struct SayAllRightPayload {
    /// You, with the current ladder.
    me: Option<Me>,
    /// Always empty: you can always say it.
    errors: Vec<LadderError>,
}

/// An answer to a request.
#[derive(Debug, InputObject)]
pub struct AnswerLadderRequestInput {
    /// The id of the `LadderRequest`.
    request_id: ID,
    /// Whether you agree. You can change your answer at any time. The other member sees that you agreed, and that you
    /// no longer do. A refusal looks to them like no answer.
    agree: bool,
}

/// The result of an answer.
#[payload(NOT_FOUND)]
pub struct AnswerLadderRequestPayload {
    /// The request with your answer; null if you have no such request.
    request: Option<LadderRequest>,
    /// Why the answer was refused; empty if it was stored.
    errors: Vec<LadderError>,
}

/// The preview of ladders.
#[derive(Default)]
pub struct LadderQuery;

#[Object]
impl LadderQuery {
    /// Returns what a ladder would do. Nothing is stored, and nobody is asked.
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
    /// Writes what should happen when you go quiet, in place of the existing ladder. The recipients are asked for
    /// consent. Nobody is notified before they agree, or of more than they agreed to. A change resets the ladder.
    /// Sending the same ladder again changes nothing, and does not say that you are here; `sayAllRight` does.
    async fn write_ladder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ladder.")] input: WriteLadderInput,
    ) -> Nullable<WriteLadderPayload> {
        Some(write(ctx, &input).await)
    }

    /// Says that you are all right. This resets your ladder, and everyone who was notified that you went quiet is
    /// notified that you are back. It is not a check-in.
    async fn say_all_right(&self, ctx: &Context<'_>) -> Nullable<SayAllRightPayload> {
        Some(all_right(ctx).await)
    }

    /// Answers a member's request that you be notified when they go quiet.
    async fn answer_ladder_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request, and your answer.")] input: AnswerLadderRequestInput,
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
    let message = "This man does not run a circle that you are in.";
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

/// Reads a ladder, and reports everything that is wrong with it.
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
            Flaw::Days(kind) => (kind, format!("Choose 1 to {MOST_DAYS} days.")),
            Flaw::NotLater(kind) => (kind, "Choose more days than on the rung below.".to_owned()),
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
        return Ok(LadderPreview::refused(problems.into_vec()));
    }
    Ok(
        match service::preview(ctx.app(), ctx.viewer(), &ladder).await? {
            Ok((steps, recipients)) => LadderPreview {
                steps: steps.into_iter().map(|it| step(it, &recipients)).collect(),
                errors: Vec::new(),
            },
            Err(refusal) => LadderPreview::refused(refused(refusal).into_iter().collect()),
        },
    )
}

/// Returns the problem of a ladder that was refused.
fn refused(written: Written) -> Option<Problem> {
    match written {
        Written::Succeeded | Written::Stale => None,
        Written::NoPartner => Some(no_partner()),
        Written::NoFacilitator => Some(no_facilitator()),
        Written::SameRecipient => {
            let message = "Your ladder already tells him as your partner.";
            let field = "facilitator.memberId";
            Some(Problem::field(field, ProblemCode::Conflict, message))
        }
    }
}

/// Moves a problem's path one level down, into `input.ladder`.
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
        return Ok(WriteLadderPayload::refused(problems.collect()));
    }
    let expected = input.expected_version;
    let problem = match service::write(ctx.app(), who.member, &ladder, expected).await? {
        Written::Stale => {
            let message = "It was changed since you read it. The current version is returned.";
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
        ..WriteLadderPayload::refused(problem.into_iter().collect())
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
            Answered::Succeeded => Some(id),
            Answered::NotFound => None,
        },
        None => None,
    };
    let Some(id) = answered else {
        let message = "You have no such request.";
        let problem = Problem::field("requestId", ProblemCode::NotFound, message);
        return Ok(AnswerLadderRequestPayload::refused(vec![problem]));
    };
    let found = load_ladder_requests(ctx, &[id]).await?.pop();
    Ok(AnswerLadderRequestPayload {
        request: found.map(|(_, request)| request),
        ..AnswerLadderRequestPayload::default()
    })
}
