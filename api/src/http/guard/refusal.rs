//! The refusals of a document, with messages for app developers.

use crate::graphql::code::Code;

/// Why a document is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// It is over a limit.
    Over {
        /// The limit.
        measure: Measure,
        /// The amount found. If counting stopped early, the real amount is larger.
        found: u64,
        /// The greatest allowed amount.
        limit: u64,
    },
    /// A block string is not closed.
    UnclosedString,
    /// The parser accepts it, but it is not valid GraphQL; the text says why.
    Unreadable(&'static str),
    /// An input object names a field twice (GraphQL §5.6.3).
    InputFieldTwice(String),
    /// A fragment spreads itself, directly or through others (GraphQL §5.5.2.2).
    FragmentCycle(String),
    /// The root of a subscription is not a single field (GraphQL §5.2.4.1); the text says what it is.
    NotOneField(&'static str),
}

/// A measure of a document: see [`super::Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `Limits` say it")]
pub enum Measure {
    DocumentBytes,
    Words,
    NameBytes,
    Nesting,
    Depth,
    IntrospectionDepth,
    IntrospectionLists,
    Fields,
    Parts,
    Nodes,
    Values,
    Cost,
    Aliases,
    Directives,
    Variables,
    Arguments,
}

impl Measure {
    /// Refuses an amount above the limit.
    pub(super) fn check(
        self,
        found: impl TryInto<u64>,
        limit: impl TryInto<u64>,
    ) -> Result<(), TooMuch> {
        let found = found.try_into().unwrap_or(u64::MAX);
        let limit = limit.try_into().unwrap_or(u64::MAX);
        if found <= limit {
            return Ok(());
        }
        Err(TooMuch::Over {
            measure: self,
            found,
            limit,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::DocumentBytes => "bytes in the document",
            Self::Words => "names, values, opening brackets and comments in the document",
            Self::NameBytes => "bytes in a name",
            Self::Nesting => "levels of brackets, or of selections with fragments in their place",
            Self::Depth => "levels of fields",
            Self::IntrospectionDepth => "levels of fields in `__schema` or `__type`",
            Self::IntrospectionLists => "levels of lists in `__schema` or `__type`",
            Self::Fields => "fields, with fragments in their place",
            Self::Parts => {
                "fields, spreads, arguments, directives and values, with fragments and variables in their place"
            }
            Self::Nodes => "items of pages and lists of ids",
            Self::Values => "values, counting each field once for every item",
            Self::Cost => "points, one for each object that may have to be fetched",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::Variables => "variables",
            Self::Arguments => "arguments of one field or directive",
        }
    }
}

impl TooMuch {
    /// Returns the error's code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Over { .. } => Code::QueryTooComplex,
            Self::UnclosedString | Self::Unreadable(_) => Code::ParseFailed,
            Self::InputFieldTwice(_) | Self::FragmentCycle(_) | Self::NotOneField(_) => {
                Code::ValidationFailed
            }
        }
    }

    /// Returns the message: what is wrong, and what is allowed.
    pub fn message(&self) -> String {
        match self {
            Self::Over {
                measure,
                found,
                limit,
            } => {
                let words = measure.words();
                format!("This has {found} {words}; at most {limit} are allowed.")
            }
            Self::UnclosedString => "A block string (\"\"\") is not closed.".to_owned(),
            Self::Unreadable(what) => format!("The document does not parse: {what}."),
            Self::InputFieldTwice(name) => {
                format!("There can only be one input field named \"{name}\".")
            }
            Self::FragmentCycle(name) => {
                format!("The fragment \"{name}\" spreads itself, directly or through others.")
            }
            Self::NotOneField(what) => {
                format!("The root of a subscription must be a single field: {what}.")
            }
        }
    }
}
