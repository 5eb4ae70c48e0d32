//! Pacts: two partners agree to keep each other company.
//!
//! The promises: each gives what he chooses, for as long as he agreed to, and takes it back at once, without the other's
//! doing; nothing is given before both said yes, or once it is over, in whatever way it came to its end; a no looks like
//! silence. Of a nudge there are at most two a day between two men, none at night, and none for a man who is well taken
//! care of today: and who may not be nudged now is not told apart by why.
//!
//! What is given is given from the moment somebody agreed: nothing that is older is read. What was received is the
//! receiver's: nudges, wishes and proposals stay readable to him for ninety days after they are to be seen nowhere else,
//! whatever becomes of the sender.

pub mod model;
pub mod service;
mod store;
