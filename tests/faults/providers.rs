//! Providers of pushes and letters that hang or are away.

use support::TestDatabase;
use support::fake_fcm::Answer;

use crate::Fault;
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    ("the push provider is away for 8 s", || {
        Box::pin(push(Answer::Unavailable(None)))
    }),
    ("the push provider hangs for 8 s", || {
        Box::pin(push(Answer::Stall))
    }),
];

async fn push(answer: Answer) -> Outcome {
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.serve().await;
    stage
        .through(async |stage| {
            stage.fcm.otherwise(answer);
            lasts(8).await;
            stage.fcm.otherwise(Answer::Accept);
        })
        .await
}
