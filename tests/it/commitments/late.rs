//! Commitments that were made offline are not lost.

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{answer, every, mike_and_paul, once, refused, send, sent};

/// Made at night, sent in the morning.
#[both]
async fn a_late_commitment_for_a_past_day_can_be_answered(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    app.advance(TimeDelta::days(1));
    let input = once(&app, "2026-03-10", &peering);
    let made = sent(&app, mike, "makeCommitment", input.clone()).await;
    assert_eq!(made["days"][0]["dueOn"], "2026-03-10");
    assert_eq!(sent(&app, mike, "makeCommitment", input).await, made);
    let done = answer(&app, mike, &made["id"], "2026-03-10", "DONE").await;
    assert_eq!(done["state"], "DONE");
    // As far back as a weekly day can be answered.
    let input = once(&app, "2026-02-25", &Value::Null);
    let made = sent(&app, mike, "makeCommitment", input).await;
    answer(&app, mike, &made["id"], "2026-02-25", "PARTLY").await;
    let longer_ago = once(&app, "2026-02-24", &Value::Null);
    let problem = refused(&app, mike, "makeCommitment", longer_ago).await;
    assert_eq!(problem, ["OUT_OF_RANGE", "on"]);
}

#[both]
async fn a_late_weekly_commitment_is_due_from_the_day_it_was_made(app: TestApp) {
    let (mike, ..) = mike_and_paul(&app).await;
    // Made on Tuesday evening, sent on Thursday.
    app.advance(TimeDelta::days(2));
    let mut input = every(&app, &["TUESDAY"], &Value::Null);
    input["madeAt"] = json!("2026-03-10T20:00:00Z");
    let made = sent(&app, mike, "makeCommitment", input.clone()).await;
    assert_eq!(made["days"][0]["dueOn"], "2026-03-10");
    answer(&app, mike, &made["id"], "2026-03-10", "DONE").await;
    // A clock that is years behind or ahead does not extend this.
    for (made_at, due) in [
        ("2020-01-01T00:00:00Z", json!(["2026-03-10", "2026-03-03"])),
        ("2030-01-01T00:00:00Z", json!([])),
    ] {
        let mut input = every(&app, &["TUESDAY"], &Value::Null);
        input["madeAt"] = json!(made_at);
        let made = sent(&app, mike, "makeCommitment", input).await;
        let days = made["days"].as_array().unwrap().iter();
        let days: Vec<_> = days.map(|day| day["dueOn"].clone()).collect();
        assert_eq!(json!(days), due, "{made_at}");
    }
}

#[both]
async fn a_queued_carry_over_is_accepted(app: TestApp) {
    let (mike, ..) = mike_and_paul(&app).await;
    let input = every(&app, &["TUESDAY"], &Value::Null);
    let id = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    // Carried over to Thursday, sent on Saturday.
    app.advance(TimeDelta::days(4));
    let carry = json!({ "commitmentId": id, "dueOn": "2026-03-10", "to": "2026-03-12" });
    let carried = sent(&app, mike, "carryCommitmentOver", carry.clone()).await;
    assert_eq!(carried["days"][1]["carriedTo"], "2026-03-12");
    assert_eq!(
        sent(&app, mike, "carryCommitmentOver", carry).await,
        carried
    );
    answer(&app, mike, &id, "2026-03-12", "DONE").await;
    let back = json!({ "commitmentId": id, "dueOn": "2026-03-12", "to": "2026-03-11" });
    let problem = send(&app, mike, "carryCommitmentOver", back).await;
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
}
