//! Making circles, and saying who is in them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CircleId, MemberId};

use super::Circle;
use super::CircleRole;
use super::load_circle;
use crate::circle::model::{
    MOST_INVITATIONS_A_DAY, MOST_OPEN_INVITATIONS, NAME, NewCircle, PURPOSE,
};
use crate::circle::service::{self, Changed, Created};
use crate::graphql::errors::{CircleError, user_errors};
use crate::graphql::scalars::Uuid;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId;
use crate::problem::{Problem, ProblemCode, Problems};

/// A circle to make.
#[derive(Debug, InputObject)]
pub struct CreateCircleInput {
    /// Its id, of version 7, made by the app: sent again it is the same circle.
    id: Uuid,
    /// Its name, up to 80 characters in one line.
    name: String,
    /// What it is for, up to 500 characters in lines.
    purpose: String,
}

/// What became of a circle that was to be made.
#[derive(Debug, SimpleObject)]
pub struct CreateCirclePayload {
    /// The circle; you run it. Null when there are errors.
    circle: Option<Circle>,
    /// Why it was not made.
    errors: Vec<CircleError>,
}

/// A member to invite into a circle you run, or one who is in it and is to do something else there.
#[derive(Debug, InputObject)]
pub struct AddCircleMemberInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the `Member`.
    member_id: ID,
    /// What he is to do in it. Left out or null: what he does already, or takes part when he is new.
    /// Only a man whose account is a facilitator's can run a circle.
    role: Option<CircleRole>,
}

/// What became of inviting a member, or of changing what he does.
#[derive(Debug, SimpleObject)]
pub struct AddCircleMemberPayload {
    /// The circle as it is now, which whoever is invited joins with his own yes; null when there are errors.
    circle: Option<Circle>,
    /// Why nothing was changed.
    errors: Vec<CircleError>,
}

/// A member to take out of a circle you run, or whose invitation is taken back.
#[derive(Debug, InputObject)]
pub struct RemoveCircleMemberInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the `Member`.
    member_id: ID,
}

/// What became of a man who was to be taken out of a circle.
#[derive(Debug, SimpleObject)]
pub struct RemoveCircleMemberPayload {
    /// The circle as it is now; null when you are not in it any more.
    circle: Option<Circle>,
    /// Why nothing was changed.
    errors: Vec<CircleError>,
}

/// A circle to leave.
#[derive(Debug, InputObject)]
pub struct LeaveCircleInput {
    /// The id of the `Circle`.
    circle_id: ID,
}

/// What became of leaving a circle.
#[derive(Debug, SimpleObject)]
pub struct LeaveCirclePayload {
    /// The id of the circle you are not in any more: what an app has kept of it can go; null when there are
    /// errors.
    circle_id: Option<ID>,
    /// Why nothing was changed.
    errors: Vec<CircleError>,
}

/// Changes to circles.
#[derive(Default)]
pub struct CircleMutation;

#[Object]
impl CircleMutation {
    /// Makes a circle that you run. For facilitators.
    async fn create_circle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle.")] input: CreateCircleInput,
    ) -> Nullable<CreateCirclePayload> {
        Some(create_circle(ctx, &input).await)
    }

    /// Invites a member into a circle you run: he joins when he says yes, within fourteen days. One who is in it already
    /// does what is asked for from now on.
    async fn add_circle_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle and the man.")] input: AddCircleMemberInput,
    ) -> Nullable<AddCircleMemberPayload> {
        Some(add_circle_member(ctx, &input).await)
    }

    /// Takes a member out of a circle you run, or his invitation back; it is well if there was neither. A circle keeps
    /// somebody who runs it.
    async fn remove_circle_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle and the man.")] input: RemoveCircleMemberInput,
    ) -> Nullable<RemoveCircleMemberPayload> {
        Some(remove_circle_member(ctx, &input).await)
    }

    /// Leaves a circle; it is well if you were not in it. A circle keeps somebody who runs it.
    async fn leave_circle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle.")] input: LeaveCircleInput,
    ) -> Nullable<LeaveCirclePayload> {
        Some(leave_circle(ctx, &input).await)
    }
}

async fn create_circle(
    ctx: &Context<'_>,
    input: &CreateCircleInput,
) -> GqlResult<CreateCirclePayload> {
    let me = ctx.member()?.member;
    let refused = |problems| CreateCirclePayload {
        circle: None,
        errors: user_errors(problems),
    };
    let new = match new_circle(input) {
        Ok(new) => new,
        Err(problems) => return Ok(refused(problems)),
    };
    let problem = match service::create(ctx.app(), me, &new).await? {
        Created::AsAsked => {
            return Ok(CreateCirclePayload {
                circle: load_circle(ctx, new.id).await?,
                errors: Vec::new(),
            });
        }
        Created::NotFacilitator => {
            Problem::whole(ProblemCode::NotAllowed, "Facilitators make circles.")
        }
        Created::Conflict => {
            let message = "A circle with this id was made before, with another content.";
            Problem::field("id", ProblemCode::Conflict, message)
        }
    };
    Ok(refused(vec![problem]))
}

