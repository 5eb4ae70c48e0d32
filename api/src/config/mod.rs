//! Configuration: `config.default.toml`, then a file, then the environment; checked before anything
//! starts, with every fault named at once.

mod check;
mod load;
mod types;

pub use load::{ConfigError, DEFAULTS, Fault, load, load_from};
pub use types::*;
