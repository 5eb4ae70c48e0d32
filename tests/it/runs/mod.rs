//! Runs of days, as pure rules: what a member's days add up to.

mod days;
mod history;
mod properties;
