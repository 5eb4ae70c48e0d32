//! Invitations into circles in the GraphQL schema, and the mutation that answers them.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{CircleInvitationId, MemberId};
use macros::payload;

use super::Circle;
use super::CircleRole;
use super::load_circle;
use crate::app::App;
use crate::circle::model::Invitation;
use crate::circle::service::{self, Answered, MY_INVITATIONS};
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::CircleError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::page::{Cursor, Page};
use crate::problem::{Problem, ProblemCode};
use crate::profile::model::Profile;
use crate::schema::profile::Member;
use crate::viewer::SignedIn;

/// An invitation for you into a circle. It is open for fourteen days.
#[derive(Clone, Debug)]
pub struct CircleInvitation {
    invitation: Invitation,
    by: Box<Profile>,
}

impl From<(Invitation, Profile)> for CircleInvitation {
    fn from((invitation, by): (Invitation, Profile)) -> Self {
        Self {
            invitation,
            by: Box::new(by),
        }
    }
}

/// An invitation for you into a circle. It is open for fourteen days. You can see the circle's members once you have
/// joined it.
#[Object]
impl CircleInvitation {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.invitation.id.global()
    }

    /// The circle's name: one line of up to 80 characters.
    async fn circle_name(&self) -> &str {
        &self.invitation.name
    }

    /// What the circle is for: up to 500 characters, which may contain line breaks.
    async fn circle_purpose(&self) -> &str {
        &self.invitation.purpose
    }

    /// How many members are in the circle.
    async fn member_count(&self) -> i32 {
        i32::try_from(self.invitation.member_count).unwrap_or(i32::MAX)
    }

    /// The facilitator of the circle who invites you.
    async fn invited_by(&self) -> Member {
        Member::from((*self.by).clone())
    }

    /// The role you are invited to.
    async fn role(&self) -> CircleRole {
        self.invitation.role.into()
    }

    /// When you were invited.
    async fn invited_at(&self) -> DateTime {
        DateTime(self.invitation.at)
    }

    /// When it expires, fourteen days after it was first sent.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.invitation.expires_at)
    }
}

/// The invitations of a member.
pub(super) type Invitations = Connection<MY_INVITATIONS, CircleInvitation, InvitationsOf>;

/// Counts the invitations that wait for this member.
pub(super) struct InvitationsOf(MemberId);

impl Counted for InvitationsOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        service::invitation_count(app, self.0).await
    }
}

pub(super) async fn page(
    ctx: &Context<'_>,
    me: SignedIn,
    args: &PageArgs,
) -> GqlResult<Invitations> {
    let page = Page::parse(args)?;
    let rows = service::invitations(ctx.app(), ctx.viewer(), &page).await?;
    let cursor = |(row, _): &(Invitation, Profile)| Cursor {
        key: row.at.timestamp_micros(),
        id: row.id.0,
    };
    let of = InvitationsOf(me.member);
    Ok(page.connection(of, rows, cursor, CircleInvitation::from))
}

/// Loads the given invitations that wait for the viewer.
pub async fn load_circle_invitations(
    ctx: &Context<'_>,
    ids: &[CircleInvitationId],
) -> GqlResult<Vec<(CircleInvitationId, CircleInvitation)>> {
    let found = service::invitations_by_ids(ctx.app(), ctx.viewer(), ids).await?;
    Ok(found
        .into_iter()
        .map(|found| (found.0.id, CircleInvitation::from(found)))
        .collect())
}

/// An answer to an invitation into a circle.
#[derive(Debug, InputObject)]
pub struct AnswerCircleInvitationInput {
    /// The id of the `CircleInvitation`.
    invitation_id: ID,
    /// Whether you join. By joining you agree that the circle sees the topics and check-ins that you share with your
    /// circles, until you leave it, and nothing from before you joined. Nobody is notified if you decline.
    accept: bool,
}

/// The outcome of `answerCircleInvitation`.
#[payload(CONFLICT, NOT_FOUND)]
pub struct AnswerCircleInvitationPayload {
    /// The circle you joined. Null if you declined, or there are errors.
    circle: Option<Circle>,
    /// Why nothing was changed; empty if the answer was taken.
    errors: Vec<CircleError>,
}

/// The mutation that answers invitations into circles.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Answers an invitation into a circle. The facilitator who invited you is not notified if you decline.
    async fn answer_circle_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation and the answer.")] input: AnswerCircleInvitationInput,
    ) -> Nullable<AnswerCircleInvitationPayload> {
        Some(answer(ctx, &input).await)
    }
}

async fn answer(
    ctx: &Context<'_>,
    input: &AnswerCircleInvitationInput,
) -> GqlResult<AnswerCircleInvitationPayload> {
    let me = ctx.member()?.member;
    let because = |code, message| Some(Problem::field("invitationId", code, message));
    let not_there = || {
        because(
            ProblemCode::NotFound,
            "There is no such invitation for you.",
        )
    };
    let mut circle = None;
    let problem = match CircleInvitationId::from_global(&input.invitation_id) {
        None => not_there(),
        Some(id) => match service::answer(ctx.app(), me, id, input.accept).await? {
            Answered::Joined(joined) => {
                circle = load_circle(ctx, joined).await?;
                None
            }
            Answered::Declined => None,
            Answered::NotFound => not_there(),
            Answered::SaidYes => because(
                ProblemCode::Conflict,
                "You accepted this invitation before. You can leave the circle.",
            ),
        },
    };
    Ok(AnswerCircleInvitationPayload {
        circle,
        ..AnswerCircleInvitationPayload::refused(problem.into_iter().collect())
    })
}
