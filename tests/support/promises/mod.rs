//! What a service under load promised, and whether it kept it: members who check in and answer to meetings, a book of what
//! they were told, and a reckoning with the database and the push provider.

mod cast;
mod load;
mod reckoning;
mod steady;

pub use cast::Cast;
pub use load::{Act, Book, Clients, Load, Seen};
pub use reckoning::{Reckoned, is_at_rest, reckon};
pub use steady::{Members, Steady, Weathered};
