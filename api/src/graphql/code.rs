//! The closed list of the codes that top-level errors have in `extensions.code`.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// The kind of an error. Apps branch on the codes, so a released code keeps its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Returns the code as clients read it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Returns the code with this text, or `None` if the list does not have it.
            pub fn read(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The document does not parse.
    ParseFailed = "GRAPHQL_PARSE_FAILED",
    /// The document does not fit the schema.
    ValidationFailed = "GRAPHQL_VALIDATION_FAILED",
    /// A variable or an argument has an invalid value.
    BadUserInput = "BAD_USER_INPUT",
    /// The document with this hash or id is not known here.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
    /// The request is malformed.
    BadRequest = "BAD_REQUEST",
    /// Nobody is signed in, or the access token is no longer valid.
    Unauthenticated = "UNAUTHENTICATED",
    /// The caller may not do this.
    Forbidden = "FORBIDDEN",
    /// It does not exist, or the viewer may not see it.
    NotFound = "NOT_FOUND",
    /// It has changed since the caller read it.
    Conflict = "CONFLICT",
    /// A rate limit is reached; `retryAfter` says in how many seconds to try again.
    RateLimited = "RATE_LIMITED",
    /// The document is over a limit.
    QueryTooComplex = "QUERY_TOO_COMPLEX",
    /// It took too long and was given up.
    Timeout = "TIMEOUT",
    /// The database is unavailable or too busy; `retryAfter` says in how many seconds to try again.
    Unavailable = "UNAVAILABLE",
    /// A fault of the system; its cause is in the log.
    Internal = "INTERNAL_SERVER_ERROR",
}
