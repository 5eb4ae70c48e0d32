//! Profiles: what a member tells about himself, and to whom.
//!
//! Promises:
//!
//! - A handle belongs to one member, whatever its case or look-alike letters. When he gives it up, nobody else can
//!   take it for 90 days.
//! - What a viewer may not see looks exactly like what does not exist.
//! - A partial update never clears a field that was left out of it.
//! - A topic is health data: nobody sees it until its owner says who may.

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
