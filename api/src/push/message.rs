//! What a nudge says on a locked screen that others see: as good as nothing, kindly.
//!
//! Neutral phrases, the same for everyone; keys by which the app can put them into the phone's language; and
//! the id of the notification, by which the app, unlocked, asks for the rest. No name, topic or title is ever
//! at hand here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::NotificationId;
use entity::notification::Kind;

/// What can be switched off on the phone as one: an Android notification channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The daily reminder.
    CheckIns,
    /// Meetings he is going to.
    Meetings,
    /// What other men ask of him and answer him.
    Contacts,
    /// His account.
    Account,
}

impl Category {
    /// The id of the Android channel, which the app makes; never changed once given out.
    pub const fn channel(self) -> &'static str {
        match self {
            Self::CheckIns => "check_ins",
            Self::Meetings => "meetings",
            Self::Contacts => "contacts",
            Self::Account => "account",
        }
    }
}

/// How soon a phone should be woken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// When it suits the battery.
    Normal,
    /// At once.
    High,
}

/// A phrase, and the key under which the app has it in the phone's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// In English.
    pub text: &'static str,
    /// In the app's resources.
    pub key: &'static str,
}

/// A rendered nudge, for any provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// What it is about, opaque to everyone else.
    pub notification: NotificationId,
    /// What it is switched off with, and all that the app learns of its kind before it asks.
    pub category: Category,
    /// The first line.
    pub title: Phrase,
    /// The second line.
    pub body: Phrase,
    /// How soon.
    pub urgency: Urgency,
    /// Not to be shown from then on.
    pub expires_at: DateTime<Utc>,
    /// How long the provider may keep it.
    pub ttl: Duration,
}

const TITLE: Phrase = Phrase {
    text: "Belay",
    key: "nudge_title",
};

/// Renders a nudge that leaves now.
pub fn render(
    notification: NotificationId,
    kind: Kind,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Nudge {
    let (category, urgency, body) = said(kind);
    Nudge {
        notification,
        category,
        title: TITLE,
        body,
        urgency,
        expires_at,
        ttl: (expires_at - now).to_std().unwrap_or_default(),
    }
}

/// A phrase that is sent, and the key under which the app has it.
macro_rules! phrase {
    ($key:literal, $text:literal) => {
        Phrase {
            text: $text,
            key: concat!("nudge_", $key),
        }
    };
}

const MOMENT: Phrase = phrase!(
    "check_in_reminder",
    "A moment for yourself, whenever it suits you."
);
const DOOR: Phrase = phrase!("door_open", "The door is open, whenever you like.");
const COMING_UP: Phrase = phrase!("meeting_reminder", "Something you planned is coming up.");
/// Apps of 0.1.0 have it under this key, whatever the change is.
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

/// What a notification of this kind is switched off with.
pub const fn category(kind: Kind) -> Category {
    said(kind).0
}

/// How soon a phone should be woken for a notification of this kind.
pub const fn urgency(kind: Kind) -> Urgency {
    said(kind).1
}

/// What leaves for a kind. Of two kinds that have one phrase, in one category and with one urgency, the provider does not
/// learn which it is: so are those that say that somebody went quiet, and those beside them on any ordinary day.
const fn said(kind: Kind) -> (Category, Urgency, Phrase) {
    use Category::{Account, CheckIns, Contacts, Meetings};
    use Urgency::{High, Normal};
    match kind {
        Kind::CheckInReminder | Kind::LadderNote => (CheckIns, High, MOMENT),
        Kind::DoorOpen => (CheckIns, Normal, DOOR),
        Kind::MeetingReminder => (Meetings, High, COMING_UP),
        Kind::MeetingCancelled | Kind::MeetingChanged => (Meetings, High, CHANGE),
        Kind::PeeringProposed | Kind::CircleInvitation => (Contacts, Normal, INVITATION),
        Kind::RunsCircle => (Account, Normal, ACCOUNT),
        // No push leaves for it.
        Kind::RemovedFromCircle => (Contacts, Normal, ANSWER),
        Kind::PeeringAccepted | Kind::PactAccepted | Kind::LadderAgreed => {
            (Contacts, Normal, ANSWER)
        }
        Kind::PactNudgeAnswered => (Contacts, High, ANSWER),
        Kind::PactProposed => (Contacts, Normal, PLAN),
        Kind::PactNudgeReceived => (Contacts, High, NOTE),
        Kind::PartnerWantsAWord => (Contacts, High, WORD),
        Kind::LadderAsked => (Contacts, Normal, QUESTION),
        Kind::WentQuiet | Kind::AskHowItWent => (Contacts, High, HELLO),
        Kind::BackAgain => (Contacts, Normal, GOOD_NEWS),
        // One phrase for all: the provider learns nothing of what became of an account.
        Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken => (Account, High, ACCOUNT),
    }
}
