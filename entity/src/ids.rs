//! One type per id, so that a member's id cannot be passed where a meeting's is wanted.

use sea_orm::DeriveValueType;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A member, for as long as his account exists.
    MemberId,
    /// A sign-up that waits for its e-mail to be verified; made by the client.
    SignUpId,
    /// A code mailed to an account.
    AccountCodeId,
    /// A change of an account's e-mail address.
    EmailChangeId,
    /// A signed-in device.
    SessionId,
    /// A push address.
    DeviceId,
    /// A check-in; made by the client.
    CheckInId,
    /// Days on which nothing is asked of a member; made by the client.
    PauseId,
    /// A circle.
    CircleId,
    /// An invitation into a circle.
    CircleInvitationId,
    /// A meeting, of which there are occurrences.
    MeetingId,
    /// A change of a meeting.
    MeetingChangeId,
    /// One time a meeting takes place.
    OccurrenceId,
    /// A member's answer to an occurrence.
    RsvpId,
    /// A line in a member's in-app inbox, and what a push is about.
    NotificationId,
    /// One notification on its way to one device.
    DeliveryId,
    /// A piece of background work.
    JobId,
    /// Two men who keep each other company, or one who asked the other to; made by the client.
    PeeringId,
    /// What two partners agreed to; made by the client.
    PactId,
    /// A few words between partners; made by the client.
    PactNudgeId,
    /// Words that a member received and sees nowhere else any more.
    ReceivedId,
    /// Something a member means to do; made by the client.
    CommitmentId,
    /// Something a member agreed to.
    ConsentId,
    /// A step of what is to happen when a member goes quiet.
    RungId,
    /// That such a step was told.
    TellingId,
    /// A process that holds leases.
    LeaseHolder,
}
