//! Push: the ways out to the providers that take a message to a phone.
//!
//! What leaves is a neutral phrase and an opaque id, nothing of what a member deals with. A provider that asks for a
//! pause, or refuses everything, closes the [`Gate`].

mod address;
pub mod alert;
mod fcm;
pub mod gate;
pub mod message;
mod outcome;
mod terminal;
pub mod transport;

pub use address::Address;
pub(crate) use address::printable;
pub use gate::Gate;
pub use outcome::Outcome;
pub use transport::Transport;

use std::sync::Arc;

/// The sender of this process: the way out, and when it is closed.
pub struct Sender {
    /// The way out.
    pub transport: Arc<dyn Transport>,
    /// When it is closed.
    pub gate: Gate,
}
