//! What is wrong with something a person or an app sent: the code an app branches on, the field it
//! belongs to, and a sentence for people.

use chrono::{DateTime, Utc};

/// The closed list of expected refusals; a payload's `errors` carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum)]
#[graphql(name = "UserErrorCode")]
pub enum ProblemCode {
    /// The value is missing or blank.
    Required,
    /// The value is not of the allowed form; the message says which form that is.
    Invalid,
    /// The value has too few characters, or the list too few items.
    TooShort,
    /// The value has too many characters, or the list too many items.
    TooLong,
    /// A number, date or time lies outside what is allowed.
    OutOfRange,
    /// Somebody else has it, or something that looks the same.
    Taken,
    /// The passphrase would be guessed too soon.
    WeakPassphrase,
    /// The statement "I am 18 or over" is needed.
    AdultStatementRequired,
    /// The accepted terms are not the ones in force.
    TermsOutdated,
    /// The e-mail address and passphrase do not belong together, or there is no such account.
    WrongCredentials,
    /// The code is wrong, was used, or is too old. Ask for a new one.
    WrongCode,
    /// The refresh token is not good any more: sign in again.
    SessionEnded,
    /// It is for the dashboard in a browser, from its own origin and with its header.
    DashboardOnly,
    /// It does not exist, or is not yours to see.
    NotFound,
    /// You may not do this.
    NotAllowed,
    /// The same id was sent before with another content.
    Conflict,
    /// Somebody changed it since you read it; the payload carries it as it is now.
    Stale,
    /// Every seat is taken.
    Full,
    /// It has started or is over.
    TooLate,
    /// It was called off.
    Cancelled,
    /// It was done not long ago, or it is too early for it; it can be done later, and the message says when.
    TooSoon,
    /// There are as many as there may be.
    TooMany,
    /// It is not a good moment; nobody is told why.
    NotNow,
}

impl ProblemCode {
    /// As apps read it.
    pub fn name(self) -> String {
        match async_graphql::InputType::to_value(&self) {
            async_graphql::Value::Enum(name) => name.to_string(),
            other => other.to_string(),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub code: ProblemCode,
    /// For people: what is wrong and what is allowed. Never repeats the value.
    pub message: String,
    /// Where: field names from the mutation's arguments inwards, such as `input`, `handle`.
    pub path: Vec<String>,
    /// When the same can be sent again and may be taken, where that is known.
    pub retry_at: Option<DateTime<Utc>>,
    /// The bound that was reached: the most there may be, or the most characters or items.
    pub limit: Option<i32>,
}

impl Problem {
    /// A problem with one field of the mutation's `input`; a dot goes one level in, and a number is
    /// a place in a list (`topics.0.slug`).
    pub fn field(field: &str, code: ProblemCode, message: impl Into<String>) -> Self {
        let path = std::iter::once("input").chain(field.split('.'));
        Self {
            path: path.map(str::to_owned).collect(),
            ..Self::whole(code, message)
        }
    }

    /// A problem with the whole request.
    pub fn whole(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: vec!["input".to_owned()],
            retry_at: None,
            limit: None,
        }
    }

    /// Says from when on the same may be taken. Never for a refusal whose reason is another member's: the date would
    /// tell what he did.
    #[must_use]
    pub fn retry_at(self, at: DateTime<Utc>) -> Self {
        Self {
            retry_at: Some(at),
            ..self
        }
    }

    /// Says which bound was reached.
    #[must_use]
    pub fn limit(self, limit: impl TryInto<i32>) -> Self {
        Self {
            limit: limit.try_into().ok(),
            ..self
        }
    }
}

/// Gathers every problem of an input instead of stopping at the first, so that a form can be mended
/// in one go.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Takes the value out of a check, or keeps what is wrong with it.
    pub fn check<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems, in the order they were found.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}
