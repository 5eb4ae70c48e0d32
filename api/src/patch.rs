//! A partial update: what is left out of it stays as it is.

/// What becomes of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Nothing was sent: it stays.
    #[default]
    Leave,
    /// This takes its place.
    Put(T),
}

impl<T: Clone> Change<T> {
    /// Makes the change.
    pub fn apply(&self, field: &mut T) {
        if let Self::Put(value) = self {
            field.clone_from(value);
        }
    }
}
