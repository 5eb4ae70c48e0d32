//! Errors: what becomes of those on the top level, and the interface of the expected ones in payloads.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Error, ErrorExtensionValues, Interface};

use super::code::Code;
use super::scalars::DateTime;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::problem::ProblemCode;

/// What a resolver answers.
pub type GqlResult<T> = Result<T, GqlError>;

/// What the resolver of a nullable field answers: an error makes this field null and leaves its siblings
/// alone. (A `GqlResult<Option<T>>` would take the whole parent with it; `transpose` turns one into the
/// other.)
pub type Nullable<T> = Option<GqlResult<T>>;

/// Words that are kept sealed, for a field. Words that cannot be read are an error of this field and take nothing else
/// with them.
pub fn shown(words: Option<&Opened>) -> Nullable<&str> {
    Some(words?.text().map_err(GqlError::from))
}

/// A top-level error. It has no `Display`: the message a client reads is chosen here, and a cause only
/// travels to the log.
#[derive(Clone, Debug)]
pub enum GqlError {
    /// Nobody is signed in, or the access token is not good any more.
    Unauthenticated,
    /// Somebody is, who may not do this.
    Forbidden,
    /// An argument is wrong that no payload could carry an error for.
    BadUserInput(&'static str),
    /// It does not exist, or is not the viewer's to see.
    NotFound,
    /// A fault of the system.
    Fault(Fault),
}

impl From<Fault> for GqlError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<sea_orm::DbErr> for GqlError {
    fn from(fault: sea_orm::DbErr) -> Self {
        Self::Fault(Fault::Db(fault))
    }
}

/// What a top-level error's `source` holds for the log: the class of the fault.
#[derive(Clone, Debug)]
pub struct Cause(pub String);

impl From<GqlError> for Error {
    fn from(error: GqlError) -> Self {
        let (message, code) = match &error {
            GqlError::Unauthenticated => ("Sign in first.", Code::Unauthenticated),
            GqlError::Forbidden => ("You may not do this.", Code::Forbidden),
            GqlError::BadUserInput(message) => (*message, Code::BadUserInput),
            GqlError::NotFound => ("It does not exist.", Code::NotFound),
            GqlError::Fault(Fault::RateLimited(_)) => {
                ("Too many tries: wait a little.", Code::RateLimited)
            }
            GqlError::Fault(Fault::Busy) => ("Too much is going on: try again.", Code::RateLimited),
            GqlError::Fault(fault) if fault.is_outage() => (
                "The service is away for a moment: try again.",
                Code::Unavailable,
            ),
            GqlError::Fault(_) => ("Something went wrong on our side.", Code::Internal),
        };
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        let mut source = None;
        match error {
            GqlError::Fault(Fault::RateLimited(wait)) => {
                extensions.set("retryAfter", seconds_up(wait));
            }
            GqlError::Fault(Fault::Busy) => extensions.set("retryAfter", 1),
            GqlError::Fault(fault) => {
                if fault.is_outage() {
                    extensions.set("retryAfter", OUTAGE_SECONDS);
                }
                source = Some(Arc::new(Cause(fault.class())) as _);
            }
            _ => {}
        }
        Self {
            message: message.to_owned(),
            source,
            extensions: Some(extensions),
        }
    }
}

/// How long to wait for a database that is away. Apps add a little chance of their own, so that they do not all come
/// back at once.
const OUTAGE_SECONDS: u64 = 5;

fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

macro_rules! user_errors {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, async_graphql::SimpleObject)]
            pub struct $name {
                /// What kind of refusal; apps branch on it.
                code: ProblemCode,
                /// What is wrong and what is allowed, in English, for people.
                message: String,
                /// Where: argument and field names from the mutation inwards.
                path: Vec<String>,
                /// From when on the same may be taken, for refusals that end by themselves; null when that is not known.
                retry_at: Option<DateTime>,
                /// The bound that was reached: how many there may be, or how many characters or items; null when
                /// it is about none.
                limit: Option<i32>,
            }

            impl From<crate::problem::Problem> for $name {
                fn from(problem: crate::problem::Problem) -> Self {
                    crate::db::Stats::refused(stringify!($name), problem.code);
                    Self {
                        code: problem.code,
                        message: problem.message,
                        path: problem.path,
                        retry_at: problem.retry_at.map(DateTime),
                        limit: problem.limit,
                    }
                }
            }
        )+

        /// An expected refusal: nothing was changed, and the app can show or mend it.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "code", ty = "&ProblemCode", desc = "What kind of refusal; apps branch on it."),
            field(name = "message", ty = "&String", desc = "What is wrong and what is allowed, in English, for people."),
            field(name = "path", ty = "&Vec<String>", desc = "Where: argument and field names from the mutation inwards."),
            field(name = "retry_at", ty = "&Option<DateTime>", desc = "From when on the same may be taken, for refusals that end by themselves; null when that is not known."),
            field(name = "limit", ty = "&Option<i32>", desc = "The bound that was reached: how many there may be, or how many characters or items; null when it is about none.")
        )]
        #[allow(clippy::enum_variant_names, reason = "the types are named so in the schema")]
        pub enum UserError {
            $(
                $(#[$doc])*
                $name($name),
            )+
        }
    };
}

user_errors! {
    /// Why an account was not made or changed.
    AccountError,
    /// Why a profile was not changed.
    ProfileError,
    /// Why a circle was not made or changed.
    CircleError,
    /// Why a device was not registered.
    DeviceError,
    /// Why a check-in was not taken, or a reminder not set.
    CheckInError,
    /// Why a meeting was not made, changed or answered.
    MeetingError,
    /// Why a notification was not marked, or quiet hours not set.
    NotificationError,
    /// Why a peering was not proposed, answered or ended.
    PeeringError,
    /// Why a pact was not agreed to, changed or ended, or nobody was nudged.
    PactError,
    /// Why a ladder was not written, or an answer not taken.
    LadderError,
    /// Why a commitment was not made, changed, answered or carried over.
    CommitmentError,
}

/// The `errors` of a payload.
pub fn user_errors<E: From<crate::problem::Problem>>(
    problems: Vec<crate::problem::Problem>,
) -> Vec<E> {
    problems.into_iter().map(E::from).collect()
}
