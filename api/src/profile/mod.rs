//! Profiles: what a man tells of himself, and to whom.
//!
//! The promises: a handle belongs to one man, whatever its case or look-alike letters; what a viewer may
//! not see looks exactly like what is not there; a partial update never clears what was not sent.

mod country;
mod handle;
mod language;
pub mod service;

pub use country::Country;
pub use handle::Handle;
pub use language::Language;
