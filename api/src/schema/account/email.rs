//! Changing the e-mail address of an account.

use async_graphql::{Context, InputObject, Object};
use macros::payload;

use super::refused;
use super::refused_all;
use super::types::Account;
use super::wrong_code;
use super::wrong_passphrase;
use crate::account::code::Code;
use crate::account::limits;
use crate::account::model::Email;
use crate::account::service::{self, ConfirmOutcome, RequestOutcome, UndoEmailOutcome};
use crate::account::undo_code::UndoCode;
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::passphrase::Passphrase;
use crate::problem::{Problem, ProblemCode, Problems};

/// The new address, and the proof that it is you.
#[derive(InputObject)]
struct RequestEmailChangeInput {
    /// The new e-mail address, at most 254 characters. A code goes there.
    new_email: String,
    /// Your passphrase.
    passphrase: String,
}

/// The answer to `requestEmailChange`: the same whether or not the address has an account.
#[payload(INVALID, REQUIRED, TOO_LONG, WRONG_CREDENTIALS)]
struct RequestEmailChangePayload {
    /// The mailed code is good at least until this time; null when there are errors.
    code_expires_at: Option<DateTime>,
    /// Why nothing was mailed.
    errors: Vec<AccountError>,
}

/// The proof that the new address is yours.
#[derive(InputObject)]
struct ConfirmEmailChangeInput {
    /// The eight digits from the newest letter, with or without spaces. Five wrong guesses end a code.
    code: String,
}

/// The answer to `confirmEmailChange`.
#[payload(INVALID, TAKEN, WRONG_CODE)]
struct ConfirmEmailChangePayload {
    /// Your account; null when there are errors. Its `emailChange` says when the new address takes effect.
    account: Option<Account>,
    /// Why the address will not change.
    errors: Vec<AccountError>,
}

/// The answer to `cancelEmailChange`.
#[payload()]
struct CancelEmailChangePayload {
    /// Your account, which keeps its address; null when there are errors.
    account: Option<Account>,
    /// Why the change was not cancelled. There is no reason so far.
    errors: Vec<AccountError>,
}

/// The proof that the old address is yours.
#[derive(InputObject)]
struct UndoEmailChangeInput {
    /// The e-mail address that the letter came to.
    email: String,
    /// The sixteen letters and digits from the letter, in upper or lower case, with or without spaces and hyphens.
    code: String,
}

/// The answer to `undoEmailChange`.
#[payload(INVALID, REQUIRED, TOO_LONG, WRONG_CODE)]
struct UndoEmailChangePayload {
    /// Whether the account keeps this address.
    done: bool,
    /// Why it does not keep the address.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct EmailMutation;

#[Object]
impl EmailMutation {
    /// Requests a code that changes your e-mail address. The code goes to the new address. If that address already has
    /// an account, its owner gets a letter without a code; the answer is the same. Sent again within a minute, no
    /// second letter goes out; later, the same code is mailed again while it is good for long enough.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address, and the proof that it is you.")]
        input: RequestEmailChangeInput,
    ) -> Nullable<RequestEmailChangePayload> {
        Some(request(ctx, input).await)
    }

    /// Confirms the new address with the code that was mailed to it. The change takes effect after a day (the operator
    /// may set another delay), so that somebody who is signed in but does not own the account cannot take it away at
    /// once. Until then the old address counts. It gets a letter with a code for `undoEmailChange`. A change of the
    /// passphrase cancels the change of address. Sent again, it answers the same.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof that the new address is yours.")]
        input: ConfirmEmailChangeInput,
    ) -> Nullable<ConfirmEmailChangePayload> {
        Some(confirm(ctx, input).await)
    }

    /// Cancels the change of your e-mail address that waits to take effect. Nothing happens if there is none.
    async fn cancel_email_change(&self, ctx: &Context<'_>) -> Nullable<CancelEmailChangePayload> {
        Some(cancel(ctx).await)
    }

    /// Keeps the old e-mail address of an account, with the code that was mailed to the old address before the change
    /// takes effect. You need not be signed in. Sent again, it answers the same.
    async fn undo_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof that the old address is yours.")] input: UndoEmailChangeInput,
    ) -> Nullable<UndoEmailChangePayload> {
        Some(undo(ctx, input).await)
    }
}

