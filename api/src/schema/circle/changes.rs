//! The mutations that create circles and change their members.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{CircleId, MemberId};
use macros::payload;

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

/// A circle to create.
#[derive(Debug, InputObject)]
pub struct CreateCircleInput {
    /// The circle's id: a UUID of version 7 that the app generates. Sending the same id again does not create a second
    /// circle.
    id: Uuid,
    /// Its name: one line of up to 80 characters.
    name: String,
    /// What it is for: up to 500 characters, line breaks allowed.
    purpose: String,
}

/// The outcome of `createCircle`.
#[payload(CONFLICT, INVALID, NOT_ALLOWED, REQUIRED, TOO_LONG)]
pub struct CreateCirclePayload {
    /// The circle, which you run. Null if there are errors.
    circle: Option<Circle>,
    /// Why the circle was not created; empty if it was.
    errors: Vec<CircleError>,
}

/// A member to invite into a circle you run, or a member of it whose role changes.
#[derive(Debug, InputObject)]
pub struct AddCircleMemberInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the `Member`.
    member_id: ID,
    /// The member's role in the circle. Left out or null: a member of the circle keeps his role, and a new one is
    /// invited as `MEMBER`. Only members whose account has the facilitator role can be `FACILITATOR`.
    role: Option<CircleRole>,
}

/// The outcome of `addCircleMember`.
#[payload(NOT_ALLOWED, NOT_FOUND, TOO_MANY, TOO_SOON)]
pub struct AddCircleMemberPayload {
    /// The circle as it is now. An invited member is in it only once he has accepted. Null if there are errors.
    circle: Option<Circle>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<CircleError>,
}

/// A member to remove from a circle you run, or whose invitation to take back.
#[derive(Debug, InputObject)]
pub struct RemoveCircleMemberInput {
    /// The id of the `Circle`.
    circle_id: ID,
    /// The id of the `Member`.
    member_id: ID,
}

/// The outcome of `removeCircleMember`.
#[payload(NOT_ALLOWED, NOT_FOUND)]
pub struct RemoveCircleMemberPayload {
    /// The circle as it is now. Null if there are errors, or you removed yourself.
    circle: Option<Circle>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<CircleError>,
}

/// A circle to leave.
#[derive(Debug, InputObject)]
pub struct LeaveCircleInput {
    /// The id of the `Circle`.
    circle_id: ID,
}

/// The outcome of `leaveCircle`.
#[payload(NOT_ALLOWED)]
pub struct LeaveCirclePayload {
    /// The id of the circle that you are no longer in: the app can delete what it stores of it. Null if there are
    /// errors.
    circle_id: Option<ID>,
    /// Why nothing was changed; empty if the request succeeded.
    errors: Vec<CircleError>,
}

/// Changes to circles.
#[derive(Default)]
pub struct CircleMutation;

#[Object]
impl CircleMutation {
    /// Creates a circle that you run. Only facilitators can.
    async fn create_circle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle.")] input: CreateCircleInput,
    ) -> Nullable<CreateCirclePayload> {
        Some(create_circle(ctx, &input).await)
    }

    /// Invites a member into a circle you run. The invitation is open for fourteen days, and he joins when he accepts
    /// it. If the member is in the circle already, this changes his role.
    async fn add_circle_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle and the member.")] input: AddCircleMemberInput,
    ) -> Nullable<AddCircleMemberPayload> {
        Some(add_circle_member(ctx, &input).await)
    }

    /// Removes a member from a circle you run, or takes his invitation back. Succeeds also if there was neither.
    /// Refused if the circle would have no facilitator left.
    async fn remove_circle_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The circle and the member.")] input: RemoveCircleMemberInput,
    ) -> Nullable<RemoveCircleMemberPayload> {
        Some(remove_circle_member(ctx, &input).await)
    }

    /// Leaves a circle. Succeeds also if you were not in it. Refused if the circle would have no facilitator left.
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
    let refused = |problems| CreateCirclePayload::refused(problems);
    let new = match new_circle(input) {
        Ok(new) => new,
        Err(problems) => return Ok(refused(problems)),
    };
    let problem = match service::create(ctx.app(), me, &new).await? {
        Created::Succeeded => {
            return Ok(CreateCirclePayload {
                circle: load_circle(ctx, new.id).await?,
                errors: Vec::new(),
            });
        }
        Created::NotFacilitator => Problem::whole(
            ProblemCode::NotAllowed,
            "Only facilitators can create circles.",
        ),
        Created::Conflict => {
            let message = "A circle with this id exists already, with different content.";
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
        // No circle can have such an id: this succeeds, as leaving a circle that one is not in does.
        None => None,
    };
    Ok(LeaveCirclePayload {
        circle_id: problem.is_none().then(|| input.circle_id.clone()),
        ..LeaveCirclePayload::refused(problem.into_iter().collect())
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
        Changed::Succeeded => None,
        Changed::NoCircle => Some(no_circle()),
        Changed::NoMember => Some(no_member()),
        Changed::NotFacilitator => {
            let message = "Only a facilitator of this circle can change its members.";
            Some(not_allowed("circleId", message))
        }
        Changed::MayNotRun => {
            let message = "This man's account is not a facilitator's: he can only take part.";
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
            let message = "A circle needs a facilitator: let another man run it first.";
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
