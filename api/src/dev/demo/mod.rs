//! A made-up community for demonstration: sixty members, six circles, three weeks of check-ins and this week's
//! meetings. It is created through the API, as apps would do it, with a clock that moves from day to day. So all data
//! are as if it had really happened.

mod client;
mod community;
mod partners;
mod people;

pub use community::{Cast, OPEN_MEETINGS, PASSPHRASE, build};
