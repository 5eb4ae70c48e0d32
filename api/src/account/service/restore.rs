//! After a copy of the database was put back: nothing that was over is to go on.

use chrono::{DateTime, Utc};
use entity::MemberId;

use super::super::erasures::Erased;
use super::super::store;
use super::deletion::purge;
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::{device, sync};

/// Members looked at by one statement, and sessions ended by one.
const AT_ONCE: u64 = 1000;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Sessions that were open in the copy, and are not any more.
    pub sessions: u64,
    /// Members who were erased after the copy was made, and are again.
    pub erased: u64,
}

/// Ends every session with what hangs on it, takes back every code, has every phone begin anew, and erases those who
/// were erased since. Done twice it changes nothing more. With `reset_passphrases` none opens an account any more until
/// its owner has set a new one by mail: what was changed since the copy was made is not known.
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
            device::service::session_ended(tx, &some).await?;
            Ok(Done::Keep(some.len() as u64))
        })?;
        ended += some;
        if some < AT_ONCE {
            return Ok(ended);
        }
    }
}
