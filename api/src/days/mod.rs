//! Days and times of day on a member's clock: pure rules that hold through changes of clocks and zones.

mod bounds;
pub mod cadence;
pub mod calendar;
pub mod local_time;
mod member_days;
mod quiet_hours;

pub use bounds::{day_bounds, member_day};
pub use member_days::MemberDays;
pub use quiet_hours::QuietHours;
