//! Deliveries: from a planned notification to what the push provider said of it.
//!
//! The promises: nothing is sent with a transaction open; what was sent and not recorded, because the process died in
//! between, is sent once more and replaces itself on the phone; an address is only given up on the provider's second word
//! about that very address, and never in masses; until then what is owed to it waits; one provider's bad hour does not wear
//! out anybody's nudges.

pub mod service;
mod settle;
mod store;
mod tally_store;
mod trial;
mod verdict;
