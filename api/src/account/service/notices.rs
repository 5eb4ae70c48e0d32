//! What a member is told of his own account: by mail, and on the devices he is signed in on.

use chrono::TimeDelta;
use entity::MemberId;
use entity::notification::Kind;
use uuid::Uuid;

use super::super::store;
use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};
use crate::nudge::Announcement;
use crate::nudge::service::{announce_and_plan, has_heard};

/// A push about the account is worth sending for so long.
const FRESH_FOR: TimeDelta = TimeDelta::days(1);

/// Tells a member that something about his account changed: a letter to the address it has, and a line in his inbox that
/// reaches his devices as a push, also those whose sessions ended with the change.
pub(super) async fn tell(
    app: &App,
    tx: &Tx,
    member: MemberId,
    notice: AccountNotice,
) -> Result<(), Fault> {
    write(app, tx, member, notice).await?;
    tell_devices(app, tx, member, notice).await
}

/// As [`tell`], once a day: what another causes must not fill his mailbox.
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
    // Each is told for itself.
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

/// Has a letter written to the address the account has.
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

/// Has a letter written to an address that the account has, had or will have.
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

/// What a notice is in the inbox; `None` where a letter says it all.
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
