//! Meetings in the GraphQL schema.

mod change;
mod rsvp;
mod schedule;
mod types;

pub use change::ChangeMeetingMutation;
pub use rsvp::RsvpMutation;
pub use schedule::ScheduleMeetingMutation;
pub use types::{
    Meeting, MeetingFormat, MeetingMe, MeetingOccurrence, MeetingQuery, OccurrenceStatus,
    RsvpAnswer, load_meetings, load_occurrences,
};

use async_graphql::ID;

use crate::node_id::NodeId;
use crate::problem::{Problem, ProblemCode};

/// Reads an id. One that cannot be read is reported like one of something that does not exist.
fn read_id<I: NodeId>(field: &str, id: &ID) -> Result<I, Problem> {
    I::from_global(id).ok_or_else(|| not_there(field))
}

fn not_there(field: &str) -> Problem {
    Problem::field(field, ProblemCode::NotFound, "It does not exist.")
}