fn new_circle(input: &CreateCircleInput) -> Result<NewCircle, Vec<Problem>> {
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let name = problems.check(NAME.require("name", &input.name));
    let purpose = problems.check(PURPOSE.require("purpose", &input.purpose));
    match (id, name, purpose) {
        (Some(id), Some(name), Some(purpose)) => Ok(NewCircle { id, name, purpose }),
        _ => Err(problems.into_vec()),
    }
}

async fn add_circle_member(
    ctx: &Context<'_>,
    input: &AddCircleMemberInput,
) -> GqlResult<AddCircleMemberPayload> {
    let me = ctx.member()?.member;
    let (circle, errors) = match both(&input.circle_id, &input.member_id) {
        Ok((circle, member)) => {
            let role = input.role.map(Into::into);
            let changed = service::add_member(ctx.app(), me, circle, member, role).await?;
            answer(ctx, circle, changed).await?
        }
        Err(problem) => (None, user_errors(vec![problem])),
    };
    Ok(AddCircleMemberPayload { circle, errors })
}

async fn remove_circle_member(
    ctx: &Context<'_>,
    input: &RemoveCircleMemberInput,
) -> GqlResult<RemoveCircleMemberPayload> {
    let me = ctx.member()?.member;
    let (circle, errors) = match both(&input.circle_id, &input.member_id) {
        Ok((circle, member)) => {
            let changed = service::remove_member(ctx.app(), me, circle, member).await?;
            answer(ctx, circle, changed).await?
        }
        Err(problem) => (None, user_errors(vec![problem])),
    };
    Ok(RemoveCircleMemberPayload { circle, errors })
}

async fn leave_circle(
    ctx: &Context<'_>,
    input: &LeaveCircleInput,
) -> GqlResult<LeaveCirclePayload> {
    let me = ctx.member()?.member;
    let problem = match CircleId::from_global(&input.circle_id) {
        Some(circle) => problem(service::leave(ctx.app(), me, circle).await?),
        // Leaving what is not there is as well as leaving what one is not in.
        None => None,
    };
    Ok(LeaveCirclePayload {
        circle_id: problem.is_none().then(|| input.circle_id.clone()),
        errors: user_errors(problem.into_iter().collect()),
    })
}

fn both(circle: &ID, member: &ID) -> Result<(CircleId, MemberId), Problem> {
    let circle = CircleId::from_global(circle).ok_or_else(no_circle)?;
    let member = MemberId::from_global(member).ok_or_else(no_member)?;
    Ok((circle, member))
}

async fn answer(
    ctx: &Context<'_>,
    circle: CircleId,
    changed: Changed,
) -> GqlResult<(Option<Circle>, Vec<CircleError>)> {
    match problem(changed) {
        None => Ok((load_circle(ctx, circle).await?, Vec::new())),
        Some(problem) => Ok((None, user_errors(vec![problem]))),
    }
}

fn problem(changed: Changed) -> Option<Problem> {
    let not_allowed = |field, message| Problem::field(field, ProblemCode::NotAllowed, message);
    match changed {
        Changed::AsAsked => None,
        Changed::NoCircle => Some(no_circle()),
        Changed::NoMember => Some(no_member()),
        Changed::NotFacilitator => {
            let message = "Who runs the circle says who is in it.";
            Some(not_allowed("circleId", message))
        }
        Changed::MayNotRun => {
            let message = "This man is not a facilitator: he can take part.";
            Some(not_allowed("role", message))
        }
        Changed::TooManyInvitations => {
            let message = format!(
                "{MOST_OPEN_INVITATIONS} invitations into this circle wait already: give them a little time."
            );
            let problem = Problem::field("circleId", ProblemCode::TooMany, message);
            Some(problem.limit(MOST_OPEN_INVITATIONS))
        }
        Changed::TooManyToday(again) => {
            let message = format!(
                "You invited {MOST_INVITATIONS_A_DAY} members within a day: you can invite more tomorrow."
            );
            let problem = Problem::field("memberId", ProblemCode::TooSoon, message);
            Some(problem.retry_at(again))
        }
        Changed::LastFacilitator => {
            let message = "A circle keeps a facilitator: let another man run it first.";
            Some(not_allowed("circleId", message))
        }
    }
}

fn no_circle() -> Problem {
    let message = "There is no such circle for you.";
    Problem::field("circleId", ProblemCode::NotFound, message)
}

fn no_member() -> Problem {
    let message = "There is no such member for you.";
    Problem::field("memberId", ProblemCode::NotFound, message)
}
