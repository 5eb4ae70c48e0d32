//! Problems with an input: the code that apps branch on, the field, and a sentence for people.

use chrono::{DateTime, Utc};

/// The closed list of expected refusals. The `errors` of a payload carry them.
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
    /// A number, date or time lies outside the allowed range.
    OutOfRange,
    /// Somebody else has it, or something that looks the same.
    Taken,
    /// The passphrase would be guessed too soon.
    WeakPassphrase,
    /// The statement "I am 18 or over" is missing.
    AdultStatementRequired,
    /// The accepted terms are not the ones in force.
    TermsOutdated,
    /// The e-mail address and passphrase do not belong together, or there is no such account.
    WrongCredentials,
    /// The code is wrong, was used, or is too old. Ask for a new one.
    WrongCode,
    /// The refresh token is no longer valid: sign in again.
    SessionEnded,
    /// Only the dashboard in a browser may do this, from its own origin and with its header.
    DashboardOnly,
    /// It does not exist, or you may not see it.
    NotFound,
    /// You may not do this.
    NotAllowed,
    /// The same id was sent before with different content.
    Conflict,
    /// Somebody changed it since you read it. The payload carries its present state.
    Stale,
    /// Every seat is taken.
    Full,
    /// It has started or is over.
    TooLate,
    /// It was called off.
    Cancelled,
    /// It was done recently, or it is too early for it. You can do it later; the message says when.
    TooSoon,
    /// The largest allowed number is reached.
    TooMany,
    /// It is not possible at the moment. The reason is not disclosed.
    NotNow,
}

impl ProblemCode {
    /// Returns the name that apps read.
    pub fn name(self) -> String {
        match async_graphql::InputType::to_value(&self) {
            async_graphql::Value::Enum(name) => name.to_string(),
            other => other.to_string(),
        }
    }
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind of the problem.
    pub code: ProblemCode,
    /// For people: what is wrong and what is allowed. Never repeats the value.
    pub message: String,
    /// The field: names from the mutation's arguments inwards, such as `input`, `handle`.
    pub path: Vec<String>,
    /// When the same input may be tried again, if that is known.
    pub retry_at: Option<DateTime<Utc>>,
    /// The bound that was reached: a number of things, characters or items.
    pub limit: Option<i32>,
}

impl Problem {
    /// Makes a problem with one field of the mutation's `input`. A dot goes one level in, and a number is a position in
    /// a list (`topics.0.slug`).
    pub fn field(field: &str, code: ProblemCode, message: impl Into<String>) -> Self {
        let path = std::iter::once("input").chain(field.split('.'));
        Self {
            path: path.map(str::to_owned).collect(),
            ..Self::whole(code, message)
        }
    }

    /// Makes a problem with the whole request.
    pub fn whole(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: vec!["input".to_owned()],
            retry_at: None,
            limit: None,
        }
    }

    /// Sets when the same may be tried again. Never use it for a refusal that is caused by another member: the date
    /// would reveal what that member did.
    #[must_use]
    pub fn retry_at(self, at: DateTime<Utc>) -> Self {
        Self {
            retry_at: Some(at),
            ..self
        }
    }

    /// Sets the bound that was reached.
    #[must_use]
    pub fn limit(self, limit: impl TryInto<i32>) -> Self {
        Self {
            limit: limit.try_into().ok(),
            ..self
        }
    }
}

/// Gathers all problems of an input instead of stopping at the first, so that people can correct a form in one go.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Returns the value of a check, or keeps its problem and returns `None`.
    pub fn check<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether there are no problems.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the problems, in the order they were found.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}
