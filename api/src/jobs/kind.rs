//! Every kind of background work there is.

use entity::job::Lane;
use entity::{AccountCodeId, CircleId, EmailChangeId, MemberId, NotificationId, SignUpId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is to be done. Stored as JSON: a variant or field, once released, keeps its name. Nothing secret
/// stands in it: codes are derived when they are mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Mails the verification code of a sign-up, or tells the owner of an account that somebody tried.
    MailSignUp {
        /// Which.
        sign_up: SignUpId,
    },
    /// Makes and mails a passphrase reset code, when the address has an account.
    MailPassphraseReset {
        /// The canonical address.
        email_key: String,
        /// Which request it answers, as the app knows it.
        #[serde(default)]
        request: Option<Uuid>,
    },
    /// Mails the code that proves a new address to it.
    MailEmailChange {
        /// Which.
        code: AccountCodeId,
    },
    /// Mails the code that undoes a change of e-mail address to the old address.
    MailEmailChangeUndo {
        /// Which.
        change: EmailChangeId,
    },
    /// Has a change of e-mail address take effect, unless it was undone.
    ApplyEmailChange {
        /// Which.
        change: EmailChangeId,
    },
    /// Tells a member that something about his account changed.
    MailAccountNotice {
        /// Whom.
        member: MemberId,
        /// To which address, which may no longer be his.
        email: String,
        /// What changed.
        notice: AccountNotice,
    },
    /// Tells the operators that nobody runs a circle.
    MailUnledCircle {
        /// Which.
        circle: CircleId,
    },
    /// Removes an account whose time to come back is over.
    PurgeAccount {
        /// Whose.
        member: MemberId,
    },
    /// Turns a notification that is due into deliveries, as policy allows.
    PlanNotification {
        /// Which.
        notification: NotificationId,
    },
    /// Removes what has had its day: spent codes, ended sessions, full rate limits, stale addresses.
    Housekeeping,
}

/// What a member is told by mail about his account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountNotice {
    /// His passphrase was changed or reset.
    PassphraseChanged,
    /// His account was signed in to on another device.
    SignedIn,
    /// Another address was proved, and takes effect later.
    EmailChangeConfirmed,
    /// That was undone: his account keeps its address.
    EmailChangeDropped,
    /// His account moved to another address; told to the old one.
    EmailChanged,
    /// His account has this address from now on; told to the new one.
    EmailIsHere,
    /// His account will be deleted.
    DeletionRequested,
    /// It will not.
    DeletionUndone,
    /// A stolen refresh token was used: a session was ended.
    SessionStolen,
    /// Another member registered a push address of his.
    PushAddressTaken,
}

impl AccountNotice {
    /// A word for it, which keys may be made of.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PassphraseChanged => "passphrase_changed",
            Self::SignedIn => "signed_in",
            Self::EmailChangeConfirmed => "email_change_confirmed",
            Self::EmailChangeDropped => "email_change_dropped",
            Self::EmailChanged => "email_changed",
            Self::EmailIsHere => "email_is_here",
            Self::DeletionRequested => "deletion_requested",
            Self::DeletionUndone => "deletion_undone",
            Self::SessionStolen => "session_stolen",
            Self::PushAddressTaken => "push_address_taken",
        }
    }
}

impl Job {
    /// What it holds up when it is slow.
    pub const fn lane(&self) -> Lane {
        match self {
            Self::MailSignUp { .. }
            | Self::MailPassphraseReset { .. }
            | Self::MailEmailChange { .. }
            | Self::MailEmailChangeUndo { .. }
            | Self::MailAccountNotice { .. }
            | Self::MailUnledCircle { .. } => Lane::Letters,
            Self::ApplyEmailChange { .. }
            | Self::PurgeAccount { .. }
            | Self::PlanNotification { .. } => Lane::Tasks,
            Self::Housekeeping => Lane::Housekeeping,
        }
    }

    /// A word for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MailSignUp { .. } => "mail_sign_up",
            Self::MailPassphraseReset { .. } => "mail_passphrase_reset",
            Self::MailEmailChange { .. } => "mail_email_change",
            Self::MailEmailChangeUndo { .. } => "mail_email_change_undo",
            Self::ApplyEmailChange { .. } => "apply_email_change",
            Self::MailAccountNotice { .. } => "mail_account_notice",
            Self::MailUnledCircle { .. } => "mail_unled_circle",
            Self::PurgeAccount { .. } => "purge_account",
            Self::PlanNotification { .. } => "plan_notification",
            Self::Housekeeping => "housekeeping",
        }
    }
}
