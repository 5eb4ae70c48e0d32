//! Which notifications keep quiet hours, and where a member's are kept.

use entity::MemberId;
use entity::notification::Kind;
use sea_orm::ConnectionTrait;

use super::quiet_store as store;
use crate::app::App;
use crate::days::QuietHours;
use crate::error::Fault;

/// Whether a notification of this kind is pushed in quiet hours as well: it comes at a time that the member set himself,
/// it answers what he asked, or somebody may be taking his account over.
pub const fn ignores_quiet_hours(kind: Kind) -> bool {
    match kind {
        Kind::CheckInReminder
        | Kind::DoorOpen
        | Kind::MeetingReminder
        | Kind::LadderNote
        | Kind::PactNudgeAnswered
        | Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken => true,
        Kind::MeetingCancelled
        | Kind::MeetingChanged
        | Kind::PeeringProposed
        | Kind::PeeringAccepted
        | Kind::PactProposed
        | Kind::PactAccepted
        | Kind::PactNudgeReceived
        | Kind::PartnerWantsAWord
        | Kind::AskHowItWent
        | Kind::LadderAsked
        | Kind::LadderAgreed
        | Kind::WentQuiet
        | Kind::BackAgain
        | Kind::CircleInvitation
        | Kind::RemovedFromCircle
        | Kind::RunsCircle => false,
    }
}

/// Whether a notification of this kind is due for everybody at the same time of day, and may as well come some minutes
/// later.
pub const fn may_be_spread(kind: Kind) -> bool {
    matches!(kind, Kind::AskHowItWent)
}

/// A member's quiet hours.
pub async fn of_member(db: &impl ConnectionTrait, member: MemberId) -> Result<QuietHours, Fault> {
    store::of(db, member).await
}

/// Sets a member's quiet hours. A notification that waits already keeps its time.
pub async fn set(app: &App, member: MemberId, hours: QuietHours) -> Result<(), Fault> {
    store::set(app.db.pool(), member, hours).await
}
