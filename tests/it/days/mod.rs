//! Members' days: where they begin, what was meant for them, and what they add up to.

mod kept;
mod plan;
mod zones;

pub use self::kept::from_scratch;
