//! Checks that a service under load keeps its promises. Members check in and answer meetings, a book records what the
//! service acknowledged, and the reckoning compares that with the database and the push provider.

mod cast;
mod load;
mod reckoning;
mod steady;

pub use cast::Cast;
pub use load::{Act, Book, Clients, Load, Seen};
pub use reckoning::{Reckoned, is_at_rest, reckon};
pub use steady::{Members, Steady, Weathered};
