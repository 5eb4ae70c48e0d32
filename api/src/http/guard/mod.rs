//! Bounds the cost of a document before anything walks it. The GraphQL library's own rules follow every fragment
//! wherever it is spread, so a kilobyte of fragments could keep them busy for minutes.
//!
//! [`scan`] checks the text before it is parsed. [`rewrite`] puts it into words that the parser knows. [`price`] checks
//! the parsed document before it is validated. [`single_root`] gives a subscription the shape that the library runs.
//! All are linear in their input.
//!
//! An operation's **cost** is one point for every object that it may have to fetch: each field with a selection, times
//! the sizes of the pages (`first`, `last`, or 20) and of the lists of `ids` around it. Each root field of a mutation
//! costs ten points more. The cost is at least 1. Selections that a directive skips count too.

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

/// The limits of a document.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The length of the text, in bytes.
    pub document_bytes: usize,
    /// The names, values, opening brackets and comments: they decide how long parsing takes.
    pub words: usize,
    /// The length of a name, in bytes: errors repeat names.
    pub name_bytes: usize,
    /// Nested brackets in the text, and nested selections with every fragment in its place.
    pub nesting: usize,
    /// Nested fields. `__schema` and `__type` have limits of their own.
    pub depth: usize,
    /// Nested fields within `__schema` or `__type`.
    pub introspection_depth: usize,
    /// Nested lists in `__schema` or `__type`.
    pub introspection_lists: usize,
    /// Fields, with every fragment in its place.
    pub fields: u64,
    /// Everything that a validation rule visits, with every fragment and every variable in its place: fields, spreads,
    /// arguments, directives, values.
    pub parts: u64,
    /// The items of all pages and of all lists of ids that an operation may answer.
    pub nodes: u64,
    /// The values that an operation may answer: each field counts once for every object that it is asked of.
    pub values: u64,
    /// The cost of an operation. The smallest bucket that can be configured holds this much; otherwise some document
    /// within all other limits could never be paid for.
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
    /// The limits for apps.
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
