//! The ladder: what is to happen when a man goes quiet, as he wrote it himself while he was well.
//!
//! The promises: nobody is told but whom he chose, and who agreed to be; no sooner than he chose, and no more than he
//! chose; he can see beforehand whom it will tell and when, and afterwards whom it told. Whatever he does that shows he
//! is here (a check-in, a pause, a word that he is all right) takes it back to its foot in the same transaction: from
//! then on nothing is told of the days before. Who was told hears that he is back.

pub mod model;
pub mod service;
mod store;
mod when;
