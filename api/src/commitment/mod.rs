//! Commitments: a member's plans, for one day or for every week, and their outcome.
//!
//! Promises:
//!
//! - Nothing counts as a failure. The member can answer that something was not done, carry it over to a later day, or
//!   leave it alone. Nobody counts.
//! - A day is the member's own, through clock changes and travel.
//! - A partner sees a commitment while its owner shares it with them and the two are partners. The partner can only
//!   read it.
//! - The partner is invited to ask how it went: once for each due day, on the day after. A day that was carried over or
//!   lay in a pause is left out.
//! - Due days follow from the plan and from the stored state of single days ([`model`]).
//! - The words are encrypted at rest.

pub mod model;
pub mod service;
mod store;
