//! The security log: one line for each thing that matters to whoever watches over the installation, under the target
//! `security`. It names ids and codes, never an address, a name or a text.

use entity::account::Role;
use entity::session::RevokedReason;
use entity::{MemberId, SessionId};

/// What the lines can be told from all others by.
pub const TARGET: &str = "security";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session was opened with the passphrase.
    SignedIn,
    /// The passphrase was wrong, or the address has no account: then nobody is named.
    SignInFailed,
    /// Somebody who is signed in did not know the passphrase.
    PassphraseWrong,
    /// A code for a new passphrase was mailed.
    ResetAsked,
    /// A new passphrase was chosen with a mailed code.
    ResetDone,
    /// A new passphrase was chosen with the old one.
    PassphraseChanged,
    /// Another e-mail address was proved, and takes effect later.
    EmailChangeConfirmed,
    /// That was undone.
    EmailChangeDropped,
    /// Another e-mail address took effect.
    EmailChanged,
    /// An operator gave the account a role.
    RoleChanged(Role),
    /// A session was ended.
    SessionEnded(RevokedReason),
    /// A refresh token came back whose successor had been used.
    RefreshReused,
    /// A push address of the member was registered by another.
    PushAddressTaken,
}

impl Event {
    /// A word for logs and metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::PassphraseWrong => "passphrase_wrong",
            Self::ResetAsked => "reset_asked",
            Self::ResetDone => "reset_done",
            Self::PassphraseChanged => "passphrase_changed",
            Self::EmailChangeConfirmed => "email_change_confirmed",
            Self::EmailChangeDropped => "email_change_dropped",
            Self::EmailChanged => "email_changed",
            Self::RoleChanged(_) => "role_changed",
            Self::SessionEnded(_) => "session_ended",
            Self::RefreshReused => "refresh_reused",
            Self::PushAddressTaken => "push_address_taken",
        }
    }

    /// Which of several things it may be.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::RoleChanged(Role::Member) => Some("member"),
            Self::RoleChanged(Role::Facilitator) => Some("facilitator"),
            Self::SessionEnded(reason) => Some(match reason {
                RevokedReason::SignedOut => "signed_out",
                RevokedReason::SignedOutElsewhere => "signed_out_elsewhere",
                RevokedReason::PassphraseChanged => "passphrase_changed",
                RevokedReason::Reused => "reused",
                RevokedReason::AccountDeleted => "account_deleted",
            }),
            _ => None,
        }
    }
}

/// A line of the log. What a transaction did is handed to it (`Tx::log`), and written after the commit.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    event: Event,
    member: Option<MemberId>,
    session: Option<SessionId>,
}

impl Line {
    /// It happened to this member.
    pub const fn of(event: Event, member: MemberId) -> Self {
        Self::perhaps_of(event, Some(member))
    }

    /// It happened in this session of a member, or to it.
    pub const fn in_session(event: Event, member: MemberId, session: SessionId) -> Self {
        Self {
            event,
            member: Some(member),
            session: Some(session),
        }
    }

    /// It happened to this member, or to nobody that is known.
    pub const fn perhaps_of(event: Event, member: Option<MemberId>) -> Self {
        Self {
            event,
            member,
            session: None,
        }
    }

    /// Writes it.
    pub fn write(self) {
        let (name, code) = (self.event.name(), self.event.code());
        metrics::counter!("belay_security_events_total", "event" => name).increment(1);
        let member = self.member.map(tracing::field::display);
        let session = self.session.map(tracing::field::display);
        tracing::info!(target: TARGET, event = name, member, session, code, "security");
    }
}
