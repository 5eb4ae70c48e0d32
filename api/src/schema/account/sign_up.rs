//! Signing up.

use async_graphql::{Context, InputObject, Object};
use macros::payload;

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

/// What you enter to sign up.
#[derive(InputObject)]
struct SignUpInput {
    /// A UUID of version 7 that the app creates. Send the same when you try again; send a new one to get a new code.
    id: Uuid,
    /// Your e-mail address, at most 254 characters. A code goes there.
    email: String,
    /// Your passphrase: 10 to 128 characters that are not easy to guess.
    passphrase: String,
    /// Your handle: 3 to 24 letters, digits, hyphens, underscores or dots, starting with a letter. It is yours only
    /// once the code is entered.
    handle: String,
    /// The time zone of your days.
    time_zone: TimeZone,
    /// The country you live in: an ISO 3166-1 alpha-2 code, such as GB.
    country: String,
    /// The language of your app: a BCP 47 tag, such as en or pt-BR.
    locale: String,
    /// Your statement "I am 18 or over". It is kept with its date.
    adult: bool,
    /// The version of the terms that you accept. It must be the one in force.
    terms_version: String,
}

/// The answer to `signUp`: the same whether or not the address has an account.
#[payload(
    ADULT_STATEMENT_REQUIRED,
    CONFLICT,
    INVALID,
    REQUIRED,
    TERMS_OUTDATED,
    TOO_LONG,
    TOO_SHORT,
    WEAK_PASSPHRASE
)]
struct SignUpPayload {
    /// The id that you sent, for `verifyEmail`; null when there are errors.
    sign_up_id: Option<Uuid>,
    /// The mailed code is good at least until this time; null when there are errors. A letter may be delayed when many
    /// were requested, and its code is then good for as much longer.
    code_expires_at: Option<DateTime>,
    /// Why nothing was mailed.
    errors: Vec<AccountError>,
}

/// The proof that the address is yours.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// The id that you sent to `signUp`.
    sign_up_id: Uuid,
    /// The eight digits from the letter, with or without spaces. Five wrong guesses end a code.
    code: String,
    /// Another handle, if somebody took your first choice meanwhile.
    handle: Option<String>,
    /// Your name for this device, 1 to 64 characters.
    device_name: String,
}

/// The answer to `verifyEmail`.
#[payload(CONFLICT, INVALID, REQUIRED, TAKEN, WRONG_CODE)]
struct VerifyEmailPayload {
    /// The tokens that keep the device signed in; null when there are errors.
    credentials: Option<Credentials>,
    /// You, as a new member; null when there are errors.
    me: Option<Me>,
    /// Why no account was created.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Signs you up: a letter with a code goes to your address. If the address already has an account, its owner gets
    /// a letter without a code; the answer is the same. Sent again with the same id, it answers the same, and no
    /// second letter goes out.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you enter to sign up.")] input: SignUpInput,
    ) -> Nullable<SignUpPayload> {
        Some(sign_up(ctx, input).await)
    }

    /// Proves your address with the code that was mailed to it, creates your account, and signs this device in. Sent
    /// again, it answers with the same session, as long as that has not been refreshed.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof that the address is yours.")] input: VerifyEmailInput,
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
            let message = "You have finished signing up on another device: sign in on this one.";
            refused(Problem::field("signUpId", ProblemCode::Conflict, message))
        }
    };
    Ok(VerifyEmailPayload {
        errors,
        ..VerifyEmailPayload::default()
    })
}
