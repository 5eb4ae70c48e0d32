//! Faults of the push provider and the mail server: they hang or are away.

use std::time::Instant;

use serde_json::json;
use support::fake_fcm::Answer;
use support::{SmtpSink, TestDatabase, eventually};

use crate::Fault;
use crate::people::{SIGN_UP, email, sign_up};
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[
    ("the push provider is away for 8 s", || {
        Box::pin(push(Answer::Unavailable(None)))
    }),
    ("the push provider hangs for 8 s", || {
        Box::pin(push(Answer::Stall))
    }),
    ("the mail server hangs for 8 s", || Box::pin(mail())),
];

/// The people who sign up meanwhile.
const NEWCOMERS: usize = 12;
const PASSPHRASE: &str = "copper lantern drift 77";

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

/// Pushes go on, and every code arrives in the end.
async fn mail() -> Outcome {
    let sink = SmtpSink::start().await;
    let mut stage = Stage::set(TestDatabase::postgres().await).await;
    stage.settings += &sink.toml();
    stage.serve().await;
    stage
        .through(async |stage| {
            sink.hang();
            for number in 0..NEWCOMERS {
                let id = stage.app.app.ids.next();
                let input = json!({ "input": sign_up(id, &format!("new{number}"), PASSPHRASE) });
                let answer = stage.servers[0].graphql(None, SIGN_UP, input).await;
                assert_eq!(answer["data"]["signUp"]["errors"], json!([]), "{answer}");
            }
            let pushes = stage.fcm.requests().len();
            lasts(8).await;
            let meanwhile = stage.fcm.requests().len() - pushes;
            assert!(meanwhile > 0, "no push left while letters waited");
            sink.go_on();
            let healed = Instant::now();
            let is_written_to = |number| {
                let to = format!("To: {}", email(&format!("new{number}")));
                sink.letters().iter().any(|letter| letter.contains(&to))
            };
            eventually("every newcomer has a code", async || {
                (0..NEWCOMERS).all(is_written_to)
            })
            .await;
            let (took, letters) = (healed.elapsed().as_secs(), sink.letters().len());
            stage.notes.push(format!(
                "{meanwhile} pushes meanwhile; {NEWCOMERS} codes came within {took} s in {letters} letters"
            ));
        })
        .await
}
