//! Every kind of background work there is.

use entity::{AccountCodeId, MemberId, NotificationId, SignUpId};
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
    /// Tells a member that something about his account changed.
    MailAccountNotice {
        /// Whom.
        member: MemberId,
        /// To which address, which may no longer be his.
        email: String,
        /// What changed.
        notice: AccountNotice,
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
    /// His account moved to another address; told to the old one.
    EmailChanged,
    /// His account will be deleted.
    DeletionRequested,
    /// It will not.
    DeletionUndone,
    /// A stolen refresh token was used: a session was ended.
    SessionStolen,
}

impl Job {
    /// A word for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MailSignUp { .. } => "mail_sign_up",
            Self::MailPassphraseReset { .. } => "mail_passphrase_reset",
            Self::MailEmailChange { .. } => "mail_email_change",
            Self::MailAccountNotice { .. } => "mail_account_notice",
            Self::PurgeAccount { .. } => "purge_account",
            Self::PlanNotification { .. } => "plan_notification",
            Self::Housekeeping => "housekeeping",
        }
    }
}
