//! Members' days: when they begin, which are planned for check-ins, and the progress they add up to.

mod kept;
mod plan;
mod zones;

pub use self::kept::from_scratch;
