//! Days and times of day by a member's own clock: pure rules, through changes of the clock and of zones.

mod bounds;
pub mod cadence;
pub mod calendar;
pub mod local_time;
mod quiet_hours;

pub use bounds::{day_bounds, member_day};
pub use quiet_hours::QuietHours;
