//! Checks the models: as the product is, and with a protection left out.

mod outbox;
mod outbox_without;
mod support;
mod transaction;
