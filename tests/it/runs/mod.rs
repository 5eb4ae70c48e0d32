//! Runs that forgive, as a pure rule: what a member's days add up to.

mod days;
mod history;
mod properties;
