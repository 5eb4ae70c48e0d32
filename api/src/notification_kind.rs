//! The table of notification kinds: what each is about, when it is still relevant, when its push may leave, how often
//! it may ring, and its text on a locked screen.
//!
//! To add a kind, add an arm to [`spec`].

use entity::notification::Kind;

/// The properties of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The type of its subject.
    pub subject: Subject,
    /// How to find out whether it is still relevant.
    pub check: Check,
    /// When its push may leave.
    pub timing: Timing,
    /// How often one member may make another's phone ring with it.
    pub ring: Ring,
    /// Whether it also reaches devices whose sessions have just ended, because it is about the account itself.
    pub reaches_signed_out: bool,
    /// The category that switches it off on the phone.
    pub category: Category,
    /// How soon it should wake a phone.
    pub urgency: Urgency,
    /// Its text on a locked screen.
    pub phrase: Phrase,
}

/// The type of a notification's `subject_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Nothing that can be fetched.
    Nothing,
    /// An occurrence of a meeting.
    Occurrence,
    /// A circle.
    Circle,
    /// An invitation into a circle.
    CircleInvitation,
    /// A peering.
    Peering,
    /// A pact.
    Pact,
    /// A nudge in a pact.
    PactNudge,
    /// A rung of a ladder.
    Rung,
    /// A telling: a rung that was sent.
    Telling,
}

/// How to find out whether a notification is still relevant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It always is: what it says stays true.
    Always,
    /// The member has not checked in on the day in its key, and something is asked of them that day.
    Day,
    /// The member still has their seat.
    Seat,
    /// The invitation awaits the member's answer.
    Invitation,
    /// The member is still a facilitator of the circle.
    RunsCircle,
    /// The peering is in this stage.
    Peering(Stage),
    /// The pact is in this stage.
    Pact(Stage),
    /// The nudge has been answered, or not, as given.
    PactNudge {
        /// Whether the notification says that it was answered.
        answered: bool,
    },
    /// The partner still wants the member to get in touch.
    Word,
    /// The partner has not yet answered how it went on the day in its key.
    HowItWent,
    /// The rung's recipient has agreed, or has not answered, as given.
    Rung {
        /// Whether the notification says that the recipient agreed.
        agreed: bool,
    },
    /// The owner of the ladder has been here since, or not, as given.
    Telling {
        /// Whether the notification says that the owner is back.
        over: bool,
    },
}

/// The stage of a peering or a pact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One of the two proposed it.
    Proposed,
    /// Both have agreed.
    Active,
}

/// When a push may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// At any hour, even in quiet hours: the member set its time, it answers the member's own request, or someone may
    /// be taking over the account.
    AnyHour,
    /// After quiet hours.
    Quiet,
    /// After quiet hours, but no later than the meeting's reminder would come.
    BeforeMeeting,
    /// After quiet hours, unless the member lets this partner wake them.
    MayWake,
    /// After quiet hours, and a few minutes after it is due, because it is due for everyone at the same time.
    Spread,
}

/// How often one member may make another's phone ring with one kind of notification. Beyond the limit the action still
/// has its effect and is in the inbox, but the phone stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Every time it is announced: no other member causes it, or other rules limit it already.
    Always,
    /// This often within 24 hours.
    ADay(usize),
    /// Never: it is only for the inbox.
    Never,
}

/// A group of notifications that can be switched off together on the phone: an Android notification channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The daily reminder.
    CheckIns,
    /// Meetings that the member attends.
    Meetings,
    /// Requests and answers of other members.
    Contacts,
    /// The member's account.
    Account,
}

impl Category {
    /// Returns the id of the Android channel, which the app creates. It must never change.
    pub const fn channel(self) -> &'static str {
        match self {
            Self::CheckIns => "check_ins",
            Self::Meetings => "meetings",
            Self::Contacts => "contacts",
            Self::Account => "account",
        }
    }
}

/// How soon a phone should be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// When it suits the battery.
    Normal,
    /// Immediately.
    High,
}

/// A phrase, and the key of its translation in the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The text in English.
    pub text: &'static str,
    /// The key in the app's resources.
    pub key: &'static str,
}

/// Builds a phrase with the key that the app has for it.
macro_rules! phrase {
    ($key:literal, $text:literal) => {
        Phrase {
            text: $text,
            key: concat!("nudge_", $key),
        }
    };
}

/// The first line of every push.
pub const TITLE: Phrase = phrase!("title", "Belay");

const MOMENT: Phrase = phrase!(
    "check_in_reminder",
    "A moment for yourself, whenever it suits you."
);
const DOOR: Phrase = phrase!("door_open", "The door is open, whenever you like.");
const COMING_UP: Phrase = phrase!("meeting_reminder", "Something you planned is coming up.");
/// Apps of release 0.1.0 have it under this key, whatever the change is.
const CHANGE: Phrase = phrase!("meeting_cancelled", "There is a change to your plans.");
const INVITATION: Phrase = phrase!("invitation", "There is an invitation for you.");
const ANSWER: Phrase = phrase!("answer", "There is an answer for you.");
const PLAN: Phrase = phrase!("plan", "There is a plan for you to look at.");
const NOTE: Phrase = phrase!("note", "There is a short note for you.");
const WORD: Phrase = phrase!("word", "Somebody would like a word.");
const QUESTION: Phrase = phrase!("question", "Somebody has a question for you.");
const HELLO: Phrase = phrase!("hello", "A good day to say hello to somebody.");
const ACCOUNT: Phrase = phrase!(
    "account",
    "There is something about your account to look at."
);
const GOOD_NEWS: Phrase = phrase!("good_news", "There is good news for you.");

