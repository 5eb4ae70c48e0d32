//! Time zones: whose wall clock shows what, by data that can be renewed without a release.
//!
//! Governments change their clocks at a few weeks' notice. The rules come from the newest of two places: the copy in
//! this program and the files of the system; a folder that the operator names wins over both (see [`source`]). Names
//! that the chosen data lacks are taken from the copy in this program, so that no stored name becomes unknown.
//!
//! The files are read and the rules applied by `jiff` (RFC 9636, with the rule for all years after the last in the
//! file). A [`Zone`] is a pointer: looking up an offset searches its changes by halving, without a lock or an
//! allocation.

mod data;
mod in_use;
pub mod source;
#[cfg(test)]
mod tests;
mod version;
mod zone;

/// A zone, for tests.
///
/// # Panics
/// When there is no zone of this name.
#[cfg(test)]
pub fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

pub use data::{bundled_version, names};
pub use in_use::InUse;
pub use source::{Installed, Origin};
pub use version::Version;
pub use zone::{Gap, UnknownZone, Zone, ZoneOffset};
