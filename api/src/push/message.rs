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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// At once.
    High,
    /// When it suits the battery.
    Normal,
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
    /// A word for the app to choose its own rendering by.
    pub kind: &'static str,
    /// What it is switched off with.
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
    let (name, category, urgency, body) = said(kind);
    Nudge {
        notification,
        kind: name,
        category,
        title: TITLE,
        body,
        urgency,
        expires_at,
        ttl: (expires_at - now).to_std().unwrap_or_default(),
    }
}

/// What is said of a kind: the word for the app, what it is switched off with, how soon, and the second line, whose key
/// follows from the word.
macro_rules! say {
    ($word:literal, $category:ident, $urgency:ident, $text:literal) => {
        (
            $word,
            Category::$category,
            Urgency::$urgency,
            Phrase {
                text: $text,
                key: concat!("nudge_", $word),
            },
        )
    };
}

const fn said(kind: Kind) -> (&'static str, Category, Urgency, Phrase) {
    match kind {
        Kind::CheckInReminder => say!(
            "check_in_reminder",
            CheckIns,
            High,
            "A moment for yourself, whenever it suits you."
        ),
        Kind::DoorOpen => say!(
            "door_open",
            CheckIns,
            Normal,
            "The door is open, whenever you like."
        ),
        Kind::MeetingReminder => say!(
            "meeting_reminder",
            Meetings,
            High,
            "Something you planned is coming up."
        ),
        Kind::MeetingCancelled => say!(
            "meeting_cancelled",
            Meetings,
            High,
            "There is a change to your plans."
        ),
        Kind::PeeringProposed => say!(
            "invitation",
            Contacts,
            Normal,
            "There is an invitation for you."
        ),
        Kind::PeeringAccepted => say!(
            "invitation_accepted",
            Contacts,
            Normal,
            "There is an answer for you."
        ),
        Kind::PactProposed => say!(
            "plan",
            Contacts,
            Normal,
            "There is a plan for you to look at."
        ),
        Kind::PactAccepted => say!(
            "plan_accepted",
            Contacts,
            Normal,
            "There is an answer for you."
        ),
        Kind::PactNudgeReceived => say!("note", Contacts, High, "There is a short note for you."),
        Kind::PartnerWantsAWord => say!("word", Contacts, High, "Somebody would like a word."),
        Kind::LadderNote => say!(
            "note_to_self",
            CheckIns,
            High,
            "A note from yourself, for a day like this."
        ),
        Kind::LadderAsked => say!(
            "request",
            Contacts,
            Normal,
            "Somebody has a question for you."
        ),
        Kind::LadderAgreed => say!(
            "request_agreed",
            Contacts,
            Normal,
            "There is an answer for you."
        ),
        Kind::WentQuiet => say!(
            "hello_wanted",
            Contacts,
            High,
            "A good moment to say hello to somebody."
        ),
        Kind::BackAgain => say!("good_news", Contacts, Normal, "There is good news for you."),
        Kind::AskHowItWent => say!(
            "hello",
            Contacts,
            Normal,
            "A good day to say hello to somebody."
        ),
        // One word for all: the provider learns nothing of what became of an account.
        Kind::SignedIn
        | Kind::PassphraseChanged
        | Kind::EmailChangeConfirmed
        | Kind::EmailChangeDropped
        | Kind::EmailChanged
        | Kind::SessionStolen
        | Kind::PushAddressTaken => say!(
            "account",
            Account,
            High,
            "There is something about your account to look at."
        ),
        Kind::PactNudgeAnswered => say!(
            "note_answered",
            Contacts,
            High,
            "There is an answer for you."
        ),
    }
}
