//! What an error says of the connection it came by.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Whether the connection must not serve again: it is broken, it was closed, the host takes no writes any more, or the
/// transaction is over although nobody ended it. SQLite rolls back by itself when the disk is full or fails (its codes
/// 7, 9, 10, 11, 13, 14 and 26, and their extensions, which have them in the lowest byte), and a later `ROLLBACK` fails.
pub fn ends_connection(fault: &Error) -> bool {
    match fault {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(fault) => {
            if let Some(fault) = fault.try_downcast_ref::<PgDatabaseError>() {
                return matches!(fault.severity(), PgSeverity::Fatal | PgSeverity::Panic)
                    || fault.code() == "25006";
            }
            let code = fault.code().and_then(|code| code.parse::<u32>().ok());
            code.is_some_and(|code| matches!(code & 0xFF, 7 | 9 | 10 | 11 | 13 | 14 | 26))
        }
        _ => false,
    }
}

/// Whether the other connections are in doubt as well: the server is gone or going, or it is no longer the one that
/// takes writes. A transaction that slept too long (25P03) says nothing of others.
pub fn doubts_host(fault: &Error) -> bool {
    match fault {
        Error::Io(_) | Error::Tls(_) => true,
        Error::Database(fault) => fault
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|fault| matches!(fault.code(), "25006" | "57P01" | "57P02" | "57P03")),
        _ => false,
    }
}

/// Whether the server has no place for one more connection.
pub fn is_crowded(fault: &Error) -> bool {
    matches!(fault, Error::Database(fault) if fault.code().as_deref() == Some("53300"))
}
