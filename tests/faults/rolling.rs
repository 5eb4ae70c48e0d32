//! A rolling upgrade and a rollback, under load: an older and a newer program on one database.

use support::{Program, TestDatabase, TestServer};

use crate::Fault;
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[("rolling upgrade, a crash in it, and rollback", || {
    Box::pin(rolls())
})];

/// The migration step that only the newer program knows.
const STEP: &str = "m20990101_000001_rehearse_compatible";

fn newer(program: Program) -> Program {
    program.env("UNDER_TEST_STEPS", "compatible")
}

async fn rolls() -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    for _ in 0..2 {
        let old = stage.program("serve --no-worker");
        stage.start(old).await;
    }
    let mut worker = TestServer::work(stage.program("worker")).await;
    let outcome = stage
        .through(async |stage| {
            let migrated = newer(stage.program("migrate")).run().await;
            assert_eq!(migrated.code, Some(0), "{}", migrated.said);
            assert!(migrated.said.contains(STEP), "{}", migrated.said);
            lasts(1).await;

            rolled(stage, 0, newer).await;
            lasts(1).await;
            // A supervisor restarts what it started before: the older program, on the newer schema.
            stage.servers[1].kill().await;
            stage.replace(1, stage.program("serve --no-worker")).await;
            lasts(1).await;
            worker.kill().await;
            worker = TestServer::work(stage.program("worker")).await;
            lasts(1).await;
            rolled(stage, 1, newer).await;
            replaced(&mut worker, newer(stage.program("worker"))).await;
            lasts(2).await;

            // Roll back, while the other server is still the newer one.
            rolled(stage, 0, |older| older).await;
            replaced(&mut worker, stage.program("worker")).await;
            lasts(1).await;
        })
        .await;
    drop(worker);
    if let Outcome::Stood(seen, ..) = &outcome {
        let told = seen.faults.keys();
        let mut answers = told.filter(|fault| !fault.ends_with(" connection"));
        assert_eq!(answers.next(), None, "{seen}");
    }
    outcome
}

/// Stops a server with SIGTERM, and starts another in its place.
async fn rolled(stage: &mut Stage, number: usize, which: impl FnOnce(Program) -> Program) {
    stage.servers[number].terminate();
    assert!(stage.servers[number].ended().await.success());
    let program = which(stage.program("serve --no-worker"));
    stage.replace(number, program).await;
}

async fn replaced(worker: &mut TestServer, next: Program) {
    worker.terminate();
    assert!(worker.ended().await.success());
    *worker = TestServer::work(next).await;
}
