//! Checks the models: with every protection, as in the product, and with one or more left out.

mod outbox;
mod outbox_without;
mod support;
mod transaction;