/// Notifications at a time that the member set.
const OWN: Spec = Spec {
    subject: Subject::Nothing,
    check: Check::Day,
    timing: Timing::AnyHour,
    ring: Ring::Always,
    reaches_signed_out: false,
    category: Category::CheckIns,
    urgency: Urgency::High,
    phrase: MOMENT,
};

/// Notifications about the actions of other members.
const CONTACT: Spec = Spec {
    subject: Subject::Peering,
    check: Check::Always,
    timing: Timing::Quiet,
    ring: Ring::ADay(2),
    reaches_signed_out: false,
    category: Category::Contacts,
    urgency: Urgency::Normal,
    phrase: ANSWER,
};

/// Notifications that a meeting which the member attends was changed or cancelled.
const MEETING: Spec = Spec {
    subject: Subject::Occurrence,
    check: Check::Seat,
    timing: Timing::BeforeMeeting,
    category: Category::Meetings,
    urgency: Urgency::High,
    phrase: CHANGE,
    ..CONTACT
};

/// Notifications about the account. All have the same phrase, so that the push provider does not learn what happened.
const OF_ACCOUNT: Spec = Spec {
    check: Check::Always,
    reaches_signed_out: true,
    category: Category::Account,
    phrase: ACCOUNT,
    ..OWN
};

/// Returns the properties of a kind.
///
/// The push provider cannot distinguish kinds that share phrase, category and urgency. A notification that someone went
/// quiet is hidden in this way among those of any ordinary day.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub const fn spec(kind: Kind) -> Spec {
    match kind {
        Kind::CheckInReminder => OWN,
        Kind::DoorOpen => Spec {
            urgency: Urgency::Normal,
            phrase: DOOR,
            ..OWN
        },
        Kind::LadderNote => Spec {
            subject: Subject::Telling,
            check: Check::Telling { over: false },
            ..OWN
        },
        Kind::MeetingReminder => Spec {
            timing: Timing::AnyHour,
            ring: Ring::Always,
            phrase: COMING_UP,
            ..MEETING
        },
        Kind::MeetingChanged => Spec {
            ring: Ring::ADay(4),
            ..MEETING
        },
        Kind::MeetingCancelled => Spec {
            check: Check::Always,
            // The member took each of these seats, and may be on the way.
            ring: Ring::ADay(10),
            ..MEETING
        },
        Kind::PeeringProposed => Spec {
            check: Check::Peering(Stage::Proposed),
            phrase: INVITATION,
            ..CONTACT
        },
        Kind::PeeringAccepted => Spec {
            check: Check::Peering(Stage::Active),
            ..CONTACT
        },
        Kind::PactProposed => Spec {
            subject: Subject::Pact,
            check: Check::Pact(Stage::Proposed),
            phrase: PLAN,
            ..CONTACT
        },
        Kind::PactAccepted => Spec {
            subject: Subject::Pact,
            check: Check::Pact(Stage::Active),
            ..CONTACT
        },
        Kind::PactNudgeReceived => Spec {
            subject: Subject::PactNudge,
            check: Check::PactNudge { answered: false },
            ring: Ring::ADay(4),
            urgency: Urgency::High,
            phrase: NOTE,
            ..CONTACT
        },
        Kind::PactNudgeAnswered => Spec {
            subject: Subject::PactNudge,
            check: Check::PactNudge { answered: true },
            timing: Timing::AnyHour,
            ring: Ring::ADay(4),
            urgency: Urgency::High,
            ..CONTACT
        },
        Kind::PartnerWantsAWord => Spec {
            subject: Subject::Pact,
            check: Check::Word,
            timing: Timing::MayWake,
            ring: Ring::Always,
            urgency: Urgency::High,
            phrase: WORD,
            ..CONTACT
        },
        Kind::AskHowItWent => Spec {
            check: Check::HowItWent,
            timing: Timing::Spread,
            ring: Ring::Always,
            urgency: Urgency::High,
            phrase: HELLO,
            ..CONTACT
        },
        Kind::LadderAsked => Spec {
            subject: Subject::Rung,
            check: Check::Rung { agreed: false },
            phrase: QUESTION,
            ..CONTACT
        },
        Kind::LadderAgreed => Spec {
            subject: Subject::Nothing,
            check: Check::Rung { agreed: true },
            ..CONTACT
        },
        Kind::WentQuiet => Spec {
            subject: Subject::Telling,
            check: Check::Telling { over: false },
            // It rings whatever else rang that day.
            ring: Ring::Always,
            urgency: Urgency::High,
            phrase: HELLO,
            ..CONTACT
        },
        Kind::BackAgain => Spec {
            subject: Subject::Telling,
            check: Check::Telling { over: true },
            ring: Ring::Always,
            phrase: GOOD_NEWS,
            ..CONTACT
        },
        Kind::CircleInvitation => Spec {
            subject: Subject::CircleInvitation,
            check: Check::Invitation,
            phrase: INVITATION,
            ..CONTACT
        },
        Kind::RemovedFromCircle => Spec {
            subject: Subject::Circle,
            ring: Ring::Never,
            ..CONTACT
        },
        Kind::RunsCircle => Spec {
            subject: Subject::Circle,
            check: Check::RunsCircle,
            category: Category::Account,
            phrase: ACCOUNT,
            ..CONTACT
        },
        Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken => OF_ACCOUNT,
    }
}
