//! A notification in a member's in-app inbox, written in the transaction of its event.

use sea_orm::entity::prelude::*;

use crate::{MemberId, NotificationId};

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// The member's time to check in has come.
    CheckInReminder,
    /// The member has been away for a while, and is welcome back.
    DoorOpen,
    /// A meeting that the member is going to starts within the hour.
    MeetingReminder,
    /// A meeting that the member was going to was called off.
    MeetingCancelled,
    /// A meeting that the member is going to has another place or link.
    MeetingChanged,
    /// Another member proposed a peering.
    PeeringProposed,
    /// The other member accepted the proposed peering.
    PeeringAccepted,
    /// A partner proposed a pact.
    PactProposed,
    /// The partner accepted the proposed pact.
    PactAccepted,
    /// A partner sent a nudge.
    PactNudgeReceived,
    /// A partner answered the member's nudge.
    PactNudgeAnswered,
    /// A partner would like a word.
    PartnerWantsAWord,
    /// The member let days pass and gets the note to himself from his ladder.
    LadderNote,
    /// Another member asks this one to agree to be notified if the other goes quiet.
    LadderAsked,
    /// The other member agreed to be notified if this member goes quiet.
    LadderAgreed,
    /// Another member, on whose ladder this one is, went quiet.
    WentQuiet,
    /// The member who went quiet is back.
    BackAgain,
    /// A partner's commitment was due the day before, and the member can ask how it went.
    AskHowItWent,
    /// Another device signed in to the account.
    SignedIn,
    /// The passphrase was changed or reset.
    PassphraseChanged,
    /// A new e-mail address was confirmed and takes effect later.
    EmailChangeConfirmed,
    /// The change of e-mail address was dropped before it took effect.
    EmailChangeDropped,
    /// The account has another e-mail address.
    EmailChanged,
    /// A stolen refresh token was used, and its session ended.
    SessionStolen,
    /// Another member registered a push address of this member.
    PushAddressTaken,
    /// The member was invited to a circle.
    CircleInvitation,
    /// The member was removed from a circle.
    RemovedFromCircle,
    /// The member runs a circle from now on.
    RunsCircle,
}

/// The state of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// It waits for its time, or it is in the inbox while its push waits: see `held_until`.
    Pending,
    /// Its deliveries were created, or those of another notification that waited with it and represents both.
    Planned,
    /// Policy dropped its push: see the reason. Without a reason, its event was revoked after it had been in the inbox.
    Skipped,
    /// Its event was revoked.
    Cancelled,
}

/// Why policy dropped a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum SkipReason {
    /// The member has already done what it asks for.
    AlreadyDone,
    /// The member has no device to reach.
    NoDevice,
    /// Its time passed.
    Expired,
    /// The member's account waits for deletion.
    MemberAway,
    /// It is only for the inbox: because of its kind, or because the same other member caused as many pushes as allowed
    /// in a day.
    InboxOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    pub member_id: MemberId,
    pub kind: Kind,
    /// Unique for the member, so that the same event is announced once.
    pub dedup_key: String,
    /// The subject. Its type follows from the kind.
    pub subject_id: Option<Uuid>,
    pub not_before: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// If its push waits while it is in the inbox: when its deliveries are planned.
    pub held_until: Option<DateTimeUtc>,
    pub state: State,
    pub skip_reason: Option<SkipReason>,
    pub created_at: DateTimeUtc,
    pub read_at: Option<DateTimeUtc>,
    /// The other member who caused it, or `None` if nobody else did or that member is gone.
    pub caused_by: Option<MemberId>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
