//! Profiles: what a man tells of himself, and to whom.
//!
//! The promises: a handle belongs to one man, whatever its case or look-alike letters, and nobody else takes it for
//! 90 days when he gives it up; what a viewer may
//! not see looks exactly like what is not there; a partial update never clears what was not sent. A topic
//! is health data: nobody sees it until its owner says who may.

mod availability;
pub mod disclosure;
mod handle;
mod handle_store;
mod lists;
pub mod model;
mod reserved;
pub mod service;
mod store;
mod visibility;

pub use availability::{Availability, ContactMode, ContactModes, DayPart};
pub use handle::Handle;
pub use visibility::{Relation, Visibility, admits};
