//! Resetting a forgotten passphrase, and changing a known one.

use async_graphql::{Context, InputObject, Object};
use macros::payload;
use secrecy::ExposeSecret as _;

use super::refused;
use super::refused_all;
use super::requester;
use super::strong;
use super::types::Account;
use super::wrong_code;
use super::wrong_passphrase;
use crate::account::code::Code;
use crate::account::limits;
use crate::account::model::Email;
use crate::account::service::{self, ChangeOutcome, Reset, ResetOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::Uuid;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::passphrase::Passphrase;
use crate::problem::Problems;

/// The account whose passphrase was forgotten.
#[derive(InputObject)]
struct RequestPassphraseResetInput {
    /// The e-mail address of the account.
    email: String,
    /// A UUID of version 7 that the app creates. Send the same when you try again, and send it as `requestId` to
    /// `resetPassphrase`: other people's wrong guesses then do not end the code.
    id: Option<Uuid>,
    /// The newest `Credentials.deviceKey` that the device got for this account.
    device_key: Option<String>,
}

/// The answer to `requestPassphraseReset`: the same whether or not the address has an account.
#[payload(INVALID, REQUIRED, TOO_LONG)]
struct RequestPassphraseResetPayload {
    /// Whether the request was accepted. A letter follows if the address has an account.
    accepted: bool,
    /// Why the request was not accepted.
    errors: Vec<AccountError>,
}

/// The new passphrase, and the code that allows it.
#[derive(InputObject)]
struct ResetPassphraseInput {
    /// The e-mail address of the account.
    email: String,
    /// The eight digits from the newest letter, with or without spaces. Five wrong guesses end a code.
    code: String,
    /// The new passphrase: 10 to 128 characters that are not easy to guess.
    passphrase: String,
    /// The `id` that you sent to `requestPassphraseReset`.
    request_id: Option<Uuid>,
}

/// The answer to `resetPassphrase`.
#[payload(INVALID, REQUIRED, TOO_LONG, TOO_SHORT, WEAK_PASSPHRASE, WRONG_CODE)]
struct ResetPassphrasePayload {
    /// Whether the new passphrase is in force. Every device is then signed out: sign in again with the new passphrase.
    done: bool,
    /// The device's new key; null when there are errors. Send it as `deviceKey` with `signIn`.
    device_key: Option<String>,
    /// Why the passphrase was not reset.
    errors: Vec<AccountError>,
}

/// The current passphrase and the new one.
#[derive(InputObject)]
struct ChangePassphraseInput {
    /// The current passphrase.
    current: String,
    /// The new passphrase: 10 to 128 characters that are not easy to guess.
    new: String,
}

/// The answer to `changePassphrase`.
#[payload(REQUIRED, TOO_LONG, TOO_SHORT, WEAK_PASSPHRASE, WRONG_CREDENTIALS)]
struct ChangePassphrasePayload {
    /// Your account; null when there are errors.
    account: Option<Account>,
    /// Why the passphrase was not changed.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct PassphraseMutation;

#[Object]
impl PassphraseMutation {
    /// Requests a code that allows a new passphrase. If the address has an account, a letter with the code goes to it.
    /// The answer does not say whether it has.
    async fn request_passphrase_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: RequestPassphraseResetInput,
    ) -> Nullable<RequestPassphraseResetPayload> {
        Some(request_reset(ctx, input).await)
    }

    /// Sets a new passphrase, signs every device out, and notifies you by mail. Sent again, it answers the same.
    async fn reset_passphrase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new passphrase, and the code that allows it.")]
        input: ResetPassphraseInput,
    ) -> Nullable<ResetPassphrasePayload> {
        Some(reset(ctx, input).await)
    }

    /// Changes your passphrase, signs every other device out, and notifies you by mail. Sent again, it answers the
    /// same.
    async fn change_passphrase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current passphrase and the new one.")] input: ChangePassphraseInput,
    ) -> Nullable<ChangePassphrasePayload> {
        Some(change(ctx, input).await)
    }
}

async fn request_reset(
    ctx: &Context<'_>,
    input: RequestPassphraseResetInput,
) -> GqlResult<RequestPassphraseResetPayload> {
    let app = ctx.app();
    let from = requester(ctx, input.device_key);
    let mut problems = Problems::default();
    let request = input.id.map(|id| id.made_by_app("id")).transpose();
    let email = problems.check(Email::parse("email", &input.email));
    let (Some(email), Some(request)) = (email, problems.check(request)) else {
        return Ok(RequestPassphraseResetPayload {
            accepted: false,
            errors: refused_all(problems),
        });
    };
    service::request_reset(app, &from, &email, request).await?;
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
    let mut problems = Problems::default();
    let parsed = (
        problems.check(Email::parse("email", &input.email)),
        problems.check(Code::parse("code", &input.code)),
        problems.check(Passphrase::chosen("passphrase", input.passphrase)),
    );
    let (Some(email), Some(code), Some(passphrase)) = parsed else {
        return Ok(ResetPassphrasePayload {
            errors: refused_all(problems),
            ..ResetPassphrasePayload::default()
        });
    };
    let reset = Reset {
        email: &email,
        code: &code,
        passphrase,
        request: input.request_id.map(|id| id.0),
    };
    let errors = match service::reset_passphrase(app, &reset).await? {
        ResetOutcome::Done(device_key) => {
            return Ok(ResetPassphrasePayload {
                done: true,
                device_key: Some(device_key.text().expose_secret().to_owned()),
                errors: Vec::new(),
            });
        }
        ResetOutcome::WrongCode => wrong_code(),
        ResetOutcome::Weak => refused(Passphrase::weak("passphrase")),
    };
    Ok(ResetPassphrasePayload {
        errors,
        ..ResetPassphrasePayload::default()
    })
}

async fn change(
    ctx: &Context<'_>,
    input: ChangePassphraseInput,
) -> GqlResult<ChangePassphrasePayload> {
    let app = ctx.app();
    let who = ctx.member()?;
    let counted = limits::passphrase(app, who).await?;
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
    let outcome = service::change_passphrase(app, counted, who, &current, &new).await?;
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
