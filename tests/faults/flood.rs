//! Strangers who flood.

use crate::Fault;

pub const FAULTS: &[Fault] = &[];
