//! A line in a member's in-app inbox, written in the transaction of what it tells.

use sea_orm::entity::prelude::*;

use crate::{MemberId, NotificationId};

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// His chosen time to check in has come.
    CheckInReminder,
    /// He has not been here for a while, and is welcome.
    DoorOpen,
    /// A meeting he is going to starts within the hour.
    MeetingReminder,
    /// A meeting he was going to is off.
    MeetingCancelled,
    /// A meeting he is going to is elsewhere, or has another link.
    MeetingChanged,
    /// Another man asks him to be his partner.
    PeeringProposed,
    /// The man he asked to be his partner said yes.
    PeeringAccepted,
    /// A partner proposes a pact to him.
    PactProposed,
    /// The partner he proposed a pact to agreed.
    PactAccepted,
    /// A partner sent him a few words.
    PactNudgeReceived,
    /// A partner answered his few words.
    PactNudgeAnswered,
    /// A partner would like a word.
    PartnerWantsAWord,
    /// He let days pass, and wanted a note then.
    LadderNote,
    /// Another man asks whether he may be told when that one goes quiet.
    LadderAsked,
    /// The other man agreed to be told when he goes quiet.
    LadderAgreed,
    /// Another man, who wanted him to be told, went quiet.
    WentQuiet,
    /// That man is here again.
    BackAgain,
    /// A partner meant to do something the day before, and can be asked how it went.
    AskHowItWent,
    /// He signed in on another device.
    SignedIn,
    /// His passphrase was changed or reset.
    PassphraseChanged,
    /// Another e-mail address of his was proved, and takes effect later.
    EmailChangeConfirmed,
    /// That will not take effect.
    EmailChangeDropped,
    /// His account has another e-mail address.
    EmailChanged,
    /// A stolen refresh token was used, and a session of his ended.
    SessionStolen,
    /// Another member registered a push address of his.
    PushAddressTaken,
    /// Somebody invites him into a circle.
    CircleInvitation,
    /// Somebody took him out of a circle.
    RemovedFromCircle,
    /// He runs a circle from now on.
    RunsCircle,
}

/// How far a notification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// Waits for its time; or is in the inbox while its push waits, see `held_until`.
    Pending,
    /// Its deliveries have been made, or those of another that waited with it and stands for both.
    Planned,
    /// Policy kept it from leaving; see the reason. Without one, what it tells of was no longer so after it had been in
    /// the inbox.
    Skipped,
    /// What it was about is no longer so.
    Cancelled,
}

/// Why policy kept a push from leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum SkipReason {
    /// What it asks for has been done.
    AlreadyDone,
    /// He has no device to reach.
    NoDevice,
    /// Its time passed.
    Expired,
    /// His account waits for deletion.
    MemberAway,
    /// It is for the inbox: by its kind, or because the same member made his phone ring as often as he may in a day.
    InboxOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    pub member_id: MemberId,
    pub kind: Kind,
    /// Unique for the member: the same event is told once.
    pub dedup_key: String,
    /// What it is about; its type follows from the kind.
    pub subject_id: Option<Uuid>,
    pub not_before: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// When its deliveries are planned, if its push waits while the member has it in the inbox.
    pub held_until: Option<DateTimeUtc>,
    pub state: State,
    pub skip_reason: Option<SkipReason>,
    pub created_at: DateTimeUtc,
    pub read_at: Option<DateTimeUtc>,
    /// Whose doing it is; none when it is nobody else's, or he is gone.
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
