//! Notices to a member about his own account: by mail, and on the devices he is signed in on.

use chrono::TimeDelta;
use entity::MemberId;
use entity::notification::Kind;
use uuid::Uuid;

use super::super::store;
use crate::app::App;
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};
use crate::outbox::Announcement;
use crate::outbox::{announce_and_plan, has_heard};
use crate::tx::Tx;

/// How long a push about the account is worth sending.
const FRESH_FOR: TimeDelta = TimeDelta::days(1);

/// Notifies a member that something about his account changed. Enqueues a letter to the account's address, and
/// announces an inbox entry that his devices receive as a push. Devices whose sessions the change ended receive it,
/// too.
pub(super) async fn tell(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
) -> Result<(), Fault> {
    write(app, tx, member, notice).await?;
    tell_devices(app, tx, member, notice).await
}

/// As [`tell`], but at most once a day for each kind: what others cause must not fill the member's mailbox.
pub(super) async fn once_a_day(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
) -> Result<(), Fault> {
    let day = app.clock.now().date_naive();
    let key = format!("account:{}:{day}", notice.name());
    if has_heard(tx, member, &key).await? {
        return Ok(());
    }
    write(app, tx, member, notice).await?;
    line(app, tx, member, notice, key).await
}

/// As [`tell`], without a letter.
pub(super) async fn tell_devices(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
) -> Result<(), Fault> {
    // A key of its own: notices are never merged.
    let key = format!("account:{}", app.ids.next::<Uuid>());
    line(app, tx, member, notice, key).await
}

async fn line(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
    dedup_key: String,
) -> Result<(), Fault> {
    let Some(kind) = kind(notice) else {
        return Ok(());
    };
    let now = app.clock.now();
    let what = Announcement {
        member,
        kind,
        dedup_key,
        subject: None,
        not_before: now,
        expires_at: now + FRESH_FOR,
        caused_by: None,
    };
    announce_and_plan(app, tx, &[what]).await
}

/// Enqueues a letter to the account's address.
pub(super) async fn write(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
) -> Result<(), Fault> {
    match store::account::find(tx, member).await? {
        Some(account) => write_to(app, tx, member, account.email, notice).await,
        None => Ok(()),
    }
}

/// Enqueues a letter to an address that the account has, had or will have.
pub(super) async fn write_to(
    app: &App,
    tx: &Tx,
    member: MemberId,
    email: String,
    notice: AccountNotice,
) -> Result<(), Fault> {
    let job = Job::MailAccountNotice {
        member,
        email,
        notice,
    };
    tx.wake();
    jobs::enqueue(app, tx, &job, app.clock.now()).await
}

/// Returns the kind of the notice's inbox entry, or `None` if the notice is mailed only.
const fn kind(notice: AccountNotice) -> Option<Kind> {
    match notice {
        AccountNotice::SignedIn => Some(Kind::SignedIn),
        AccountNotice::PassphraseChanged => Some(Kind::PassphraseChanged),
        AccountNotice::EmailChangeConfirmed => Some(Kind::EmailChangeConfirmed),
        AccountNotice::EmailChangeDropped => Some(Kind::EmailChangeDropped),
        AccountNotice::EmailChanged => Some(Kind::EmailChanged),
        AccountNotice::SessionStolen => Some(Kind::SessionStolen),
        AccountNotice::PushAddressTaken => Some(Kind::PushAddressTaken),
        AccountNotice::EmailIsHere
        | AccountNotice::DeletionRequested
        | AccountNotice::DeletionUndone => None,
    }
}
