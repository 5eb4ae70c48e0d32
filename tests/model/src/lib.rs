//! Models of the outbox and of the write transaction, small enough for a checker to try every order of events.
//!
//! The models do not depend on the product. They repeat in few lines what its statements do, and name the functions
//! beside them. A change of one of those functions must change the model too.
//!
//! [`outbox`] follows one notification to one device, with two workers. [`transaction`] follows one write transaction
//! that the service and a phone retry. A property has the name of the integration test in `tests/it` that tries the
//! same on the product, if there is one.
//!
//! Each protection of the design can be left out ([`outbox::Protection`], [`transaction::Protection`]). The tests show
//! that the checker then finds the error.

pub mod outbox;
pub mod transaction;
