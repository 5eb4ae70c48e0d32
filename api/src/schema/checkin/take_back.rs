//! Deleting what a check-in says.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::CheckInId;

use super::types::CheckIn;
use crate::checkin::service;
use crate::graphql::errors::{CheckInError, user_errors};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode};

/// A check-in whose words are to be deleted.
#[derive(Debug, InputObject)]
pub struct DeleteCheckInWordsInput {
    /// The id of the `CheckIn`.
    check_in_id: ID,
}

/// What became of deleting a check-in's words.
#[derive(Debug, SimpleObject)]
pub struct DeleteCheckInWordsPayload {
    /// The check-in as it is now; null when you have none such.
    check_in: Option<CheckIn>,
    /// Why nothing was deleted.
    errors: Vec<CheckInError>,
}

/// Taking back what a check-in says.
#[derive(Default)]
pub struct TakeBackMutation;

#[Object]
impl TakeBackMutation {
    /// Deletes everything a check-in says, for good, whenever you like: mood, energy, feelings, note, whether you kept
    /// your word, and that you would like one. From then on nobody else reads anything of it, and nothing that a phone
    /// still has to send brings it back. The day stays one you checked in on.
    async fn delete_check_in_words(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The check-in.")] input: DeleteCheckInWordsInput,
    ) -> Nullable<DeleteCheckInWordsPayload> {
        Some(delete(ctx, &input).await)
    }
}

async fn delete(
    ctx: &Context<'_>,
    input: &DeleteCheckInWordsInput,
) -> GqlResult<DeleteCheckInWordsPayload> {
    let member = ctx.member()?.member;
    let check_in = match CheckInId::from_global(&input.check_in_id) {
        Some(id) => service::delete_words(ctx.app(), member, id).await?,
        None => None,
    };
    let missing = || {
        let message = "You have no such check-in.";
        Problem::field("checkInId", ProblemCode::NotFound, message)
    };
    let problem = check_in.is_none().then(missing);
    Ok(DeleteCheckInWordsPayload {
        check_in: check_in.map(CheckIn::from),
        errors: user_errors(problem.into_iter().collect()),
    })
}
