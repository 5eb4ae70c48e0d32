//! What a document may cost, known before anything walks it: the GraphQL library's own rules follow every
//! fragment wherever it is spread, so that a kilobyte of fragments can keep them busy for minutes.
//!
//! [`scan`] looks at the text before it is parsed, [`rewrite`] puts it into words that the parser knows, [`price`] looks at the parsed document before it is validated,
//! and [`single_root`] gives a subscription the shape the library runs. All are linear in what they are given.
//!
//! An operation's **cost** is one point for every object it may have to fetch: each field with a selection,
//! times the sizes of the pages (`first`, `last`, or 20) and of the lists of `ids` it stands in; and ten more
//! for each field at the root of a mutation. It is at least 1. What is skipped by a directive counts.

mod price;
mod refusal;
mod rewrite;
mod scan;
mod single_root;
#[cfg(test)]
mod tests;
mod values;
mod weight;

pub use price::price;
pub use refusal::TooMuch;
pub use rewrite::rewrite;
pub use scan::scan;
pub use single_root::single_root;

use crate::config::LEAST_POINTS;

/// What a document may come to.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The length of its text, in bytes.
    pub document_bytes: usize,
    /// The names, values, opening brackets and comments in it: what the parser takes its time for.
    pub words: usize,
    /// The length of a name in it, in bytes: errors repeat names.
    pub name_bytes: usize,
    /// Brackets within brackets in the text, and selections within selections with every fragment in its
    /// place.
    pub nesting: usize,
    /// Fields within fields; `__schema` and `__type` have their own.
    pub depth: usize,
    /// Fields within `__schema` or `__type`.
    pub introspection_depth: usize,
    /// Lists within lists in `__schema` or `__type`.
    pub introspection_lists: usize,
    /// Fields, with every fragment in its place.
    pub fields: u64,
    /// Whatever a rule of validation looks at, with every fragment and every variable in its place: fields,
    /// spreads, arguments, directives, values.
    pub parts: u64,
    /// The items of all pages and of all lists of ids that an operation may answer.
    pub nodes: u64,
    /// The values an operation may answer: fields, as often as there are objects to ask.
    pub values: u64,
    /// The cost of an operation: the smallest bucket there may be holds so much, or some document within every
    /// other limit could never be paid for.
    pub cost: u64,
    /// Aliases, as written.
    pub aliases: usize,
    /// Directives, as written.
    pub directives: usize,
    /// Variables, of all operations together.
    pub variables: u64,
    /// Arguments of one field or directive.
    pub arguments: u64,
}

impl Limits {
    /// What an app may ask for.
    pub const STANDARD: Self = Self {
        document_bytes: 32 * 1024,
        words: 3_000,
        name_bytes: 128,
        nesting: 32,
        depth: 12,
        introspection_depth: 20,
        introspection_lists: 3,
        fields: 1_000,
        parts: 5_000,
        nodes: 5_000,
        values: 50_000,
        cost: LEAST_POINTS,
        aliases: 30,
        directives: 20,
        variables: 100,
        arguments: 10,
    };
}
