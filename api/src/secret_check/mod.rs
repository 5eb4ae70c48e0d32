//! Checks that the configured secrets are those that a database was written with.
//!
//! The database keeps a known text for each secret, sealed at the first start. A start is refused if neither the
//! current secret nor a former one opens it: everybody would be signed out, and members' words could not be read. On
//! PostgreSQL a start is also refused if it would write with a secret that other processes may not have: see
//! [`announced`].

mod announced;

use chrono::{DateTime, Utc};
use entity::secret_check::{ActiveModel, Column, Entity, Purpose};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait as _, QueryOrder as _, QuerySelect as _,
};

use crate::db::Db;
use crate::entropy::Entropy;
use crate::error::Fault;
use crate::keys::Keys;
use crate::keys::at_rest::AtRest;
use crate::tx::Tx;

const TEXT: &str = "belay";

/// How a configured secret fits a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The database has no check value yet.
    New,
    /// The database was written with this secret.
    Right,
    /// The database was written with a configured former secret, and the process that started last can read with this
    /// one.
    Changed,
    /// The database was written with a configured former secret, and other processes may not be able to read with this
    /// one.
    Unannounced,
    /// The database was written with a secret that is not configured.
    Wrong,
}

/// A secret and its verdict.
pub type Judged = (Purpose, Verdict);

/// All secrets.
pub const PURPOSES: [Purpose; 2] = [Purpose::Signing, Purpose::AtRest];

/// Returns the configuration key of a secret.
pub const fn key(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signing => "auth.secret",
        Purpose::AtRest => "at_rest.secret",
    }
}

/// Tells the operator what is lost with a secret.
pub const fn loss(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signing => "every member has to sign in again",
        Purpose::AtRest => {
            "what members wrote and is kept encrypted (notes, nudges, commitments, words of ladders) cannot be read any \
             more, by anybody"
        }
    }
}

const fn sealed_with(keys: &Keys, purpose: Purpose) -> &AtRest {
    match purpose {
        Purpose::Signing => keys.signing(),
        Purpose::AtRest => keys.at_rest(),
    }
}

const fn what(purpose: Purpose) -> [&'static [u8]; 2] {
    match purpose {
        Purpose::Signing => [b"secret check", b"signing"],
        Purpose::AtRest => [b"secret check", b"at rest"],
    }
}

/// Whether this database has a check value, so that a secret for it exists.
pub async fn is_made(db: &Db) -> Result<bool, Fault> {
    Ok(Entity::find().one(db.pool()).await?.is_some())
}

/// Judges each secret. Changes nothing.
pub async fn look(db: &impl ConnectionTrait, keys: &Keys) -> Result<Vec<Judged>, Fault> {
    let rows = Entity::find().all(db).await?;
    let mut judged = Vec::new();
    for purpose in PURPOSES {
        let row = rows.iter().find(|row| row.purpose == purpose);
        let verdict = match row {
            None => Verdict::New,
            Some(row) => judge(db, purpose, sealed_with(keys, purpose), &row.sealed).await?,
        };
        judged.push((purpose, verdict));
    }
    Ok(judged)
}

async fn judge(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    keys: &AtRest,
    sealed: &[u8],
) -> Result<Verdict, Fault> {
    let opened = keys.open(&what(purpose), sealed);
    if opened.is_ok_and(|text| text == TEXT) {
        return Ok(if keys.is_current(sealed) {
            Verdict::Right
        } else if announced::is_announced(db, purpose, keys).await? {
            Verdict::Changed
        } else {
            Verdict::Unannounced
        });
    }
    Ok(Verdict::Wrong)
}

/// The kind of process that uses the secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A long-running process, which reads what others write meanwhile.
    Process,
    /// A command that ends.
    Command,
}

/// Judges each secret. Writes missing check values, and seals those of a former secret again with the current one. A
/// process also announces the secrets that it reads with. Returns the secrets that must not be used; if there are any,
/// nothing was changed.
pub async fn settle(
    db: &Db,
    keys: &Keys,
    entropy: &Entropy,
    now: DateTime<Utc>,
    caller: Caller,
) -> Result<Vec<Judged>, Fault> {
    if is_settled(db.pool(), keys, caller).await? {
        return Ok(Vec::new());
    }
    let tx = Tx::begin(db, now).await?;
    // The lock makes starts run one after another: each announces its secrets before the next one checks them.
    let in_order = Entity::find().order_by_asc(Column::Purpose);
    in_order.lock(LockType::Update).all(&tx).await?;
    let judged = look(&tx, keys).await?;
    if judged.iter().all(|(_, verdict)| is_allowed(*verdict)) {
        for (purpose, verdict) in judged {
            match verdict {
                Verdict::New => write(&tx, keys, entropy, now, purpose, false).await?,
                Verdict::Changed => write(&tx, keys, entropy, now, purpose, true).await?,
                Verdict::Right | Verdict::Unannounced | Verdict::Wrong => {}
            }
            if caller == Caller::Process {
                announced::announce(&tx, purpose, sealed_with(keys, purpose), now).await?;
            }
        }
    }
    // Judge again: if two first starts ran at once with different secrets, only one wrote the values.
    let mut judged = look(&tx, keys).await?;
    judged.retain(|(_, verdict)| !is_allowed(*verdict));
    if judged.is_empty() {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(judged)
}

/// Whether there is nothing to write. A process must also start while the database accepts no writes.
async fn is_settled(db: &impl ConnectionTrait, keys: &Keys, caller: Caller) -> Result<bool, Fault> {
    for (purpose, verdict) in look(db, keys).await? {
        let known = caller == Caller::Command
            || announced::is_known(db, purpose, sealed_with(keys, purpose)).await?;
        if verdict != Verdict::Right || !known {
            return Ok(false);
        }
    }
    Ok(true)
}

const fn is_allowed(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Wrong | Verdict::Unannounced)
}

/// Accepts the configured secrets from now on, whatever the database was written with.
pub async fn accept(
    db: &Db,
    keys: &Keys,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let tx = Tx::begin(db, now).await?;
    for purpose in PURPOSES {
        write(&tx, keys, entropy, now, purpose, true).await?;
        announced::announce(&tx, purpose, sealed_with(keys, purpose), now).await?;
    }
    tx.commit().await
}

async fn write(
    db: &impl ConnectionTrait,
    keys: &Keys,
    entropy: &Entropy,
    now: DateTime<Utc>,
    purpose: Purpose,
    over: bool,
) -> Result<(), Fault> {
    let row = ActiveModel {
        purpose: Set(purpose),
        sealed: Set(sealed_with(keys, purpose).seal(entropy, &what(purpose), TEXT)?),
        sealed_at: Set(now),
    };
    let mut there = OnConflict::column(Column::Purpose);
    if over {
        there.update_columns([Column::Sealed, Column::SealedAt]);
    } else {
        there.do_nothing();
    }
    Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
