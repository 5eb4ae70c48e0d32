//! The signed-in member's own data. Each domain adds its part.

use async_graphql::{ID, MergedObject, Object};

use crate::node_id::NodeId as _;
use crate::schema::account::AccountMe;
use crate::schema::checkin::CheckInMe;
use crate::schema::circle::CircleMe;
use crate::schema::commitment::CommitmentMe;
use crate::schema::consent::ConsentMe;
use crate::schema::device::DeviceMe;
use crate::schema::ladder::LadderMe;
use crate::schema::matching::PeeringMe;
use crate::schema::meeting::MeetingMe;
use crate::schema::notification::NotificationMe;
use crate::schema::notification::quiet_hours::QuietMe;
use crate::schema::notification::reminder::ReminderMe;
use crate::schema::pact::{PactMe, ReceivedMe};
use crate::schema::profile::ProfileMe;
use crate::viewer::SignedIn;

/// You, with everything that nobody else can see.
#[derive(MergedObject)]
pub struct Me(
    Identity,
    AccountMe,
    ProfileMe,
    CircleMe,
    CheckInMe,
    MeetingMe,
    DeviceMe,
    NotificationMe,
    ReminderMe,
    PeeringMe,
    QuietMe,
    PactMe,
    ReceivedMe,
    CommitmentMe,
    ConsentMe,
    LadderMe,
);

impl Me {
    /// The signed-in member.
    pub fn of(signed_in: SignedIn) -> Self {
        Self(
            Identity(signed_in),
            AccountMe::of(signed_in),
            ProfileMe::of(signed_in),
            CircleMe::of(signed_in),
            CheckInMe(signed_in),
            MeetingMe(signed_in),
            DeviceMe(signed_in),
            NotificationMe(signed_in),
            ReminderMe(signed_in),
            PeeringMe(signed_in),
            QuietMe(signed_in),
            PactMe(signed_in),
            ReceivedMe(signed_in),
            CommitmentMe(signed_in),
            ConsentMe(signed_in),
            LadderMe(signed_in),
        )
    }
}

/// The identity of the member.
pub struct Identity(SignedIn);

#[Object]
impl Identity {
    /// The id of your `Member`, as others see it.
    async fn member_id(&self) -> ID {
        self.0.member.global()
    }
}