async fn request(
    ctx: &Context<'_>,
    input: RequestEmailChangeInput,
) -> GqlResult<RequestEmailChangePayload> {
    let app = ctx.app();
    let who = ctx.member()?;
    let mut problems = Problems::default();
    let utf8 = app.config.mail.utf8_addresses;
    let parsed = (
        problems.check(Email::to_be_proved("newEmail", &input.new_email, utf8)),
        problems.check(Passphrase::given("passphrase", input.passphrase)),
    );
    let (Some(email), Some(passphrase)) = parsed else {
        return Ok(RequestEmailChangePayload {
            code_expires_at: None,
            errors: refused_all(problems),
        });
    };
    let outcome = service::request_email_change(app, who, &email, &passphrase).await?;
    Ok(match outcome {
        RequestOutcome::Accepted(expires_at) => RequestEmailChangePayload {
            code_expires_at: Some(DateTime(expires_at)),
            errors: Vec::new(),
        },
        RequestOutcome::WrongPassphrase => RequestEmailChangePayload {
            code_expires_at: None,
            errors: wrong_passphrase("passphrase"),
        },
    })
}

async fn confirm(
    ctx: &Context<'_>,
    input: ConfirmEmailChangeInput,
) -> GqlResult<ConfirmEmailChangePayload> {
    let app = ctx.app();
    let who = ctx.member()?;
    let mut problems = Problems::default();
    let Some(code) = problems.check(Code::parse("code", &input.code)) else {
        return Ok(ConfirmEmailChangePayload {
            account: None,
            errors: refused_all(problems),
        });
    };
    let errors = match service::confirm_email_change(app, who, &code).await? {
        ConfirmOutcome::Confirmed(account) => {
            return Ok(ConfirmEmailChangePayload {
                account: Some(account.into()),
                errors: Vec::new(),
            });
        }
        ConfirmOutcome::WrongCode => wrong_code(),
        ConfirmOutcome::Taken => {
            let message = "Another account has got this address meanwhile.";
            refused(Problem::field("code", ProblemCode::Taken, message))
        }
    };
    Ok(ConfirmEmailChangePayload {
        account: None,
        errors,
    })
}

async fn cancel(ctx: &Context<'_>) -> GqlResult<CancelEmailChangePayload> {
    let who = ctx.member()?;
    let account = service::cancel_email_change(ctx.app(), who).await?;
    let account = account.ok_or(GqlError::NotFound)?;
    Ok(CancelEmailChangePayload {
        account: Some(account.into()),
        errors: Vec::new(),
    })
}

async fn undo(ctx: &Context<'_>, input: UndoEmailChangeInput) -> GqlResult<UndoEmailChangePayload> {
    let app = ctx.app();
    let admitted = limits::request(app, ctx.client_address()).await?;
    let refused_with = |errors| UndoEmailChangePayload {
        done: false,
        errors,
    };
    let mut problems = Problems::default();
    let parsed = (
        problems.check(Email::parse("email", &input.email)),
        problems.check(UndoCode::parse("code", &input.code)),
    );
    let (Some(email), Some(code)) = parsed else {
        return Ok(refused_with(refused_all(problems)));
    };
    Ok(
        match service::undo_email_change(app, admitted, &email, &code).await? {
            UndoEmailOutcome::Kept => UndoEmailChangePayload {
                done: true,
                errors: Vec::new(),
            },
            UndoEmailOutcome::WrongCode => {
                let message = "This code is wrong or no longer valid.";
                refused_with(refused(Problem::field(
                    "code",
                    ProblemCode::WrongCode,
                    message,
                )))
            }
        },
    )
}
