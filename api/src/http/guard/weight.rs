//! How much there is of a selection, in every measure at once. A fragment is weighed once, however often it
//! is spread; what depends on the place it is spread in is a product taken there.

/// What a selection is to the objects that answer it.
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

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weight {
    /// Fields.
    pub fields: u64,
    /// Fields of the outermost level.
    pub roots: u64,
    /// All that validation looks at.
    pub parts: u64,
    /// Fields within fields.
    pub depth: usize,
    /// Introspection's lists within lists.
    pub lists: usize,
    /// Selections within selections.
    pub nesting: usize,
    /// What is answered once by the object that is asked.
    pub once: Answers,
    /// What is answered once for each item of it, if it is a page: `edges` and `nodes`.
    pub each: Answers,
    /// Whether fields are asked for that only pages have.
    pub of_page: bool,
}

impl Weight {
    /// This selection and another, side by side.
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

    /// Parts that are no fields.
    pub fn of_parts(parts: u64) -> Self {
        Self {
            parts,
            ..Self::default()
        }
    }
}
