//! Partial updates: an omitted field stays as it is.

/// The change of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field was not sent: keep it.
    #[default]
    Leave,
    /// Replace the field with this value.
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
