//! Whether the configured secrets are those that a database was written with.
//!
//! The database keeps a known text for each, sealed with it at the first start. A start with a secret that opens it
//! neither as the current one nor as a former one is refused: everybody would be signed out, and what members wrote could
//! not be read.

use chrono::{DateTime, Utc};
use entity::secret_check::{ActiveModel, Column, Entity, Purpose};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait as _};

use super::Keys;
use super::at_rest::AtRest;
use crate::db::Db;
use crate::entropy::Entropy;
use crate::error::Fault;

const TEXT: &str = "belay";

/// How a configured secret stands to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The database has no check value yet.
    New,
    /// It was written with this secret.
    Right,
    /// It was written with a former secret, which is named.
    Changed,
    /// It was written with a secret that is not configured.
    Wrong,
}

/// The secrets there are.
pub const PURPOSES: [Purpose; 2] = [Purpose::Signing, Purpose::AtRest];

/// The key of the configuration that a secret stands under.
pub const fn key(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signing => "auth.secret",
        Purpose::AtRest => "at_rest.secret",
    }
}

/// What is lost with a secret, for the operator.
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

/// Whether this database has a check value: it belongs to a secret that exists.
pub async fn is_made(db: &Db) -> Result<bool, Fault> {
    Ok(Entity::find().one(db.pool()).await?.is_some())
}

/// Judges each secret. Changes nothing.
pub async fn look(db: &Db, keys: &Keys) -> Result<Vec<(Purpose, Verdict)>, Fault> {
    let rows = Entity::find().all(db.pool()).await?;
    let judge = |purpose: Purpose| {
        let Some(row) = rows.iter().find(|row| row.purpose == purpose) else {
            return (purpose, Verdict::New);
        };
        let keys = sealed_with(keys, purpose);
        let opens = keys
            .open(&what(purpose), &row.sealed)
            .is_ok_and(|text| text == TEXT);
        let verdict = match (opens, keys.is_current(&row.sealed)) {
            (true, true) => Verdict::Right,
            (true, false) => Verdict::Changed,
            (false, _) => Verdict::Wrong,
        };
        (purpose, verdict)
    };
    Ok(PURPOSES.into_iter().map(judge).collect())
}

/// Judges each secret; makes the check values that are missing, and those anew that a former secret made. Returns the
/// secrets that are wrong.
pub async fn settle(
    db: &Db,
    keys: &Keys,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<Vec<Purpose>, Fault> {
    let wrong = |judged: &[(Purpose, Verdict)]| -> Vec<Purpose> {
        let wrong = judged
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Wrong);
        wrong.map(|(purpose, _)| *purpose).collect()
    };
    let judged = look(db, keys).await?;
    let found = wrong(&judged);
    if !found.is_empty() {
        return Ok(found);
    }
    for (purpose, verdict) in judged {
        match verdict {
            Verdict::New => write(db, keys, entropy, now, purpose, false).await?,
            Verdict::Changed => write(db, keys, entropy, now, purpose, true).await?,
            Verdict::Right | Verdict::Wrong => {}
        }
    }
    // Of two processes that start at once with different secrets, one made the values.
    Ok(wrong(&look(db, keys).await?))
}

/// Takes the configured secrets for right from now on, whatever the database was written with.
pub async fn accept(
    db: &Db,
    keys: &Keys,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    for purpose in PURPOSES {
        write(db, keys, entropy, now, purpose, true).await?;
    }
    Ok(())
}

async fn write(
    db: &Db,
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
        .exec_without_returning(db.pool())
        .await?;
    Ok(())
}
