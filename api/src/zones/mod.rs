//! Time zones, with data that can be renewed without a release.
//!
//! Governments change their clocks at a few weeks' notice. The rules come from the newer of two sources: the copy in
//! this program and the files of the system. A folder that the operator names wins over both (see [`source`]). Names
//! that the chosen data lack are taken from the copy in this program, so that no stored name becomes unknown.
//!
//! `jiff` reads the files and applies the rules (RFC 9636, with the rule for all years after the last in the file). A
//! [`Zone`] is a pointer. Looking up an offset is a binary search of its changes, without a lock or an allocation.

mod data;
mod in_use;
pub mod source;
#[cfg(test)]
mod tests;
mod version;
mod zone;

/// Returns a zone, for tests.
///
/// # Panics
/// If there is no zone of this name.
#[cfg(test)]
pub fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

pub use data::{bundled_version, names};
pub use in_use::InUse;
pub use source::{Installed, Origin};
pub use version::Version;
pub use zone::{Gap, UnknownZone, Zone, ZoneOffset};
