//! Passphrases: a new one for who forgot his, and another for who knows it.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::types::Account;
use super::{refused_all, strong, wrong_code, wrong_passphrase};
use crate::account::code::Code;
use crate::account::limits::{self, Limited};
use crate::account::model::{Email, Passphrase};
use crate::account::service::{self, ChangeOutcome, ResetOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::problem::Problems;

/// Whose passphrase was forgotten.
#[derive(InputObject)]
struct RequestPassphraseResetInput {
    /// The e-mail address of the account.
    email: String,
}

/// The answer to `requestPassphraseReset`: the same whether or not the address has an account.
#[derive(Default, SimpleObject)]
struct RequestPassphraseResetPayload {
    /// Whether the wish was taken: a letter follows when the address has an account.
    accepted: bool,
    /// Why it was not.
    errors: Vec<AccountError>,
}

/// What puts a new passphrase in place.
#[derive(InputObject)]
struct ResetPassphraseInput {
    /// The e-mail address of the account.
    email: String,
    /// The eight digits from the newest letter, however they are spaced. Five wrong guesses end a code.
    code: String,
    /// The new passphrase: 10 to 128 characters that would not be guessed soon.
    passphrase: String,
}

/// The answer to `resetPassphrase`.
#[derive(Default, SimpleObject)]
struct ResetPassphrasePayload {
    /// Whether the new passphrase is in force. Every device is then signed out: sign in with it.
    done: bool,
    /// Why it is not.
    errors: Vec<AccountError>,
}

/// The passphrase and the next.
#[derive(InputObject)]
struct ChangePassphraseInput {
    /// The passphrase as it is.
    current: String,
    /// The new one: 10 to 128 characters that would not be guessed soon.
    new: String,
}

/// The answer to `changePassphrase`.
#[derive(Default, SimpleObject)]
struct ChangePassphrasePayload {
    /// The account; null when there are errors.
    account: Option<Account>,
    /// Why the passphrase is as it was.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct PassphraseMutation;

#[Object]
impl PassphraseMutation {
    /// Asks for a code that allows a new passphrase. When the address has an account, a letter goes to it;
    /// the answer does not tell.
    async fn request_passphrase_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: RequestPassphraseResetInput,
    ) -> Nullable<RequestPassphraseResetPayload> {
        Some(request_reset(ctx, input).await)
    }

    /// Puts a new passphrase in place, signs every device out, and tells the member by mail. Sent again it
    /// answers the same.
    async fn reset_passphrase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What allows it.")] input: ResetPassphraseInput,
    ) -> Nullable<ResetPassphrasePayload> {
        Some(reset(ctx, input).await)
    }

    /// Changes the passphrase, signs every other device out, and tells the member by mail. Sent again it
    /// answers the same.
    async fn change_passphrase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passphrase and the next.")] input: ChangePassphraseInput,
    ) -> Nullable<ChangePassphrasePayload> {
        Some(change(ctx, input).await)
    }
}

async fn request_reset(
    ctx: &Context<'_>,
    input: RequestPassphraseResetInput,
) -> GqlResult<RequestPassphraseResetPayload> {
    let app = ctx.app();
    let admitted = limits::by_address(app, Limited::Code, ctx.client_address()).await?;
    let mut problems = Problems::default();
    let Some(email) = problems.check(Email::parse("email", &input.email)) else {
        return Ok(RequestPassphraseResetPayload {
            accepted: false,
            errors: refused_all(problems),
        });
    };
    service::request_reset(app, admitted, &email).await?;
    Ok(RequestPassphraseResetPayload {
        accepted: true,
        errors: Vec::new(),
    })
}

async fn reset(
    ctx: &Context<'_>,
    input: ResetPassphraseInput,
) -> GqlResult<ResetPassphrasePayload> {
    let app = ctx.app();
    let admitted = limits::by_address(app, Limited::Code, ctx.client_address()).await?;
    let mut problems = Problems::default();
    let passphrase = problems.check(Passphrase::chosen("passphrase", input.passphrase));
    let about = [input.email.as_str()];
    let parsed = (
        problems.check(Email::parse("email", &input.email)),
        problems.check(Code::parse("code", &input.code)),
        strong(app, &mut problems, "passphrase", passphrase, &about).await?,
    );
    let (Some(email), Some(code), Some(passphrase)) = parsed else {
        return Ok(ResetPassphrasePayload {
            done: false,
            errors: refused_all(problems),
        });
    };
    let outcome = service::reset_passphrase(app, admitted, &email, &code, &passphrase).await?;
    Ok(match outcome {
        ResetOutcome::Done => ResetPassphrasePayload {
            done: true,
            errors: Vec::new(),
        },
        ResetOutcome::WrongCode => ResetPassphrasePayload {
            done: false,
            errors: wrong_code(),
        },
    })
}

async fn change(
    ctx: &Context<'_>,
    input: ChangePassphraseInput,
) -> GqlResult<ChangePassphrasePayload> {
    let app = ctx.app();
    let who = ctx.member()?;
    let admitted = limits::by_address(app, Limited::SignIn, ctx.client_address()).await?;
    let mut problems = Problems::default();
    let account = service::account(app, who.member).await?;
    let account = account.ok_or(GqlError::NotFound)?;
    let new = problems.check(Passphrase::chosen("new", input.new));
    let parsed = (
        problems.check(Passphrase::given("current", input.current)),
        strong(app, &mut problems, "new", new, &[account.email.as_str()]).await?,
    );
    let (Some(current), Some(new)) = parsed else {
        return Ok(ChangePassphrasePayload {
            account: None,
            errors: refused_all(problems),
        });
    };
    let outcome = service::change_passphrase(app, admitted, who, &current, &new).await?;
    Ok(match outcome {
        ChangeOutcome::Changed(account) => ChangePassphrasePayload {
            account: Some(account.into()),
            errors: Vec::new(),
        },
        ChangeOutcome::WrongPassphrase => ChangePassphrasePayload {
            account: None,
            errors: wrong_passphrase("current"),
        },
    })
}
