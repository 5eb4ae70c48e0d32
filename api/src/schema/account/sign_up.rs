//! Signing up.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::conflict;
use super::refused;
use super::refused_all;
use super::strong;
use super::types::Credentials;
use super::wrong_code;
use crate::account::code::Code;
use crate::account::limits;
use crate::account::model::{self, DeviceName, Email};
use crate::account::service::{self, NewSignUp, SignUpOutcome, VerifyOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::{DateTime, TimeZone, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::locale::{Country, Language};
use crate::passphrase::Passphrase;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::profile::Handle;
use crate::schema::Me;

/// What a man tells who signs up.
#[derive(InputObject)]
struct SignUpInput {
    /// Made by the app, of version 7. Send the same when you try again; a new one for a new code.
    id: Uuid,
    /// His e-mail address, at most 254 characters. A code goes there.
    email: String,
    /// 10 to 128 characters that would not be guessed soon.
    passphrase: String,
    /// The name he will go by: 3 to 24 letters, digits, hyphens, underscores or dots, starting with a letter.
    /// It is his only when the code is entered.
    handle: String,
    /// Where his days begin and end.
    time_zone: TimeZone,
    /// Where he lives: an ISO 3166-1 alpha-2 code, such as GB.
    country: String,
    /// The language of his app: a BCP 47 tag, such as en or pt-BR.
    locale: String,
    /// The statement "I am 18 or over". It is kept with its date.
    adult: bool,
    /// The version of the terms he accepted, which must be the one in force.
    terms_version: String,
}

/// The answer to `signUp`: the same whether or not the address has an account.
#[derive(Default, SimpleObject)]
struct SignUpPayload {
    /// The id that was sent, for `verifyEmail`; null when there are errors.
    sign_up_id: Option<Uuid>,
    /// A code that was mailed is good at least until then; null when there are errors. A letter may take a while when
    /// many were asked for, and its code is then good for as much longer.
    code_expires_at: Option<DateTime>,
    /// Why nothing was mailed.
    errors: Vec<AccountError>,
}

/// What proves an address.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// The id that was sent to `signUp`.
    sign_up_id: Uuid,
    /// The eight digits from the letter, however they are spaced. Five wrong guesses end a code.
    code: String,
    /// Another handle, when somebody took the first choice meanwhile.
    handle: Option<String>,
    /// What the member will know this device by, 1 to 64 characters.
    device_name: String,
}

/// The answer to `verifyEmail`.
#[derive(Default, SimpleObject)]
struct VerifyEmailPayload {
    /// What keeps the device signed in; null when there are errors.
    credentials: Option<Credentials>,
    /// The new member; null when there are errors.
    me: Option<Me>,
    /// Why no account was made.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Signs up: a letter with a code goes to the address. When it has an account, its owner is told by
    /// mail instead; the answer is the same. Sent again with the same id it answers the same, and no
    /// second letter goes out.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What he tells.")] input: SignUpInput,
    ) -> Nullable<SignUpPayload> {
        Some(sign_up(ctx, input).await)
    }

    /// Proves the address with the code that was mailed to it, makes the account, and signs this device
    /// in. Sent again it answers with the same session, as long as that has not been refreshed.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves it.")] input: VerifyEmailInput,
    ) -> Nullable<VerifyEmailPayload> {
        Some(verify_email(ctx, input).await)
    }
}

async fn sign_up(ctx: &Context<'_>, input: SignUpInput) -> GqlResult<SignUpPayload> {
    let app = ctx.app();
    let from = ctx.client_address();
    let admitted = limits::request(app, from).await?;
    let mut problems = Problems::default();
    let passphrase = problems.check(Passphrase::chosen("passphrase", input.passphrase));
    let about = [input.email.as_str(), input.handle.as_str()];
    let passphrase = strong(app, &mut problems, "passphrase", passphrase, &about).await?;
    let utf8 = app.config.mail.utf8_addresses;
    let new = (
        problems.check(input.id.made_by_app("id")),
        problems.check(Email::to_be_proved("email", &input.email, utf8)),
        passphrase,
        problems.check(Handle::parse("handle", &input.handle)),
        problems.check(Country::parse("country", &input.country)),
        problems.check(Language::parse("locale", &input.locale)),
    );
    problems.check(model::adult("adult", input.adult));
    let in_force = &app.config.auth.terms_version;
    problems.check(model::terms("termsVersion", &input.terms_version, in_force));
    let (Some(id), Some(email), Some(passphrase), Some(handle), Some(country), Some(locale), true) = (
        new.0,
        new.1,
        new.2,
        new.3,
        new.4,
        new.5,
        problems.is_empty(),
    ) else {
        return Ok(SignUpPayload {
            errors: refused_all(problems),
            ..SignUpPayload::default()
        });
    };
    let new = NewSignUp {
        id,
        email,
        passphrase,
        handle,
        time_zone: input.time_zone.0,
        country,
        locale,
    };
    Ok(match service::sign_up(app, admitted, from, &new).await? {
        SignUpOutcome::Accepted(expires_at) => SignUpPayload {
            sign_up_id: Some(input.id),
            code_expires_at: Some(DateTime(expires_at)),
            errors: Vec::new(),
        },
        SignUpOutcome::Conflict => SignUpPayload {
            errors: conflict("id"),
            ..SignUpPayload::default()
        },
    })
}

async fn verify_email(ctx: &Context<'_>, input: VerifyEmailInput) -> GqlResult<VerifyEmailPayload> {
    let app = ctx.app();
    let mut problems = Problems::default();
    let handle = input.handle.map(|handle| Handle::parse("handle", &handle));
    let parsed = (
        problems.check(Code::parse("code", &input.code)),
        problems.check(handle.transpose()),
        problems.check(DeviceName::parse("deviceName", &input.device_name)),
    );
    let (Some(code), Some(handle), Some(device)) = parsed else {
        return Ok(VerifyEmailPayload {
            errors: refused_all(problems),
            ..VerifyEmailPayload::default()
        });
    };
    let id = input.sign_up_id.0.into();
    let from = ctx.client_address();
    let outcome = service::verify_email(app, from, id, &code, handle.as_ref(), &device).await?;
    let errors = match outcome {
        VerifyOutcome::SignedIn(tokens) => {
            ctx.signed_in(tokens.who);
            return Ok(VerifyEmailPayload {
                credentials: Some(Credentials::from(&tokens)),
                me: Some(Me::of(tokens.who)),
                errors: Vec::new(),
            });
        }
        VerifyOutcome::WrongCode => wrong_code(),
        VerifyOutcome::HandleTaken => refused(Handle::taken("handle")),
        VerifyOutcome::EmailTaken => {
            let message = "You have an account with this address already: sign in.";
            refused(Problem::field("signUpId", ProblemCode::Taken, message))
        }
        VerifyOutcome::Conflict => {
            let message = "This was finished on another device: sign in on this one.";
            refused(Problem::field("signUpId", ProblemCode::Conflict, message))
        }
    };
    Ok(VerifyEmailPayload {
        errors,
        ..VerifyEmailPayload::default()
    })
}
