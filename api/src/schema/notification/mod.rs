//! The inbox in the schema.

pub mod quiet_hours;
pub mod reminder;
pub mod subscription;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::notification as table;
use entity::{
    CircleId, CircleInvitationId, MemberId, NotificationId, OccurrenceId, PactId, PactNudgeId,
    PeeringId, RungId, TellingId,
};

use crate::app::App;
use crate::error::Fault;
use crate::graphql::connection::{Connection, Counted};
use crate::graphql::cursor::PageArgs;
use crate::graphql::errors::{NotificationError, user_errors};
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::node_id::{NodeId as _, decode};
use crate::nudge::inbox::{self, Line, Marked};
use crate::nudge::store::INBOX;
use crate::page::{MAX_PAGE, Page};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::Me;
use crate::schema::edges;
use crate::schema::node_query::Node;
use crate::viewer::SignedIn;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "table::Kind")]
pub enum NotificationKind {
    /// The time you chose to check in has come.
    CheckInReminder,
    /// You have not checked in for a while: the door is open, and you are not reminded any more until you come back.
    DoorOpen,
    /// A meeting you are going to starts within the hour. Its subject is the occurrence.
    MeetingReminder,
    /// A meeting you were going to is off. Its subject is the occurrence.
    MeetingCancelled,
    /// A meeting you are going to is elsewhere, or has another link. Its subject is the occurrence.
    MeetingChanged,
    /// A man asks you to be his partner. Its subject is the peering.
    PeeringProposed,
    /// The man you asked to be your partner said yes. Its subject is the peering.
    PeeringAccepted,
    /// Your partner proposes a pact. Its subject is the pact.
    PactProposed,
    /// Your partner agreed to the pact you proposed. Its subject is the pact.
    PactAccepted,
    /// Your partner sent you a few words. Its subject is the nudge.
    PactNudgeReceived,
    /// Your partner answered your few words. Its subject is the nudge.
    PactNudgeAnswered,
    /// Your partner would like a word. Its subject is the pact.
    PartnerWantsAWord,
    /// You have let days pass, and wanted a note from yourself then. Its subject is the `LadderTelling`.
    LadderNote,
    /// A man asks whether you would like to be told when he goes quiet. Its subject is the `LadderRequest`.
    LadderAsked,
    /// A man agreed to be told when you go quiet. It has no subject: your ladder shows it.
    LadderAgreed,
    /// A man who wanted you to know of it went quiet. Its subject is the `LadderTelling`.
    WentQuiet,
    /// A man you were told of is here again. Its subject is the `LadderTelling`.
    BackAgain,
    /// Your partner meant to do something the day before: you could ask him how it went. Its subject is the `Peering`, and
    /// its `partnerCommitments` say what.
    AskHowItWent,
    /// Your account was signed in to on another device: `me.sessions` has all of them. It has no subject.
    SignedIn,
    /// Your passphrase was changed. It has no subject.
    PassphraseChanged,
    /// Your account is to have another e-mail address; `me.account.emailChange` says from when on. It has no subject.
    EmailChangeConfirmed,
    /// Your account keeps its e-mail address after all. It has no subject.
    EmailChangeDropped,
    /// Your account has another e-mail address. It has no subject.
    EmailChanged,
    /// One of your devices was signed out, because a copy of its refresh token was used. It has no subject.
    SessionStolen,
    /// A device that got your notifications gets those of another account now. It has no subject.
    PushAddressTaken,
    /// Somebody invites you into a circle. Its subject is the `CircleInvitation`.
    CircleInvitation,
    /// Somebody took you out of a circle. Its subject is the `Circle`, which is not there for you any more. No push leaves
    /// for it.
    RemovedFromCircle,
    /// You run a circle from now on. Its subject is the `Circle`.
    RunsCircle,
}

/// A line in your in-app inbox.
#[derive(Clone, Debug)]
pub struct Notification(Line);

/// A line in your in-app inbox. It is there whether or not a push left for it.
#[Object]
impl Notification {
    /// Its global id; a push carries the same one.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What it is about.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// What it is about; null where there is nothing, or nothing that you may see any more.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Node> {
        let key = decode(&self.subject_key()?)?;
        edges::node(ctx, key).await.transpose()
    }

    /// The id of the thing it is about, for `node`; null where there is none.
    #[graphql(deprecation = "Use `subject`. Since 2026-11-27.")]
    async fn subject_id(&self) -> Option<ID> {
        self.subject_key()
    }

    /// When it was due.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// When you read it; null while you have not.
    async fn read_at(&self) -> Option<DateTime> {
        self.0.read_at.map(DateTime)
    }
}

