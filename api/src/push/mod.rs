//! Push: the transports to the providers that deliver messages to phones.
//!
//! Only a neutral phrase and an opaque id leave, nothing about the member's life. A provider that asks for a pause, or
//! refuses everything, closes the [`CircuitBreaker`].

mod address;
pub mod alert;
pub mod circuit_breaker;
mod fcm;
pub mod message;
mod outcome;
mod terminal;
pub mod transport;

pub use address::Address;
pub(crate) use address::printable;
pub use circuit_breaker::CircuitBreaker;
pub use outcome::Outcome;
pub use transport::Transport;

use std::sync::Arc;

/// The push sender of this process.
pub struct Sender {
    /// The transport.
    pub transport: Arc<dyn Transport>,
    /// The gate that can stop it.
    pub gate: CircuitBreaker,
}
