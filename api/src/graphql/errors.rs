//! Errors: those on the top level, and the interface of the expected ones in payloads.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Error, ErrorExtensionValues, Interface};

use super::code::Code;
use super::scalars::DateTime;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::problem::ProblemCode;

/// The result of a resolver.
pub type GqlResult<T> = Result<T, GqlError>;

/// The result of the resolver of a nullable field: an error makes this field null and leaves its siblings alone. (A
/// `GqlResult<Option<T>>` would take the whole parent with it; `transpose` turns one into the other.)
pub type Nullable<T> = Option<GqlResult<T>>;

/// Returns a sealed text for a field, or `None` if there is none. A text that cannot be opened is an error of this
/// field only.
pub fn shown(words: Option<&Opened>) -> Nullable<&str> {
    Some(words?.text().map_err(GqlError::from))
}

/// A top-level error. It has no `Display`: the message for the client is chosen here, and the cause only goes to the
/// log.
#[derive(Clone, Debug)]
pub enum GqlError {
    /// Nobody is signed in, or the access token is no longer valid.
    Unauthenticated,
    /// The viewer may not do this.
    Forbidden,
    /// An argument is invalid, and no payload can carry the error.
    BadUserInput(&'static str),
    /// It does not exist, or the viewer may not see it.
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
    #[track_caller]
    fn from(fault: sea_orm::DbErr) -> Self {
        Self::Fault(Fault::from(fault))
    }
}

/// The class of a fault, for the log. It is the `source` of a top-level error.
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
                ("Too many attempts: wait a little.", Code::RateLimited)
            }
            GqlError::Fault(Fault::Busy) => ("The server is busy: try again.", Code::RateLimited),
            GqlError::Fault(fault) if fault.is_outage() => (
                "The service is unavailable for a moment: try again.",
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

/// The seconds to wait for an unavailable database. Apps add some random time, so that they do not all come back at
/// once.
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
                /// The kind of refusal; apps branch on it.
                code: ProblemCode,
                /// What is wrong and what is allowed, in English, for people.
                message: String,
                /// Where the fault is: argument and field names from the mutation inwards.
                path: Vec<String>,
                /// When you may try the same again, if the refusal ends by itself; null if that is not known.
                retry_at: Option<DateTime>,
                /// The bound that was reached: a number of things, characters or items; null if the refusal is not
                /// about a bound.
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

        /// An expected refusal: nothing was changed, and the app can show or fix it.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "code", ty = "&ProblemCode", desc = "The kind of refusal; apps branch on it."),
            field(name = "message", ty = "&String", desc = "What is wrong and what is allowed, in English, for people."),
            field(name = "path", ty = "&Vec<String>", desc = "Where the fault is: argument and field names from the mutation inwards."),
            field(name = "retry_at", ty = "&Option<DateTime>", desc = "When you may try the same again, if the refusal ends by itself; null if that is not known."),
            field(name = "limit", ty = "&Option<i32>", desc = "The bound that was reached: a number of things, characters or items; null if the refusal is not about a bound.")
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
    /// Why an account was not created or changed.
    AccountError,
    /// Why a profile was not changed.
    ProfileError,
    /// Why a circle was not created or changed.
    CircleError,
    /// Why a device was not registered.
    DeviceError,
    /// Why a check-in was not recorded, or a reminder not set.
    CheckInError,
    /// Why a meeting was not created or changed, or not answered.
    MeetingError,
    /// Why a notification was not marked, or quiet hours not set.
    NotificationError,
    /// Why a peering was not proposed, answered or ended.
    PeeringError,
    /// Why a pact was not agreed to, changed or ended, or a nudge not sent.
    PactError,
    /// Why a ladder was not saved, or an answer not recorded.
    LadderError,
    /// Why a commitment was not created, changed, answered or carried over.
    CommitmentError,
}

/// The `errors` of a payload.
pub fn user_errors<E: From<crate::problem::Problem>>(
    problems: Vec<crate::problem::Problem>,
) -> Vec<E> {
    problems.into_iter().map(E::from).collect()
}
