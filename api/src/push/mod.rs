//! Push: from a planned notification to the provider that takes it to a phone.
//!
//! The promises: what leaves is a neutral phrase and an opaque id, nothing of what a man deals with; nothing
//! is sent with a transaction open; what was sent and not recorded, because the process died in between, is
//! sent once more and replaces itself on the phone; an address is only given up on the provider's second word about
//! that very address, and never in masses; until then what is owed to it waits; one provider's bad hour does not wear out
//! anybody's nudges.

mod alert;
mod fcm;
pub mod gate;
pub mod message;
pub mod model;
pub mod service;
mod store;
mod tally;
mod terminal;
pub mod transport;
mod trial;
mod verdict;

pub use gate::Gate;
pub use model::Outcome;
pub use transport::Transport;

use std::sync::Arc;

/// The sender of this process: the way out, and when it is closed.
pub struct Sender {
    /// The way out.
    pub transport: Arc<dyn Transport>,
    /// When it is closed.
    pub gate: Gate,
}
