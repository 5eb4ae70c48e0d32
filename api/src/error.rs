//! Faults that the caller did not cause: the database is unreachable, or an invariant of the code does not hold.
//! Expected refusals are outcomes: see [`crate::problem`].

use std::io::ErrorKind;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// A fault of the system. It has no `Display`, so that its cause cannot leak into a response. It is logged once, at the
/// boundary, with the request's id.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The database returned an error, to the statement at this place.
    Db(DbErr, &'static Location<'static>),
    /// The caller exceeded a rate limit and may try again after this long.
    RateLimited(Duration),
    /// The queue for a costly operation is full.
    Busy,
    /// An invariant of the code does not hold. The text states the invariant.
    Broken(&'static str),
    /// Something outside failed.
    Other(Arc<anyhow::Error>),
}

impl From<DbErr> for Fault {
    // Through `?` the caller is the line that asked.
    #[track_caller]
    fn from(fault: DbErr) -> Self {
        Self::Db(fault, Location::caller())
    }
}

impl From<anyhow::Error> for Fault {
    fn from(fault: anyhow::Error) -> Self {
        Self::Other(Arc::new(fault))
    }
}

impl From<serde_json::Error> for Fault {
    fn from(fault: serde_json::Error) -> Self {
        // The library's message quotes the value that it could not read.
        let (line, column) = (fault.line(), fault.column());
        let what = match fault.classify() {
            serde_json::error::Category::Data => "not of the expected shape",
            serde_json::error::Category::Syntax => "malformed",
            serde_json::error::Category::Eof => "cut short",
            serde_json::error::Category::Io => "not to be read or written",
        };
        anyhow::anyhow!("JSON {what}, line {line} column {column}").into()
    }
}

impl Fault {
    /// Whether the same transaction may succeed if it is run again. On PostgreSQL: serialisation failures and deadlocks
    /// (40001, 40P01), a lock timeout (55P03), and a transaction that the server ended because it was idle (25P03). On
    /// SQLite: a busy database (5 and its extended codes). A statement that took too long (57014) is not transient: it
    /// would take too long again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Db(fault, _) if sqlx_code(fault).is_some_and(|code| {
            matches!(
                code.as_str(),
                "40001" | "40P01" | "55P03" | "25P03" | "5" | "261" | "517" | "773"
            )
        }))
    }

    /// Whether the database is unreachable, accepts no writes, or was too busy for every attempt: the same request may
    /// succeed in a moment. Includes everything that [`is_transient`](Self::is_transient) does. On PostgreSQL also:
    /// classes 08 and 53, a shutdown (57P01 to 57P03), a statement that took too long (57014) and a standby (25006). On
    /// SQLite also: a disk that is full or fails (10, 13, 14 and their extended codes, which have them in the lowest
    /// byte).
    pub fn is_outage(&self) -> bool {
        let Self::Db(fault, _) = self else {
            return false;
        };
        if self.is_transient() || matches!(fault, DbErr::ConnectionAcquire(_)) {
            return true;
        }
        if let Some(code) = sqlx_code(fault) {
            let on_sqlite = || {
                code.parse::<u32>()
                    .is_ok_and(|n| matches!(n & 0xFF, 10 | 13 | 14))
            };
            return match code.len() {
                5 => {
                    code.starts_with("08")
                        || code.starts_with("53")
                        || matches!(
                            code.as_str(),
                            "57P01" | "57P02" | "57P03" | "57014" | "25006"
                        )
                }
                _ => on_sqlite(),
            };
        }
        match sqlx_fault(fault) {
            Some(fault) => matches!(
                fault,
                SqlxError::Io(_)
                    | SqlxError::Tls(_)
                    | SqlxError::Protocol(_)
                    | SqlxError::PoolTimedOut
                    | SqlxError::PoolClosed
                    | SqlxError::WorkerCrashed
            ),
            None => matches!(fault, DbErr::Conn(_)),
        }
    }

    /// Whether the disk was full: 13 on SQLite, 53100 on PostgreSQL.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Db(fault, _) if sqlx_code(fault).is_some_and(|code| {
            matches!(code.as_str(), "13" | "53100")
        }))
    }

    /// Whether the server closed the connection, because it restarts or ended it. An answer may be lost with it. A
    /// timeout is not a lost connection.
    pub fn is_lost_connection(&self) -> bool {
        let Self::Db(fault, _) = self else {
            return false;
        };
        match sqlx_fault(fault) {
            Some(SqlxError::Io(why)) => matches!(
                why.kind(),
                ErrorKind::BrokenPipe
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::UnexpectedEof
            ),
            Some(SqlxError::Database(why)) => {
                matches!(why.code().as_deref(), Some("57P01" | "57P02"))
            }
            _ => false,
        }
    }

    /// Whether the database refused a row because another has the same key.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Db(fault, _) if matches!(fault.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }

    /// Returns a description for logs without anybody's data: the database's own messages may quote values.
    pub fn class(&self) -> String {
        match self {
            Self::Db(fault, place) => {
                let (file, line) = (place.file(), place.line());
                let file = file.rsplit_once("src/").map_or(file, |(_, file)| file);
                format!("{} at {file}:{line}", database_class(fault))
            }
            Self::RateLimited(_) => "rate limited".to_owned(),
            Self::Busy => "busy".to_owned(),
            Self::Broken(what) => format!("broken promise: {what}"),
            Self::Other(fault) => format!("{fault:#}"),
        }
    }
}

fn database_class(fault: &DbErr) -> String {
    if let Some(code) = sqlx_code(fault) {
        return format!("database {code}");
    }
    match fault {
        DbErr::ConnectionAcquire(_) => "database: no free connection",
        DbErr::Conn(_) => "database: connection failed",
        DbErr::RecordNotFound(_) => "database: row not found",
        DbErr::RecordNotUpdated => "database: row not updated",
        DbErr::Type(_) | DbErr::TryIntoErr { .. } => "database: value of another type",
        _ => "database",
    }
    .to_owned()
}

fn sqlx_fault(fault: &DbErr) -> Option<&SqlxError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(fault))
    | DbErr::Query(RuntimeErr::SqlxError(fault))
    | DbErr::Conn(RuntimeErr::SqlxError(fault))) = fault
    else {
        return None;
    };
    Some(fault.as_ref())
}

fn sqlx_code(fault: &DbErr) -> Option<String> {
    match sqlx_fault(fault)? {
        SqlxError::Database(fault) => fault.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::ConnAcquireErr;

    use super::*;

    #[test]
    fn only_an_unreachable_database_is_an_outage() {
        let sqlx = |fault| Fault::from(DbErr::Query(RuntimeErr::SqlxError(Arc::new(fault))));
        assert!(Fault::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).is_outage());
        let reset = std::io::Error::from(ErrorKind::ConnectionReset);
        assert!(sqlx(SqlxError::Io(reset)).is_outage());
        assert!(sqlx(SqlxError::PoolTimedOut).is_outage());
        for fault in [
            sqlx(SqlxError::RowNotFound),
            Fault::from(DbErr::RecordNotUpdated),
            Fault::Broken("a promise"),
            Fault::Busy,
        ] {
            assert!(!fault.is_outage(), "{}", fault.class());
        }
    }

    #[test]
    fn a_database_fault_names_the_calling_line() {
        fn fails() -> Result<(), Fault> {
            Err(DbErr::RecordNotUpdated)?;
            Ok(())
        }
        let line = line!() - 3;
        let class = fails().unwrap_err().class();
        assert_eq!(
            class,
            format!("database: row not updated at error.rs:{line}")
        );
    }
}
