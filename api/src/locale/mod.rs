//! Countries and languages, as apps name them.

mod country;
mod language;

pub use country::Country;
pub use language::Language;
