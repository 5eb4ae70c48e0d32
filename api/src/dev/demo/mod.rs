//! A community made up for demonstration: sixty men, six circles, three weeks of check-ins and the
//! meetings of this week. It is made through the API itself, as apps would make it, under a clock that
//! goes from day to day; so all of it is as it would be had it really happened.

mod client;
mod community;
mod partners;
mod people;

pub use community::{Cast, OPEN_MEETINGS, PASSPHRASE, build};
