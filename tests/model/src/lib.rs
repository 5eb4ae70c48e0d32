//! Models of the outbox and of the write transaction, small enough that a checker tries every order of events.
//!
//! They depend on nothing of the product: they say again, in few lines, what its statements do, and the names of the
//! functions are given beside them. Whoever changes one of those changes the model with it.
//!
//! [`outbox`] follows one notification to one device, with two workers. [`transaction`] follows one write transaction
//! that is tried again, by the service and by a phone. A property has the name of the integration test in `tests/it`
//! that tries the same on the real thing, where there is one.
//!
//! Each protection of the design can be left out ([`outbox::Protection`], [`transaction::Protection`]). The tests show
//! that the checker then finds what goes wrong.

pub mod outbox;
pub mod transaction;
