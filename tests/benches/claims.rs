//! What it takes to claim and plan 1,000 reminders that are due, among ever more members whose are not: it is to
//! follow those due. `cargo bench -p tests --bench claims` prints the median of interleaved rounds and its ratio to the
//! first; `-- --quick` leaves the million out.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use api::nudge::reminder;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait as _;
use support::{TestApp, TestDatabase};

const DUE: usize = 1_000;
const ROUNDS: usize = 9;

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
    for size in sizes {
        let app = TestApp::configured(TestDatabase::postgres().await, "").await;
        fill(&app, *size).await?;
        towns.push((*size, app, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (_, app, taken) in &mut towns {
            taken.push(claim(app).await?);
        }
    }
    let medians = towns.into_iter().map(|(size, _, mut taken)| {
        taken.sort_unstable();
        (size, taken[ROUNDS / 2])
    });
    let medians: Vec<(usize, Duration)> = medians.collect();
    for (size, median) in &medians {
        let ratio = median.as_secs_f64() / medians[0].1.as_secs_f64();
        report(&format!(
            "{DUE} due of {size:>9} members: {:6.1} ms, {ratio:.2} times the first",
            median.as_secs_f64() * 1e3
        ));
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a benchmark tells what it measured")]
fn report(line: &str) {
    println!("{line}");
}

async fn run(app: &TestApp, sql: &str) -> anyhow::Result<()> {
    let done = app.app.db.pool().execute_unprepared(sql).await;
    done.with_context(|| sql.to_owned())?;
    Ok(())
}

/// So many members, each with a reminder that is not due for hours, minute by minute through the day.
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
        "VACUUM ANALYZE".to_owned(),
    ] {
        run(app, &statement).await?;
    }
    Ok(())
}

/// Has some fall due, spread over the whole table, and takes them.
async fn claim(app: &TestApp) -> anyhow::Result<Duration> {
    let due = (app.now() - TimeDelta::minutes(1)).to_rfc3339();
    run(app, "DELETE FROM notification").await?;
    run(
        app,
        &format!(
            "UPDATE check_in_reminder SET next_due_at = '{due}', ignored = 0, ignored_since = NULL WHERE member_id IN (
                SELECT member_id FROM (SELECT member_id, row_number() OVER (ORDER BY member_id) AS n, count(*) OVER () AS
                all_of_them FROM check_in_reminder) numbered WHERE n % (all_of_them / {DUE}) = 0)"
        ),
    )
    .await?;
    let began = Instant::now();
    let taken = reminder::run_due(&app.app).await;
    let took = began.elapsed();
    let taken = taken.map_err(|fault| anyhow!("the claim failed: {}", fault.class()))?;
    ensure!(taken == DUE, "{taken} were taken");
    Ok(took)
}
