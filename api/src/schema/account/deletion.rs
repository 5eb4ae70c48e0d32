//! Deleting an account, and undoing the deletion.

use async_graphql::{Context, InputObject, Object};
use chrono::SecondsFormat;
use macros::payload;

use super::refused;
use super::refused_all;
use super::types::Account;
use super::wrong_passphrase;
use crate::account::service::{self, DeleteOutcome, UndoOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::passphrase::Passphrase;
use crate::problem::{Problem, ProblemCode, Problems};

/// The proof that it is you.
#[derive(InputObject)]
struct DeleteAccountInput {
    /// Your passphrase.
    passphrase: String,
}

/// The answer to `deleteAccount`.
#[payload(REQUIRED, TOO_LONG, WRONG_CREDENTIALS)]
struct DeleteAccountPayload {
    /// Your account; null when there are errors. Until its `deletionDueAt` you can undo the deletion.
    account: Option<Account>,
    /// Why the account is not deleted.
    errors: Vec<AccountError>,
}

/// The answer to `undoAccountDeletion`.
#[payload(TOO_LATE, TOO_SOON)]
struct UndoAccountDeletionPayload {
    /// Your account, which stays; null when there are errors.
    account: Option<Account>,
    /// Why the deletion was not undone.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Deletes your account. From now on nobody sees you, your other devices are signed out, and on `deletionDueAt`
    /// everything is deleted for good. Until then `undoAccountDeletion` keeps the account as it was. Sent again, it
    /// answers the same.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof that it is you.")] input: DeleteAccountInput,
    ) -> Nullable<DeleteAccountPayload> {
        Some(delete(ctx, input).await)
    }

    /// Undoes the deletion: your account stays as it was. Sent again, it answers the same. You can undo a deletion
    /// once a day.
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
                "You undid a deletion less than a day ago. You can undo this one from {}; nothing is deleted before.",
                again.to_rfc3339_opts(SecondsFormat::Secs, true)
            );
            let problem = Problem::whole(ProblemCode::TooSoon, message).retry_at(again);
            UndoAccountDeletionPayload {
                account: None,
                errors: refused(problem),
            }
        }
        UndoOutcome::TooLate => {
            let message = "It is too late: the time in which you could keep the account is over.";
            UndoAccountDeletionPayload {
                account: None,
                errors: refused(Problem::whole(ProblemCode::TooLate, message)),
            }
        }
    })
}
