//! Clean-up after a copy of the database was restored: whatever had ended stays ended.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::session::RevokedReason;

use super::super::erasures::Erased;
use super::super::store;
use super::deletion::purge;
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::sync;
use crate::transact;
use crate::tx::Done;

/// How many members one statement reads, and how many sessions one statement ends.
const AT_ONCE: u64 = 1000;

/// What [`restore`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Sessions that were open in the copy and are now ended.
    pub sessions: u64,
    /// Members who were erased after the copy was made, and are now erased again.
    pub erased: u64,
}

/// Ends every session with everything attached to it, removes every code, makes every phone sync from the start, and
/// erases again the members who were erased after the copy was made. Idempotent: a second run changes nothing more.
/// With `reset_passphrases`, no passphrase opens an account until its owner has set a new one by mail, because
/// passphrases that were changed after the copy was made are not known.
pub async fn restore(
    app: &App,
    erased: &Erased,
    reset_passphrases: bool,
) -> Result<Restored, Fault> {
    let now = app.clock.now();
    let sessions = end_everything(app, now).await?;
    transact!(app, |tx| {
        store::code::remove_all(tx).await?;
        store::sign_up::remove_all(tx).await?;
        if reset_passphrases {
            store::account::forget_passphrases(tx, now).await?;
        }
        sync::service::begin_anew(tx).await?;
        Ok(Done::Keep(()))
    })?;
    let mut done = Restored {
        sessions,
        erased: 0,
    };
    let mut after = None;
    while !erased.is_empty() {
        let members = store::account::owners(app.db.pool(), after, AT_ONCE).await?;
        let Some(last) = members.last().copied() else {
            break;
        };
        let gone: Vec<MemberId> = members
            .into_iter()
            .filter(|member| erased.contains(&app.keys, *member))
            .collect();
        for member in gone {
            store::account::is_due(app.db.pool(), member, now).await?;
            purge(app, member).await?;
            done.erased += 1;
        }
        after = Some(last);
    }
    app.db.forget_log().await?;
    Ok(done)
}

async fn end_everything(app: &App, now: DateTime<Utc>) -> Result<u64, Fault> {
    let mut ended = 0;
    loop {
        let some = transact!(app, |tx| {
            let some = store::session::revoke_some(tx, AT_ONCE, now).await?;
            let fact = Fact::SessionsEnded {
                sessions: &some,
                reason: RevokedReason::SignedOutElsewhere,
            };
            app.follow(tx, fact).await?;
            Ok(Done::Keep(some.len() as u64))
        })?;
        ended += some;
        if some < AT_ONCE {
            return Ok(ended);
        }
    }
}
