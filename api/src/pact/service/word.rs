//! Notifying partners that a member checked in, and that he would like a word.

use chrono::TimeDelta;
use entity::notification::{Kind, Model};
use entity::{CheckInId, MemberId};

use super::{partners_to_tell, partners_who_read};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::error::Fault;
use crate::fact::Word;
use crate::matching;
use crate::outbox::{self, Announcement};
use crate::tx::Tx;

/// The prefix of the dedup key; the id of the check-in follows.
const KEY: &str = "wants_a_word:";
/// How long the notification is worth sending.
const FRESH_FOR: TimeDelta = TimeDelta::hours(24);

fn key(check_in: CheckInId) -> String {
    format!("{KEY}{check_in}")
}

/// Returns the check-in in which the member said that he would like a word, or `None` for another notification.
pub fn check_in_of_wish(row: &Model) -> Option<CheckInId> {
    let id = row.dedup_key.strip_prefix(KEY)?;
    id.parse().ok().map(CheckInId)
}

/// Notifies the partners who may read a member's words that he would like a word: once for each check-in.
async fn wants_a_word(
    app: &App,
    tx: &Tx,
    member: MemberId,
    check_in: CheckInId,
) -> Result<(), Fault> {
    let now = app.clock.now();
    for (partner, pact) in partners_who_read(app, tx, member).await? {
        let what = Announcement {
            member: partner,
            kind: Kind::PartnerWantsAWord,
            dedup_key: key(check_in),
            subject: Some(pact.0),
            not_before: now,
            expires_at: now + FRESH_FOR,
            caused_by: Some(member),
        };
        outbox::announce(app, tx, &what).await?;
    }
    Ok(())
}

/// Follows a new or changed check-in. Tells the connected devices of the partners who may know of it. Notifies the
/// partners who may read it if the member would like a word, and removes that notification if he took it back.
pub async fn check_in_written(
    app: &App,
    tx: &Tx,
    (member, check_in): (MemberId, CheckInId),
    word: Word,
) -> Result<(), Fault> {
    match word {
        Word::Wanted => wants_a_word(app, tx, member, check_in).await?,
        Word::TakenBack => wants_no_word(tx, member, check_in).await?,
        Word::Unsaid => {}
    }
    for (partner, pact) in partners_to_tell(app, tx, member).await? {
        let checked_in = Event::PartnerActivity {
            member: partner,
            activity: Activity::CheckedIn,
            subject: pact.0,
        };
        tx.tell(member, checked_in);
    }
    Ok(())
}

/// Removes the notification that a member would like a word from the inboxes of his partners, present and former.
async fn wants_no_word(tx: &Tx, member: MemberId, check_in: CheckInId) -> Result<(), Fault> {
    let partners = matching::service::everybody_with(tx, member).await?;
    outbox::take_out(tx, &partners, &key(check_in)).await
}
