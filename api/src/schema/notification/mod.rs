//! The inbox in the schema.

pub mod quiet_hours;
pub mod reminder;
pub mod subscription;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::notification as table;
use entity::{
    CircleId, CircleInvitationId, MemberId, NotificationId, OccurrenceId, PactId, PactNudgeId,
    PeeringId, RungId, TellingId,
};
use macros::{page_args, payload};

use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::NotificationError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::{NodeId as _, decode};
use crate::notification::inbox::{self, InboxEntry, Marked};
use crate::notification::store::INBOX;
use crate::notification_kind::{Subject, spec};
use crate::page::{MAX_PAGE, Page};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::Me;
use crate::schema::edges;
use crate::schema::node_query::Node;
use crate::viewer::SignedIn;

/// The kind of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "table::Kind")]
pub enum NotificationKind {
    /// It is the time you chose to check in.
    CheckInReminder,
    /// You have not checked in for a while. The door is open, and you get no more reminders until you come back.
    DoorOpen,
    /// A meeting that you attend starts within the hour. Its subject is the `MeetingOccurrence`.
    MeetingReminder,
    /// A meeting that you were going to attend was cancelled. Its subject is the `MeetingOccurrence`.
    MeetingCancelled,
    /// A meeting that you attend has another place or link. Its subject is the `MeetingOccurrence`.
    MeetingChanged,
    /// A member asks you to be their partner. Its subject is the `Peering`.
    PeeringProposed,
    /// A member accepted your request to be partners. Its subject is the `Peering`.
    PeeringAccepted,
    /// Your partner proposes a pact. Its subject is the `Pact`.
    PactProposed,
    /// Your partner accepted the pact you proposed. Its subject is the `Pact`.
    PactAccepted,
    /// Your partner sent you a nudge. Its subject is the `PactNudge`.
    PactNudgeReceived,
    /// Your partner answered your nudge. Its subject is the `PactNudge`.
    PactNudgeAnswered,
    /// Your partner would like you to get in touch. Its subject is the `Pact`.
    PartnerWantsAWord,
    /// Days have passed without a check-in, and your ladder sends you your note. Its subject is the `LadderTelling`.
    LadderNote,
    /// A member asks whether you agree to be notified when they go quiet. Its subject is the `LadderRequest`.
    LadderAsked,
    /// A member agreed to be notified when you go quiet. It has no subject: your ladder shows it.
    LadderAgreed,
    /// A member who wanted you to know went quiet. Its subject is the `LadderTelling`.
    WentQuiet,
    /// A member who had gone quiet is here again. Its subject is the `LadderTelling`.
    BackAgain,
    /// A commitment of your partner was due the day before: you could ask how it went. Its subject is the `Peering`,
    /// whose `partnerCommitments` show what was due.
    AskHowItWent,
    /// Your account was signed in to on another device. `me.sessions` lists all of them. It has no subject.
    SignedIn,
    /// Your passphrase was changed. It has no subject.
    PassphraseChanged,
    /// The e-mail address of your account will change. `me.account.emailChange` says when. It has no subject.
    EmailChangeConfirmed,
    /// Your account keeps its e-mail address: the change was cancelled. It has no subject.
    EmailChangeDropped,
    /// The e-mail address of your account has changed. It has no subject.
    EmailChanged,
    /// One of your devices was signed out, because a copy of its refresh token was used. It has no subject.
    SessionStolen,
    /// A device that received your notifications now receives those of another account. It has no subject.
    PushAddressTaken,
    /// A facilitator invites you to a circle. Its subject is the `CircleInvitation`.
    CircleInvitation,
    /// A facilitator removed you from a circle. Its subject is the `Circle`, which you can no longer see. No push is
    /// sent.
    RemovedFromCircle,
    /// You are now a facilitator of a circle. Its subject is the `Circle`.
    RunsCircle,
}

/// A notification in your in-app inbox.
#[derive(Clone, Debug)]
pub struct Notification(InboxEntry);

/// A notification in your in-app inbox. It is there whether or not a push was sent.
#[Object]
impl Notification {
    /// The global id. The push carries the same one.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The kind.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// What it is about; null if there is nothing, or nothing that you can still see.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Node> {
        let key = decode(&self.subject_key()?)?;
        edges::node(ctx, key).await.transpose()
    }

    /// The id of its subject, for `node`; null if there is none.
    #[graphql(deprecation = "Use `subject`. Since 2026-11-27.")]
    async fn subject_id(&self) -> Option<ID> {
        self.subject_key()
    }

    /// When it was due.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// When you read it; null if you have not.
    async fn read_at(&self) -> Option<DateTime> {
        self.0.read_at.map(DateTime)
    }
}

impl Notification {
    /// Returns the global id of its subject.
    fn subject_key(&self) -> Option<ID> {
        let subject = self.0.subject?;
        Some(match spec(self.0.kind).subject {
            Subject::Nothing => return None,
            Subject::Occurrence => OccurrenceId(subject).global(),
            Subject::Circle => CircleId(subject).global(),
            Subject::CircleInvitation => CircleInvitationId(subject).global(),
            Subject::Peering => PeeringId(subject).global(),
            Subject::Pact => PactId(subject).global(),
            Subject::PactNudge => PactNudgeId(subject).global(),
            Subject::Rung => RungId(subject).global(),
            Subject::Telling => TellingId(subject).global(),
        })
    }
}