impl Notification {
    /// The global id of what it is about.
    fn subject_key(&self) -> Option<ID> {
        let subject = self.0.subject?;
        match self.0.kind {
            table::Kind::CheckInReminder
            | table::Kind::DoorOpen
            | table::Kind::LadderAgreed
            | table::Kind::SignedIn
            | table::Kind::PassphraseChanged
            | table::Kind::EmailChangeConfirmed
            | table::Kind::EmailChangeDropped
            | table::Kind::EmailChanged
            | table::Kind::SessionStolen
            | table::Kind::PushAddressTaken => None,
            table::Kind::CircleInvitation => Some(CircleInvitationId(subject).global()),
            table::Kind::RemovedFromCircle | table::Kind::RunsCircle => {
                Some(CircleId(subject).global())
            }
            table::Kind::LadderAsked => Some(RungId(subject).global()),
            table::Kind::LadderNote | table::Kind::WentQuiet | table::Kind::BackAgain => {
                Some(TellingId(subject).global())
            }
            table::Kind::MeetingReminder
            | table::Kind::MeetingCancelled
            | table::Kind::MeetingChanged => Some(OccurrenceId(subject).global()),
            table::Kind::PeeringProposed
            | table::Kind::PeeringAccepted
            | table::Kind::AskHowItWent => Some(PeeringId(subject).global()),
            table::Kind::PactProposed
            | table::Kind::PactAccepted
            | table::Kind::PartnerWantsAWord => Some(PactId(subject).global()),
            table::Kind::PactNudgeReceived | table::Kind::PactNudgeAnswered => {
                Some(PactNudgeId(subject).global())
            }
        }
    }
}

/// Your inbox.
pub struct NotificationMe(pub SignedIn);

type Inbox = Connection<INBOX, Notification, InboxOf>;

/// The inbox of this member.
struct InboxOf(MemberId);

impl Counted for InboxOf {
    async fn count(&self, app: &App) -> Result<u64, Fault> {
        inbox::count(app, self.0).await
    }
}

#[Object]
impl NotificationMe {
    /// Your notifications, newest first. Lines leave the inbox after 90 days.
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "So many from the front, 0 to 100; 20 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Nullable<Inbox> {
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        Some(self.page(ctx, &args).await)
    }

    /// How many of your notifications you have not read.
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
        Ok(page.connection(InboxOf(self.0.member), lines, Line::cursor, Notification))
    }
}

/// Which notifications you have read. Give one of the two.
#[derive(InputObject)]
pub struct MarkNotificationsReadInput {
    /// The ids of these, at most 100; those that are not in your inbox any more are passed over.
    notification_ids: Option<Vec<ID>>,
    /// The id of a notification: this one and every older one.
    up_to_id: Option<ID>,
}

/// What became of notifications that were to be marked.
#[derive(Default, SimpleObject)]
pub struct MarkNotificationsReadPayload {
    /// You, with the inbox as it is now; null when there are errors.
    me: Option<Me>,
    /// Why nothing was marked.
    errors: Vec<NotificationError>,
}

/// What can be done with notifications.
#[derive(Default)]
pub struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Marks notifications as read. What was read before keeps its time.
    async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: MarkNotificationsReadInput,
    ) -> Nullable<MarkNotificationsReadPayload> {
        Some(mark_read(ctx, &input).await)
    }
}

async fn mark_read(
    ctx: &Context<'_>,
    input: &MarkNotificationsReadInput,
) -> GqlResult<MarkNotificationsReadPayload> {
    let who = ctx.member()?;
    let refused = |problems| {
        Ok(MarkNotificationsReadPayload {
            errors: user_errors(problems),
            ..MarkNotificationsReadPayload::default()
        })
    };
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
                Ok(Marked::These(ids))
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

/// Notifications of the member who asks, by their ids and in one statement; others' are left out.
pub async fn load_notifications(
    ctx: &Context<'_>,
    ids: &[NotificationId],
) -> GqlResult<Vec<(NotificationId, Notification)>> {
    let member = ctx.member()?.member;
    let lines = inbox::those(ctx.app(), member, ids).await?;
    Ok(lines
        .into_iter()
        .map(|line| (line.id, Notification(line)))
        .collect())
}
