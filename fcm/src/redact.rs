//! `Debug` without content.

/// Gives types that contain an address or a person's message a `Debug` that shows only their name. A larger `Debug` can
/// then include a message without disclosing it.
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