/// Your inbox.
pub struct NotificationMe(pub SignedIn);

type Inbox = Connection<INBOX, Notification, InboxOf>;

/// Counts the notifications in a member's inbox.
struct InboxOf(MemberId);

impl Counted for InboxOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        inbox::count(app, self.0).await
    }
}

#[page_args]
#[Object]
impl NotificationMe {
    /// Your notifications, newest first. A notification leaves the inbox after 90 days.
    async fn notifications(&self, ctx: &Context<'_>, args: PageArgs) -> Nullable<Inbox> {
        Some(self.page(ctx, &args).await)
    }

    /// The number of your unread notifications.
    async fn unread_notification_count(&self, ctx: &Context<'_>) -> Nullable<i32> {
        let counted = inbox::unread(ctx.app(), self.0.member).await;
        let count = counted.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        Some(count.map_err(GqlError::from))
    }
}

impl NotificationMe {
    async fn page(&self, ctx: &Context<'_>, args: &PageArgs) -> GqlResult<Inbox> {
        let page = Page::parse(args)?;
        let lines = inbox::page(ctx.app(), self.0.member, &page).await?;
        Ok(page.connection(
            InboxOf(self.0.member),
            lines,
            InboxEntry::cursor,
            Notification,
        ))
    }
}

/// The notifications that you have read. Give one of the two.
#[derive(InputObject)]
pub struct MarkNotificationsReadInput {
    /// The ids, at most 100. Those that are no longer in your inbox are skipped.
    notification_ids: Option<Vec<ID>>,
    /// The id of a notification: this one and every older one.
    up_to_id: Option<ID>,
}

/// The result of marking notifications as read.
#[payload(INVALID, NOT_FOUND, REQUIRED, TOO_LONG)]
pub struct MarkNotificationsReadPayload {
    /// You, with the current inbox; null if there are errors.
    me: Option<Me>,
    /// Why nothing was marked; empty if it was.
    errors: Vec<NotificationError>,
}

/// Changes to notifications.
#[derive(Default)]
pub struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Marks notifications as read. Those that you have already read keep their time.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notifications.")] input: MarkNotificationsReadInput,
    ) -> Nullable<MarkNotificationsReadPayload> {
        Some(mark_read(ctx, &input).await)
    }
}

async fn mark_read(
    ctx: &Context<'_>,
    input: &MarkNotificationsReadInput,
) -> GqlResult<MarkNotificationsReadPayload> {
    let who = ctx.member()?;
    let refused = |problems| Ok(MarkNotificationsReadPayload::refused(problems));
    let marked = match parse(input) {
        Ok(marked) => marked,
        Err(problems) => return refused(problems),
    };
    if !inbox::mark_read(ctx.app(), who.member, marked).await? {
        let message = "This notification is not in your inbox.";
        let problem = Problem::field("upToId", ProblemCode::NotFound, message);
        return refused(vec![problem]);
    }
    Ok(MarkNotificationsReadPayload {
        me: Some(Me::of(who)),
        ..MarkNotificationsReadPayload::default()
    })
}

fn parse(input: &MarkNotificationsReadInput) -> Result<Marked, Vec<Problem>> {
    let read = |field: &str, id: &ID| {
        NotificationId::from_global(id).ok_or_else(|| {
            let message = "This is not the id of a notification.";
            Problem::field(field, ProblemCode::Invalid, message)
        })
    };
    match (&input.notification_ids, &input.up_to_id) {
        (Some(ids), None) if ids.len() as u64 > MAX_PAGE => {
            let message = format!("At most {MAX_PAGE} at a time.");
            let problem = Problem::field("notificationIds", ProblemCode::TooLong, message);
            Err(vec![problem.limit(MAX_PAGE)])
        }
        (Some(ids), None) => {
            let mut problems = Problems::default();
            let ids = ids.iter().enumerate();
            let read = ids
                .filter_map(|(at, id)| problems.check(read(&format!("notificationIds.{at}"), id)));
            let ids = read.collect();
            if problems.is_empty() {
                Ok(Marked::Ids(ids))
            } else {
                Err(problems.into_vec())
            }
        }
        (None, Some(id)) => read("upToId", id)
            .map(Marked::UpTo)
            .map_err(|problem| vec![problem]),
        (None, None) | (Some(_), Some(_)) => {
            let message = "Give `notificationIds` or `upToId`, and not both.";
            Err(vec![Problem::whole(ProblemCode::Required, message)])
        }
    }
}

/// Loads the caller's notifications by their ids, in one statement. Leaves out those of other members.
pub async fn load_notifications(
    ctx: &Context<'_>,
    ids: &[NotificationId],
) -> GqlResult<Vec<(NotificationId, Notification)>> {
    let member = ctx.member()?.member;
    let lines = inbox::by_ids(ctx.app(), member, ids).await?;
    Ok(lines
        .into_iter()
        .map(|line| (line.id, Notification(line)))
        .collect())
}
