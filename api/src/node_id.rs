//! Global ids: opaque to apps, typed to us.

use async_graphql::ID;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{
    CheckInId, CircleId, CircleInvitationId, CommitmentId, DeviceId, MeetingId, MemberId,
    NotificationId, OccurrenceId, PactId, PactNudgeId, PauseId, PeeringId, ReceivedId, RungId,
    SessionId, TellingId,
};
use uuid::Uuid;

/// The id type of a node of the schema.
pub trait NodeId: Copy + From<Uuid> + 'static {
    /// The byte before the UUID in a global id. It must never change once released.
    const TAG: u8;

    /// Returns the UUID.
    fn uuid(self) -> Uuid;

    /// Returns the id as apps see it.
    fn global(self) -> ID {
        encode((Self::TAG, self.uuid()))
    }

    /// Reads an id of this type. Returns `None` for the id of another type, or for a malformed one.
    fn from_global(id: &ID) -> Option<Self> {
        match decode(id)? {
            (tag, uuid) if tag == Self::TAG => Some(Self::from(uuid)),
            _ => None,
        }
    }
}

/// The tag and the UUID of a global id.
pub type Key = (u8, Uuid);

/// Writes the global id of a tag and a UUID.
pub fn encode((tag, uuid): Key) -> ID {
    let mut bytes = [tag; 17];
    bytes[1..].copy_from_slice(uuid.as_bytes());
    ID(URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads the tag and the UUID of a global id. Returns `None` if it is malformed.
pub fn decode(id: &ID) -> Option<Key> {
    let bytes: [u8; 17] = URL_SAFE_NO_PAD.decode(id.as_str()).ok()?.try_into().ok()?;
    let uuid = Uuid::from_slice(&bytes[1..]).ok()?;
    Some((bytes[0], uuid))
}

macro_rules! nodes {
    ($($name:ident = $tag:literal),+ $(,)?) => {$(
        impl NodeId for $name {
            const TAG: u8 = $tag;

            fn uuid(self) -> Uuid {
                self.0
            }
        }
    )+};
}

nodes! {
    MemberId = 1,
    SessionId = 2,
    DeviceId = 3,
    CheckInId = 4,
    CircleId = 5,
    MeetingId = 6,
    OccurrenceId = 7,
    NotificationId = 9,
    PauseId = 10,
    PeeringId = 20,
    PactId = 21,
    PactNudgeId = 22,
    RungId = 23,
    TellingId = 24,
    CommitmentId = 25,
    ReceivedId = 60,
    CircleInvitationId = 70,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_decodes_only_as_its_own_type() {
        let id = MemberId(Uuid::from_u128(7));
        assert_eq!(MemberId::from_global(&id.global()), Some(id));
        assert_eq!(CircleId::from_global(&id.global()), None);
        assert_eq!(MemberId::from_global(&ID::from("nonsense")), None);
    }
}
