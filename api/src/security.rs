//! The security log: one line, under the target `security`, for each event that the operators should watch. It names
//! ids and codes, never an address, a name or a text.

use entity::account::Role;
use entity::session::RevokedReason;
use entity::{MemberId, SessionId};

/// The log target of these lines.
pub const TARGET: &str = "security";

/// A security event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session was opened with the passphrase.
    SignedIn,
    /// The passphrase was wrong, or the address has no account; in that case no member is named.
    SignInFailed,
    /// A signed-in member gave a wrong passphrase.
    PassphraseWrong,
    /// A code for a new passphrase was mailed.
    ResetAsked,
    /// A new passphrase was chosen with a mailed code.
    ResetDone,
    /// A new passphrase was chosen with the old one.
    PassphraseChanged,
    /// A new e-mail address was confirmed, and takes effect later.
    EmailChangeConfirmed,
    /// The change of the e-mail address was undone before it took effect.
    EmailChangeDropped,
    /// A new e-mail address took effect.
    EmailChanged,
    /// An operator set the role of the account.
    RoleChanged(Role),
    /// A session was ended.
    SessionEnded(RevokedReason),
    /// A refresh token was used again after its successor had been used.
    RefreshReused,
    /// A push address of the member was registered by another member.
    PushAddressTaken,
}

impl Event {
    /// Returns the name for logs and metrics.
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

    /// Returns the code that details the event, or `None` if it has none.
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

/// A line of the log. A transaction is given its lines with `Tx::log`, and writes them after the commit.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    event: Event,
    member: Option<MemberId>,
    session: Option<SessionId>,
}

impl Line {
    /// An event of this member.
    pub const fn of(event: Event, member: MemberId) -> Self {
        Self::perhaps_of(event, Some(member))
    }

    /// An event of this session of a member.
    pub const fn in_session(event: Event, member: MemberId, session: SessionId) -> Self {
        Self {
            event,
            member: Some(member),
            session: Some(session),
        }
    }

    /// An event of this member; `None` if no member is known.
    pub const fn perhaps_of(event: Event, member: Option<MemberId>) -> Self {
        Self {
            event,
            member,
            session: None,
        }
    }

    /// Writes the line.
    pub fn write(self) {
        let (name, code) = (self.event.name(), self.event.code());
        metrics::counter!("belay_security_events_total", "event" => name).increment(1);
        let member = self.member.map(tracing::field::display);
        let session = self.session.map(tracing::field::display);
        tracing::info!(target: TARGET, event = name, member, session, code, "security");
    }
}
