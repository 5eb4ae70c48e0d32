//! Checks that a worker does the work that is due.

use chrono::TimeDelta;

use super::Findings;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::jobs::backlog::{self, Line};

/// Reports jobs that are overdue, held up or given up.
pub async fn check(config: &Config, db: &Db, clock: &Clock, findings: &mut Findings) {
    const WHAT: &str = "work";
    let lease = config.worker.lease_seconds;
    let backlog = match backlog::look(db.pool(), clock.now()).await {
        Ok(backlog) => backlog,
        Err(fault) => {
            return findings.mend(
                WHAT,
                format!("it cannot be read: {}", fault.class()),
                "Let the database's user read and write every table.",
            );
        }
    };
    let stalled = backlog.stalled(lease);
    if stalled.is_empty() {
        findings.fine(WHAT, "nothing has been due for long");
    } else {
        findings.mend(
            WHAT,
            format!("no worker takes what is due: {}", listed(&stalled)),
            "Start `belay worker`, or `belay serve` without --no-worker, and look at its log.",
        );
    }
    if let Some(letters) = backlog.held_up(lease) {
        findings.mend(
            "letters",
            format!("they cannot be sent: {}", listed(&[letters])),
            "Look at the line about mail, and at the worker's log.",
        );
    }
    for line in backlog.given_up.iter().filter(|line| line.count > 0) {
        findings.note(
            "given up",
            format!(
                "{} {} after worker.max_attempts tries, in the last 30 days: table job, state 'failed'",
                line.count, line.kind
            ),
        );
    }
}

/// Lists how many of each kind wait, and for how long.
pub fn listed(lines: &[Line]) -> String {
    let listed = lines.iter().map(|line| {
        let Line {
            kind,
            count,
            oldest,
        } = line;
        format!("{count} {kind}, the oldest for {}", duration(*oldest))
    });
    listed.collect::<Vec<_>>().join("; ")
}

fn duration(long: TimeDelta) -> String {
    match (long.num_days(), long.num_hours(), long.num_minutes()) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}
