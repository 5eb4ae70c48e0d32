//! Configuration: `config.default.toml`, then a file, then the environment. It is checked before anything starts. A
//! value that cannot be parsed is reported alone; all other faults are reported at once.

mod bus;
mod check;
mod env;
mod fault;
mod load;
mod pairs;
mod postgres_url;
mod production;
mod proxies;
mod strength;
mod types;

pub use bus::{NatsLogin, NatsServers};
pub use check::LEAST_POINTS;
pub use env::variable;
pub use fault::{ConfigError, Fault};
pub use load::{DEFAULTS, file_with_secrets, load, load_from};
pub use postgres_url::PostgresUrl;
pub use production::is_local;
pub use proxies::Proxies;
pub use types::*;
