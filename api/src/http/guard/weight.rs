//! The weight of a selection, in every measure at once. A fragment is weighed once, however often it is spread.
//! Measures that depend on the place of the spread are multiplied there.

/// What a selection answers for one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    /// Objects that may have to be fetched.
    pub objects: u64,
    /// Items of pages and of lists of ids.
    pub nodes: u64,
    /// Fields.
    pub values: u64,
}

impl Answers {
    pub fn plus(self, other: Self) -> Self {
        Self {
            objects: self.objects.saturating_add(other.objects),
            nodes: self.nodes.saturating_add(other.nodes),
            values: self.values.saturating_add(other.values),
        }
    }

    pub fn times(self, times: u64) -> Self {
        Self {
            objects: self.objects.saturating_mul(times),
            nodes: self.nodes.saturating_mul(times),
            values: self.values.saturating_mul(times),
        }
    }
}

/// The weight of a selection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weight {
    /// Fields.
    pub fields: u64,
    /// Fields of the outermost level.
    pub roots: u64,
    /// Everything that validation visits.
    pub parts: u64,
    /// The levels of nested fields.
    pub depth: usize,
    /// The levels of nested lists of introspection.
    pub lists: usize,
    /// The levels of nested selections.
    pub nesting: usize,
    /// What the object answers once.
    pub once: Answers,
    /// What the object answers once for each item, if it is a page: `edges` and `nodes`.
    pub each: Answers,
    /// Whether the selection has fields that only pages have.
    pub of_page: bool,
}

impl Weight {
    /// Adds a selection beside this one.
    pub fn plus(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            roots: self.roots.saturating_add(other.roots),
            parts: self.parts.saturating_add(other.parts),
            depth: self.depth.max(other.depth),
            lists: self.lists.max(other.lists),
            nesting: self.nesting.max(other.nesting),
            once: self.once.plus(other.once),
            each: self.each.plus(other.each),
            of_page: self.of_page || other.of_page,
        }
    }

    /// The weight of parts that are not fields.
    pub fn of_parts(parts: u64) -> Self {
        Self {
            parts,
            ..Self::default()
        }
    }
}
