//! What an error means for its connection.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Whether the connection must not be used again: it is broken, it was closed, the host accepts no writes any more, or
/// the transaction ended by itself. SQLite rolls back by itself when the disk is full or fails, and a later `ROLLBACK`
/// fails. Its codes for that are 7, 9, 10, 11, 13, 14 and 26; extended codes have them in the lowest byte.
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

/// Whether the other connections are in doubt as well: the server is gone or shutting down, or it no longer accepts
/// writes. A transaction that was idle for too long (25P03) says nothing about other connections.
pub fn doubts_host(fault: &Error) -> bool {
    match fault {
        Error::Io(_) | Error::Tls(_) => true,
        Error::Database(fault) => fault
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|fault| matches!(fault.code(), "25006" | "57P01" | "57P02" | "57P03")),
        _ => false,
    }
}

/// Whether the server accepts no more connections.
pub fn is_crowded(fault: &Error) -> bool {
    matches!(fault, Error::Database(fault) if fault.code().as_deref() == Some("53300"))
}
