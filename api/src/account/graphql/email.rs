//! Moving to another e-mail address.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::types::Account;
use super::{refused, refused_all, wrong_code, wrong_passphrase};
use crate::account::code::Code;
use crate::account::model::{Email, Passphrase};
use crate::account::service::{self, ConfirmOutcome, RequestOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
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
    /// The account with its new address; null when there are errors.
    account: Option<Account>,
    /// Why it has not moved.
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

    /// Moves the account to the address the code was mailed to; the old address is told. Sent again it
    /// answers the same.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves it.")] input: ConfirmEmailChangeInput,
    ) -> Nullable<ConfirmEmailChangePayload> {
        Some(confirm(ctx, input).await)
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
        ConfirmOutcome::Moved(account) => {
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
