//! The mutation that deletes the words of a check-in.

use async_graphql::{Context, ID, InputObject, Object};
use entity::CheckInId;
use macros::payload;

use super::types::CheckIn;
use crate::checkin::service;
use crate::graphql::errors::CheckInError;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode};

/// A check-in whose words are to be deleted.
#[derive(Debug, InputObject)]
pub struct DeleteCheckInWordsInput {
    /// The id of the `CheckIn`.
    check_in_id: ID,
}

/// The result of deleting a check-in's words.
#[payload(NOT_FOUND)]
pub struct DeleteCheckInWordsPayload {
    /// The check-in as it is now; null if you have no such check-in.
    check_in: Option<CheckIn>,
    /// Why nothing was deleted; empty if it was.
    errors: Vec<CheckInError>,
}

/// The mutation that deletes words.
#[derive(Default)]
pub struct TakeBackMutation;

#[Object]
impl TakeBackMutation {
    /// Deletes the content of a check-in for good, at any time: mood, energy, feelings, note, whether you kept your
    /// word, and the wish for contact. Nobody else can read any of it after this, and no delayed request from a phone
    /// restores it. The day stays a day with a check-in.
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
        ..DeleteCheckInWordsPayload::refused(problem.into_iter().collect())
    })
}
