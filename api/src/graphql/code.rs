//! The closed list of the codes that top-level errors have in `extensions.code`.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What kind of error it is. Apps branch on these, so one that was given out keeps its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// As clients read it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The code that is written so; none when the list does not have it.
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
    /// A variable or an argument has no value of its type.
    BadUserInput = "BAD_USER_INPUT",
    /// The document of that hash or id is not known here.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
    /// The request itself is not as it should be.
    BadRequest = "BAD_REQUEST",
    /// Nobody is signed in, or the access token is not good any more.
    Unauthenticated = "UNAUTHENTICATED",
    /// Whoever asks may not do this.
    Forbidden = "FORBIDDEN",
    /// It does not exist, or is not the viewer's to see.
    NotFound = "NOT_FOUND",
    /// It is no longer as whoever asks believes.
    Conflict = "CONFLICT",
    /// There was too much of it; `retryAfter` says when there may be more.
    RateLimited = "RATE_LIMITED",
    /// The document asks for more than one may.
    QueryTooComplex = "QUERY_TOO_COMPLEX",
    /// It took too long, and was given up.
    Timeout = "TIMEOUT",
    /// The database is away or too busy; `retryAfter` says in how many seconds it is worth another try.
    Unavailable = "UNAVAILABLE",
    /// A fault of the system, whose cause is in the log.
    Internal = "INTERNAL_SERVER_ERROR",
}
