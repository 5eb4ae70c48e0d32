//! `node` and `nodes`: fetches anything with a global id (Relay's Object Identification).

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use entity::{
    CheckInId, CircleId, CircleInvitationId, CommitmentId, DeviceId, MeetingId, MemberId,
    NotificationId, OccurrenceId, PactId, PactNudgeId, PauseId, PeeringId, ReceivedId, RungId,
    SessionId, TellingId,
};

use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::{Key, NodeId, decode};
use crate::schema::account::{Session, load_sessions};
use crate::schema::checkin::{CheckIn, Pause, load_check_ins, load_pauses};
use crate::schema::circle::{Circle, CircleInvitation, load_circle_invitations, load_circles};
use crate::schema::commitment::{Commitment, load_commitments};
use crate::schema::device::{Device, load_devices};
use crate::schema::ladder::{
    LadderRequest, LadderTelling, load_ladder_requests, load_ladder_tellings,
};
use crate::schema::matching::{Peering, load_peerings};
use crate::schema::meeting::{Meeting, MeetingOccurrence, load_meetings, load_occurrences};
use crate::schema::notification::{Notification, load_notifications};
use crate::schema::pact::{
    Pact, PactNudge, ReceivedWords, load_pact_nudges, load_pacts, load_received,
};
use crate::schema::profile::{Member, load_members};

/// Something with a global id, by which you can fetch it.
#[derive(Clone, Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id: opaque, and never changes."
))]
pub enum Node {
    /// A member, as far as you can see the member.
    Member(Box<Member>),
    /// A circle you are in.
    Circle(Circle),
    /// An invitation for you to join a circle.
    CircleInvitation(Box<CircleInvitation>),
    /// A meeting you may go to.
    Meeting(Box<Meeting>),
    /// One occurrence of a meeting.
    MeetingOccurrence(Box<MeetingOccurrence>),
    /// A check-in of yours.
    CheckIn(Box<CheckIn>),
    /// A pause of yours.
    Pause(Pause),
    /// A device of yours.
    Device(Device),
    /// A notification in your inbox.
    Notification(Notification),
    /// You and another member, as partners or with a proposal to be partners.
    Peering(Box<Peering>),
    /// The agreement between you and your partner, proposed or in force.
    Pact(Box<Pact>),
    /// A nudge between you and your partner.
    PactNudge(PactNudge),
    /// Words that somebody sent you, and that you can no longer see anywhere else.
    ReceivedWords(Box<ReceivedWords>),
    /// A member's request that you be notified when that member goes quiet.
    LadderRequest(Box<LadderRequest>),
    /// A notice that a member has gone quiet: to you, or by your ladder to another member.
    LadderTelling(Box<LadderTelling>),
    /// A device on which you are signed in.
    Session(Session),
    /// A commitment of yours, or of a partner who shares it with you.
    Commitment(Box<Commitment>),
}

/// The most ids that one `nodes` takes.
const MAX_IDS: usize = 100;

macro_rules! load {
    ($ctx:ident, $keys:ident; $($id:ident: $load:ident => $node:expr,)+) => {{
        let mut found = HashMap::new();
        $(
            let ids: Vec<$id> = $keys
                .iter()
                .filter(|(tag, _)| *tag == $id::TAG)
                .map(|(_, id)| $id::from(*id))
                .collect();
            if !ids.is_empty() {
                let there = $load($ctx, &ids).await?.into_iter();
                found.extend(there.map(|(id, it)| (($id::TAG, id.uuid()), $node(it))));
            }
        )+
        found
    }};
}

/// Fetches the nodes with these ids that the viewer may see. Runs one statement for each kind of node among them, and
/// one for the members in them if there are any.
pub async fn load(ctx: &Context<'_>, keys: &[Key]) -> GqlResult<HashMap<Key, Node>> {
    // An anonymous caller sees no nodes.
    ctx.member()?;
    Ok(load! { ctx, keys;
        MemberId: load_members => |it| Node::Member(Box::new(it)),
        CircleId: load_circles => Node::Circle,
        CircleInvitationId: load_circle_invitations => |it| Node::CircleInvitation(Box::new(it)),
        MeetingId: load_meetings => |it| Node::Meeting(Box::new(it)),
        OccurrenceId: load_occurrences => |it| Node::MeetingOccurrence(Box::new(it)),
        CheckInId: load_check_ins => |it| Node::CheckIn(Box::new(it)),
        PauseId: load_pauses => Node::Pause,
        DeviceId: load_devices => Node::Device,
        NotificationId: load_notifications => Node::Notification,
        PeeringId: load_peerings => |it| Node::Peering(Box::new(it)),
        PactId: load_pacts => |it| Node::Pact(Box::new(it)),
        PactNudgeId: load_pact_nudges => Node::PactNudge,
        ReceivedId: load_received => |it| Node::ReceivedWords(Box::new(it)),
        RungId: load_ladder_requests => |it| Node::LadderRequest(Box::new(it)),
        TellingId: load_ladder_tellings => |it| Node::LadderTelling(Box::new(it)),
        SessionId: load_sessions => Node::Session,
        CommitmentId: load_commitments => |it| Node::Commitment(Box::new(it)),
    })
}

async fn load_all(ctx: &Context<'_>, ids: &[ID]) -> GqlResult<Vec<Option<Node>>> {
    if ids.len() > MAX_IDS {
        ctx.member()?;
        return Err(GqlError::BadUserInput("`ids` takes at most 100 ids."));
    }
    let keys: Vec<Option<Key>> = ids.iter().map(decode).collect();
    let mut wanted: Vec<Key> = keys.iter().flatten().copied().collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = load(ctx, &wanted).await?;
    let node = |key: Option<Key>| found.get(&key?).cloned();
    Ok(keys.into_iter().map(node).collect())
}

/// Fetches anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The node with this id; null if there is none, or none that you may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of anything that implements `Node`.")] id: ID,
    ) -> Nullable<Node> {
        let found = load_all(ctx, &[id]).await;
        found.map(|mut found| found.pop().flatten()).transpose()
    }

    /// The nodes with these ids, in the same order; null for each that does not exist or that you may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Nullable<Vec<Option<Node>>> {
        Some(load_all(ctx, &ids).await)
    }
}
