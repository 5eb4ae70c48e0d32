//! Moving to another e-mail address.

use async_graphql::{Context, InputObject, Object, SimpleObject};

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

/// Where to, and that it is he who asks.
#[derive(InputObject)]
struct RequestEmailChangeInput {
    /// The new e-mail address, at most 254 characters. A code goes there.
    new_email: String,
    /// The passphrase of the account.
    passphrase: String,
}

/// The answer to `requestEmailChange`: the same whether or not the address has an account.
#[derive(Default, SimpleObject)]
struct RequestEmailChangePayload {
    /// A code that was mailed is good at least until then; null when there are errors.
    code_expires_at: Option<DateTime>,
    /// Why nothing was mailed.
    errors: Vec<AccountError>,
}

/// What proves the new address.
#[derive(InputObject)]
struct ConfirmEmailChangeInput {
    /// The eight digits from the newest letter, however they are spaced. Five wrong guesses end a code.
    code: String,
}

/// The answer to `confirmEmailChange`.
#[derive(Default, SimpleObject)]
struct ConfirmEmailChangePayload {
    /// The account, whose `emailChange` says when it moves; null when there are errors.
    account: Option<Account>,
    /// Why it will not move.
    errors: Vec<AccountError>,
}

/// The answer to `cancelEmailChange`.
#[derive(SimpleObject)]
struct CancelEmailChangePayload {
    /// The account, which keeps its address; null when there are errors.
    account: Option<Account>,
    /// Why the change still waits; so far there is no reason.
    errors: Vec<AccountError>,
}

/// What proves the old address.
#[derive(InputObject)]
struct UndoEmailChangeInput {
    /// The e-mail address the letter came to.
    email: String,
    /// The sixteen letters and digits from the letter, however they are spaced and in whatever case.
    code: String,
}

/// The answer to `undoEmailChange`.
#[derive(Default, SimpleObject)]
struct UndoEmailChangePayload {
    /// Whether the account keeps this address.
    done: bool,
    /// Why it does not.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct EmailMutation;

#[Object]
impl EmailMutation {
    /// Asks for a code that moves the account to another address. When that has an account, its owner is
    /// told by mail instead; the answer is the same. Sent again within a minute, no second letter goes
    /// out; later the same code is mailed again.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] input: RequestEmailChangeInput,
    ) -> Nullable<RequestEmailChangePayload> {
        Some(request(ctx, input).await)
    }

    /// Moves the account to the address the code was mailed to: after a day, so that whoever is signed in but does not own
    /// the account cannot take it away in a moment. Until then the old address counts; it is told, with a code for
    /// `undoEmailChange`. A change of the passphrase gives the move up. Sent again it answers the same.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves it.")] input: ConfirmEmailChangeInput,
    ) -> Nullable<ConfirmEmailChangePayload> {
        Some(confirm(ctx, input).await)
    }

    /// Gives up the change of your e-mail address that waits. Without one it answers the same.
    async fn cancel_email_change(&self, ctx: &Context<'_>) -> Nullable<CancelEmailChangePayload> {
        Some(cancel(ctx).await)
    }

    /// Keeps the old e-mail address of an account that is to move to another, with the code that was mailed to the old one.
    /// Nobody needs to be signed in. Sent again it answers the same.
    async fn undo_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves the old address.")] input: UndoEmailChangeInput,
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
            let message = "Another account got this address meanwhile.";
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
                let message = "This code is not good, or not any more.";
                refused_with(refused(Problem::field(
                    "code",
                    ProblemCode::WrongCode,
                    message,
                )))
            }
        },
    )
}
