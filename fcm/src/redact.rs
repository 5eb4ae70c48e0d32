//! `Debug` for what must not be printed.

/// Gives types that hold an address or words meant for one person a `Debug` that shows their name
/// only, so that a message can be part of a larger `Debug` without being disclosed by it.
macro_rules! opaque_debug {
    ($($name:ty),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}

pub(crate) use opaque_debug;
