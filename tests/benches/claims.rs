//! Measures how long it takes to claim and plan 1,000 due reminders, and to send 1,000 due rungs of ladders, among a
//! growing number of members without due ones. The time should depend on the due ones only.
//! `cargo bench -p tests --bench claims` prints the medians of interleaved rounds and their ratios to the first size;
//! `-- --quick` leaves out the million.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use api::ladder;
use api::notification::reminder;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait as _;
use support::{TestApp, TestDatabase};

const DUE: usize = 1_000;
const ROUNDS: usize = 9;

/// The kind of work that is claimed.
#[derive(Clone, Copy)]
enum What {
    Reminders,
    Ladders,
}

impl What {
    const ALL: [Self; 2] = [Self::Reminders, Self::Ladders];

    const fn name(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Ladders => "ladders",
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Reminders => "check_in_reminder",
            Self::Ladders => "ladder",
        }
    }

    /// The columns that are reset on the rows that become due, besides the instant.
    const fn anew(self) -> &'static str {
        match self {
            Self::Reminders => "ignored = 0, ignored_since = NULL",
            Self::Ladders => "version = 1",
        }
    }
}

/// A database with `size` members, and how long each claim of each kind took.
struct Town {
    size: usize,
    app: TestApp,
    taken: [Vec<Duration>; 2],
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(compare())
}

async fn compare() -> anyhow::Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let sizes: &[usize] = if quick {
        &[10_000, 100_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let mut towns = Vec::new();
    for &size in sizes {
        let app = TestApp::configured(TestDatabase::postgres().await, "").await;
        fill(&app, size).await?;
        let taken = [Vec::new(), Vec::new()];
        towns.push(Town { size, app, taken });
    }
    for _ in 0..ROUNDS {
        for town in &mut towns {
            for (what, taken) in What::ALL.into_iter().zip(&mut town.taken) {
                taken.push(claim(&town.app, what).await?);
            }
        }
    }
    for (at, what) in What::ALL.into_iter().enumerate() {
        let medians = towns.iter_mut().map(|town| {
            town.taken[at].sort_unstable();
            (town.size, town.taken[at][ROUNDS / 2].as_secs_f64())
        });
        let medians: Vec<(usize, f64)> = medians.collect();
        for (size, median) in &medians {
            let (millis, ratio) = (median * 1e3, median / medians[0].1);
            let name = what.name();
            report(&format!(
                "{DUE} {name} due, {size:>9} members: {millis:6.1} ms, {ratio:.2} times the first"
            ));
        }
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn report(line: &str) {
    println!("{line}");
}

async fn run(app: &TestApp, sql: &str) -> anyhow::Result<()> {
    let done = app.app.db.pool().execute_unprepared(sql).await;
    done.with_context(|| sql.to_owned())?;
    Ok(())
}

/// Inserts `size` members, each with a reminder and a ladder. The first are due in six hours, the others minute by
/// minute over the twelve hours after that.
async fn fill(app: &TestApp, size: usize) -> anyhow::Result<()> {
    let id = "('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid";
    let now = app.now().to_rfc3339();
    for statement in [
        format!(
            "INSERT INTO member (id, handle, handle_key, country, time_zone, day_start_hour, locale, contact_modes,
                availability, version, created_at, updated_at)
            SELECT {id}, 'm' || i, 'm' || i, 'GB', 'Europe/London', 3, 'en-GB', 0, 0, 1, '{now}', '{now}'
            FROM generate_series(1, {size}) i"
        ),
        format!(
            "INSERT INTO change_feed (member_id, last_seq, pruned_through)
            SELECT {id}, 0, 0 FROM generate_series(1, {size}) i"
        ),
        format!(
            "INSERT INTO check_in_reminder (member_id, local_time, enabled, next_due_at, ignored)
            SELECT {id}, '18:30', true, '{now}'::timestamptz + interval '6 hours' + (i % 720) * interval '1 minute', 0
            FROM generate_series(1, {size}) i"
        ),
        format!(
            "INSERT INTO ladder (member_id, local_time, counts_from, next_due_at, version, updated_at)
            SELECT {id}, '12:00', '2026-03-08', '{now}'::timestamptz + interval '6 hours' + (i % 720) * interval '1 minute',
                1, '{now}' FROM generate_series(1, {size}) i"
        ),
        format!(
            "INSERT INTO ladder_rung (id, member_id, kind, after_days, tells, created_at)
            SELECT {id}, {id}, 'own', 1, 'quiet', '{now}' FROM generate_series(1, {size}) i"
        ),
        "VACUUM ANALYZE".to_owned(),
    ] {
        run(app, &statement).await?;
    }
    Ok(())
}

/// Makes `DUE` rows due, spread over the whole table, claims them and returns how long the claim took.
async fn claim(app: &TestApp, what: What) -> anyhow::Result<Duration> {
    let due = (app.now() - TimeDelta::minutes(1)).to_rfc3339();
    let (table, anew) = (what.table(), what.anew());
    for statement in [
        "DELETE FROM notification".to_owned(),
        "DELETE FROM ladder_telling".to_owned(),
        "UPDATE ladder_rung SET told_at = NULL WHERE told_at IS NOT NULL".to_owned(),
        format!(
            "UPDATE {table} SET next_due_at = '{due}', {anew} WHERE member_id IN (
                SELECT member_id FROM (SELECT member_id, row_number() OVER (ORDER BY member_id) AS n, count(*) OVER () AS
                all_of_them FROM {table}) numbered WHERE n % (all_of_them / {DUE}) = 0)"
        ),
    ] {
        run(app, &statement).await?;
    }
    let began = Instant::now();
    let taken = match what {
        What::Reminders => reminder::run_due(&app.app).await,
        What::Ladders => ladder::service::run_due(&app.app).await,
    };
    let took = began.elapsed();
    let taken = taken.map_err(|fault| anyhow!("the claim failed: {}", fault.class()))?;
    ensure!(taken == DUE, "{taken} were claimed, not {DUE}");
    let announced = app.notifications().await.len();
    ensure!(announced == DUE, "{announced} were announced, not {DUE}");
    Ok(took)
}
