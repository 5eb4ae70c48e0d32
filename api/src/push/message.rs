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
}

impl Category {
    /// The id of the Android channel, which the app makes; never changed once given out.
    pub const fn channel(self) -> &'static str {
        match self {
            Self::CheckIns => "check_ins",
            Self::Meetings => "meetings",
            Self::Contacts => "contacts",
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

/// The word for the app, what it is switched off with, how soon, and the second line.
const fn said(kind: Kind) -> (&'static str, Category, Urgency, Phrase) {
    match kind {
        Kind::CheckInReminder => (
            "check_in_reminder",
            Category::CheckIns,
            Urgency::High,
            phrase(
                "A moment for yourself, whenever it suits you.",
                "nudge_check_in_reminder",
            ),
        ),
        Kind::DoorOpen => (
            "door_open",
            Category::CheckIns,
            Urgency::Normal,
            phrase("The door is open, whenever you like.", "nudge_door_open"),
        ),
        Kind::MeetingReminder => (
            "meeting_reminder",
            Category::Meetings,
            Urgency::High,
            phrase(
                "Something you planned is coming up.",
                "nudge_meeting_reminder",
            ),
        ),
        Kind::MeetingCancelled => (
            "meeting_cancelled",
            Category::Meetings,
            Urgency::High,
            phrase(
                "There is a change to your plans.",
                "nudge_meeting_cancelled",
            ),
        ),
        Kind::PeeringProposed => (
            "invitation",
            Category::Contacts,
            Urgency::Normal,
            phrase("There is an invitation for you.", "nudge_invitation"),
        ),
        Kind::PeeringAccepted => (
            "invitation_accepted",
            Category::Contacts,
            Urgency::Normal,
            phrase("There is an answer for you.", "nudge_invitation_accepted"),
        ),
        Kind::PactProposed => (
            "plan",
            Category::Contacts,
            Urgency::Normal,
            phrase("There is a plan for you to look at.", "nudge_plan"),
        ),
        Kind::PactAccepted => (
            "plan_accepted",
            Category::Contacts,
            Urgency::Normal,
            phrase("There is an answer for you.", "nudge_plan_accepted"),
        ),
        Kind::PactNudgeReceived => (
            "note",
            Category::Contacts,
            Urgency::High,
            phrase("There is a short note for you.", "nudge_note"),
        ),
        Kind::PartnerWantsAWord => (
            "word",
            Category::Contacts,
            Urgency::High,
            phrase("Somebody would like a word.", "nudge_word"),
        ),
        Kind::AskHowItWent => (
            "hello",
            Category::Contacts,
            Urgency::Normal,
            phrase("A good day to say hello to somebody.", "nudge_hello"),
        ),
        Kind::PactNudgeAnswered => (
            "note_answered",
            Category::Contacts,
            Urgency::High,
            phrase("There is an answer for you.", "nudge_note_answered"),
        ),
    }
}

const fn phrase(text: &'static str, key: &'static str) -> Phrase {
    Phrase { text, key }
}
