//! Faults of a primary with a synchronous standby.

use crate::Fault;
use crate::cluster::Cluster;
use crate::stage::{Outcome, Stage, lasts};
use support::{TestApp, TestDatabase};

pub const FAULTS: &[Fault] = &[
    (
        "the primary dies, its synchronous standby is promoted",
        || Box::pin(promotion()),
    ),
    ("the only synchronous standby dies for 8 s", || {
        Box::pin(without_standby())
    }),
];

async fn promotion() -> Outcome {
    let primary = Cluster::start().await;
    let mut stage = Stage::set(primary.database().await).await;
    let standby = primary.standby().await;
    let hosts = format!(
        "postgres://postgres@{},{}/postgres?target_session_attrs=read-write",
        primary.authority(),
        standby.authority()
    );
    let program = |stage: &Stage| stage.program("serve").env("BELAY_DATABASE__URL", &hosts);
    for _ in 0..2 {
        let program = program(&stage);
        stage.start(program).await;
    }
    stage
        .through(async |stage| {
            primary.kill();
            lasts(2).await;
            standby.promote();
            // The comparison at the end must read from the new primary.
            let url = format!("postgres://postgres@{}/postgres", standby.authority());
            stage.app = TestApp::in_the_present(TestDatabase::at(&url).await).await;
        })
        .await
}

/// No write is acknowledged until the operator takes the standby out of the configuration.
async fn without_standby() -> Outcome {
    let primary = Cluster::start().await;
    let mut stage = Stage::set(primary.database().await).await;
    let standby = primary.standby().await;
    stage.serve().await;
    stage
        .through(async |_| {
            standby.kill();
            lasts(8).await;
            primary.configure("synchronous_standby_names = ''\n");
            primary.reload();
        })
        .await
}
