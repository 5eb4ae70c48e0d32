//! `node` and `nodes`: anything that has an id, by its id (Relay's Object Identification).

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

/// Something that has an id of its own, and can be fetched by it.
#[derive(Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, and the same for ever."))]
pub enum Node {
    /// A member, as you may see him.
    Member(Box<Member>),
    /// A circle you are in.
    Circle(Circle),
    /// That somebody invites you into a circle.
    CircleInvitation(Box<CircleInvitation>),
    /// A meeting you may go to.
    Meeting(Box<Meeting>),
    /// One time a meeting takes place.
    MeetingOccurrence(Box<MeetingOccurrence>),
    /// A check-in of yours.
    CheckIn(Box<CheckIn>),
    /// A pause of yours.
    Pause(Pause),
    /// A device of yours.
    Device(Device),
    /// A line in your inbox.
    Notification(Notification),
    /// Another man and you, as partners or about to be.
    Peering(Box<Peering>),
    /// What your partner and you agreed to, or are about to.
    Pact(Box<Pact>),
    /// A few words between your partner and you.
    PactNudge(PactNudge),
    /// Words that somebody sent you, and that you see nowhere else any more.
    ReceivedWords(Box<ReceivedWords>),
    /// That a man would like you to be told when he goes quiet.
    LadderRequest(Box<LadderRequest>),
    /// That somebody was told of a man who went quiet: you, or by your ladder another.
    LadderTelling(Box<LadderTelling>),
    /// A device on which you are signed in.
    Session(Session),
    /// What you mean to do, or your partner, who lets you see it.
    Commitment(Box<Commitment>),
}

/// The most ids one `nodes` takes.
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

/// What has these ids and may be seen by who asks: one statement for each kind of thing among them, and one for the
/// men in them where there are any.
pub async fn load(ctx: &Context<'_>, keys: &[Key]) -> GqlResult<HashMap<Key, Node>> {
    // To somebody who has not signed in nothing is there.
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

/// Anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// What has this id; null when there is nothing, or nothing that you may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of anything that implements `Node`.")] id: ID,
    ) -> Nullable<Node> {
        let found = load_all(ctx, &[id]).await;
        found.map(|mut found| found.pop().flatten()).transpose()
    }

    /// What has these ids, in their order, with null for those that are not there or not yours to see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Nullable<Vec<Option<Node>>> {
        Some(load_all(ctx, &ids).await)
    }
}
