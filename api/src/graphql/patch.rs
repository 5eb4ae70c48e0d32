//! Reads the fields of a partial update: omitted, null, or a value.

use async_graphql::MaybeUndefined;

use crate::patch::Change;
use crate::problem::{Problem, Problems};
use crate::text::{TextForm, required};

/// Reads a field that cannot be cleared. Null is a problem.
pub fn needed<T, V>(
    problems: &mut Problems,
    field: &str,
    sent: MaybeUndefined<T>,
    parse: impl FnOnce(T) -> Result<V, Problem>,
) -> Change<V> {
    let parsed = match sent {
        MaybeUndefined::Undefined => return Change::Leave,
        MaybeUndefined::Null => Err(required(field)),
        MaybeUndefined::Value(value) => parse(value),
    };
    problems.check(parsed).map_or(Change::Leave, Change::Put)
}

/// Reads a field for which null means the same as omission.
pub fn null_as_omitted<T, V: From<T>>(sent: MaybeUndefined<T>) -> Change<V> {
    match sent {
        MaybeUndefined::Undefined | MaybeUndefined::Null => Change::Leave,
        MaybeUndefined::Value(value) => Change::Put(value.into()),
    }
}

/// Reads a text that null clears.
pub fn prose(
    problems: &mut Problems,
    field: &str,
    form: TextForm,
    sent: MaybeUndefined<String>,
) -> Change<Option<String>> {
    let read = match sent {
        MaybeUndefined::Undefined => return Change::Leave,
        MaybeUndefined::Null => Ok(None),
        MaybeUndefined::Value(text) => form.read(field, &text),
    };
    problems.check(read).map_or(Change::Leave, Change::Put)
}

/// Reads a choice that null clears.
pub fn clearable<T, V: From<T>>(sent: MaybeUndefined<T>) -> Change<Option<V>> {
    match sent {
        MaybeUndefined::Undefined => Change::Leave,
        MaybeUndefined::Null => Change::Put(None),
        MaybeUndefined::Value(value) => Change::Put(Some(value.into())),
    }
}

/// Reads a list that null empties.
pub fn list<T, V>(sent: MaybeUndefined<Vec<T>>, gather: impl FnOnce(Vec<T>) -> V) -> Change<V> {
    match sent {
        MaybeUndefined::Undefined => Change::Leave,
        MaybeUndefined::Null => Change::Put(gather(Vec::new())),
        MaybeUndefined::Value(items) => Change::Put(gather(items)),
    }
}
