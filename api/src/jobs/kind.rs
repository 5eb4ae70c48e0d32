//! All kinds of background jobs.

use entity::job::Lane;
use entity::{AccountCodeId, CircleId, EmailChangeId, MemberId, NotificationId, SignUpId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A job. It is stored as JSON, so a released variant or field keeps its name. It contains no secrets: codes are
/// derived when they are mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Mails the verification code of a sign-up, or tells the owner of an account that somebody tried.
    MailSignUp {
        /// The sign-up.
        sign_up: SignUpId,
    },
    /// Creates and mails a passphrase reset code if the address has an account.
    MailPassphraseReset {
        /// The canonical address.
        email_key: String,
        /// The app's id of the request that it answers.
        #[serde(default)]
        request: Option<Uuid>,
    },
    /// Mails the code that proves a new address to it.
    MailEmailChange {
        /// The code.
        code: AccountCodeId,
    },
    /// Mails the code that undoes a change of e-mail address to the old address.
    MailEmailChangeUndo {
        /// The change.
        change: EmailChangeId,
    },
    /// Applies a change of e-mail address, unless it was undone.
    ApplyEmailChange {
        /// The change.
        change: EmailChangeId,
    },
    /// Mails a member that the account changed.
    MailAccountNotice {
        /// The member.
        member: MemberId,
        /// The address to mail to, which may no longer be the account's.
        email: String,
        /// The change.
        notice: AccountNotice,
    },
    /// Mails the operators that a circle has no facilitator.
    MailUnledCircle {
        /// The circle.
        circle: CircleId,
    },
    /// Purges an account after the time to undo its deletion.
    PurgeAccount {
        /// The member.
        member: MemberId,
    },
    /// Turns a due notification into deliveries, as policy allows.
    PlanNotification {
        /// The notification.
        notification: NotificationId,
    },
    /// Removes expired rows: spent codes, ended sessions, full rate limits, stale addresses.
    Housekeeping,
}

/// A change of an account that its member is notified of by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountNotice {
    /// The passphrase was changed or reset.
    PassphraseChanged,
    /// Another device signed in to the account.
    SignedIn,
    /// A new address was confirmed and takes effect later.
    EmailChangeConfirmed,
    /// The change of address was dropped before it took effect: the account keeps its address.
    EmailChangeDropped,
    /// The account moved to another address. Mailed to the old one.
    EmailChanged,
    /// The account has a new address from now on. Mailed to the new one.
    EmailIsHere,
    /// The account will be deleted.
    DeletionRequested,
    /// The deletion was undone.
    DeletionUndone,
    /// A stolen refresh token was used: a session was ended.
    SessionStolen,
    /// Another member registered a push address of the account.
    PushAddressTaken,
}

impl AccountNotice {
    /// A stable name, which dedup keys are made of.
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
    /// Returns the lane of this job. A slow job holds up only its own lane.
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

    /// A name for logs and metrics.
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
