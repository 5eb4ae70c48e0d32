//! The tables: one file each, with columns and relations only. Rules live in the service's domains.
//!
//! Enumerations are stored as their snake-case names, so that people can read a row. Every instant is UTC with
//! microseconds.

// Macros of the persistence library generate the types of these modules. A column is documented only if its name does
// not explain it.
#![allow(missing_docs)]

pub mod account;
pub mod account_code;
pub mod announced_secrets;
pub mod cadence_change;
pub mod change;
pub mod change_feed;
pub mod check_in;
pub mod check_in_reminder;
pub mod circle;
pub mod circle_invitation;
pub mod circle_membership;
pub mod commitment;
pub mod commitment_day;
pub mod consent;
pub mod device;
pub mod email_change;
pub mod emotion;
pub mod handle_claim;
pub mod ids;
pub mod job;
pub mod ladder;
pub mod ladder_rung;
pub mod ladder_telling;
pub mod life_context;
pub mod meeting;
pub mod meeting_change;
pub mod meeting_occurrence;
pub mod member;
pub mod member_language;
pub mod member_life_context;
pub mod member_topic;
pub mod network_member;
pub mod notification;
pub mod pact;
pub mod pact_nudge;
pub mod pact_side;
pub mod past_day_terms;
pub mod pause;
pub mod peering;
pub mod pending_sign_up;
pub mod persisted_document;
pub mod progress;
pub mod push_delivery;
pub mod push_tally;
pub mod quiet_hours;
pub mod rate_limit;
pub mod received_words;
pub mod rsvp;
pub mod schema_step;
pub mod secret_check;
pub mod session;
pub mod superseded_terms;
pub mod topic;
pub mod used_sign_up_id;
pub mod zone_data;

pub use ids::*;
