//! Leaving, and coming back.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::SecondsFormat;

use super::refused;
use super::refused_all;
use super::types::Account;
use super::wrong_passphrase;
use crate::account::service::{self, DeleteOutcome, UndoOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::passphrase::Passphrase;
use crate::problem::{Problem, ProblemCode, Problems};

/// That it is he who asks.
#[derive(InputObject)]
struct DeleteAccountInput {
    /// The passphrase of the account.
    passphrase: String,
}

/// The answer to `deleteAccount`.
#[derive(Default, SimpleObject)]
struct DeleteAccountPayload {
    /// The account, whose `deletionDueAt` says until when it can be had back; null when there are errors.
    account: Option<Account>,
    /// Why it stays.
    errors: Vec<AccountError>,
}

/// The answer to `undoAccountDeletion`.
#[derive(Default, SimpleObject)]
struct UndoAccountDeletionPayload {
    /// The account, which stays; null when there are errors.
    account: Option<Account>,
    /// Why it does not.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Leaves: nobody sees you from now on, your other devices are signed out, and on `deletionDueAt`
    /// everything is deleted for good. Until then `undoAccountDeletion` keeps the account as it was. Sent
    /// again it answers the same.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "That it is he.")] input: DeleteAccountInput,
    ) -> Nullable<DeleteAccountPayload> {
        Some(delete(ctx, input).await)
    }

    /// Stays after all: the account is as it was. Sent again it answers the same. A deletion can be undone once a day.
    async fn undo_account_deletion(
        &self,
        ctx: &Context<'_>,
    ) -> Nullable<UndoAccountDeletionPayload> {
        Some(undo(ctx).await)
    }
}

async fn delete(ctx: &Context<'_>, input: DeleteAccountInput) -> GqlResult<DeleteAccountPayload> {
    let app = ctx.app();
    let who = ctx.member()?;
    let mut problems = Problems::default();
    let Some(passphrase) = problems.check(Passphrase::given("passphrase", input.passphrase)) else {
        return Ok(DeleteAccountPayload {
            account: None,
            errors: refused_all(problems),
        });
    };
    Ok(match service::delete(app, who, &passphrase).await? {
        DeleteOutcome::Marked(account) => DeleteAccountPayload {
            account: Some(account.into()),
            errors: Vec::new(),
        },
        DeleteOutcome::WrongPassphrase => DeleteAccountPayload {
            account: None,
            errors: wrong_passphrase("passphrase"),
        },
    })
}

async fn undo(ctx: &Context<'_>) -> GqlResult<UndoAccountDeletionPayload> {
    let who = ctx.member()?;
    let outcome = service::undo_deletion(ctx.app(), who).await?;
    Ok(match outcome.ok_or(GqlError::NotFound)? {
        UndoOutcome::Kept(account) => UndoAccountDeletionPayload {
            account: Some(account.into()),
            errors: Vec::new(),
        },
        UndoOutcome::TooSoon(again) => {
            let message = format!(
                "You came back less than a day ago. You can again from {} on; nothing is deleted before.",
                again.to_rfc3339_opts(SecondsFormat::Secs, true)
            );
            let problem = Problem::whole(ProblemCode::TooSoon, message).retry_at(again);
            UndoAccountDeletionPayload {
                account: None,
                errors: refused(problem),
            }
        }
        UndoOutcome::TooLate => {
            let message = "The time in which the account could be kept is over.";
            UndoAccountDeletionPayload {
                account: None,
                errors: refused(Problem::whole(ProblemCode::TooLate, message)),
            }
        }
    })
}
