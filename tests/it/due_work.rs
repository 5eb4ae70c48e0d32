//! Operators see due work that no worker takes, and the refusals of members' requests.

use serde_json::json;
use support::{Program, TestApp, TestDatabase, TestServer, both};

use crate::operations::{add_unreadable_job, request_lines};

#[both]
async fn due_work_without_a_worker_is_reported(database: TestDatabase) {
    let program = || Program::new("doctor").database(&database);
    let sound = program().run().await;
    assert_eq!(sound.code, Some(0), "{}", sound.said);
    assert!(sound.said.contains("ok    work"), "{}", sound.said);

    let api = Program::new("serve --no-worker").database(&database);
    let api = TestServer::run(api).await;
    assert_eq!(api.get("/readyz").await.text().await.unwrap(), "ready\n");
    for number in 1..=3 {
        add_unreadable_job(&database, number, "2026-01-01T00:00:00Z").await;
    }
    support::eventually("it is said", async || {
        let ready = api.get("/readyz").await;
        assert_eq!(ready.status(), 200, "members are served all the same");
        ready
            .text()
            .await
            .unwrap()
            .contains("no worker takes what is due: jobs")
    })
    .await;
    let metrics = api.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("belay_due{kind=\"jobs\"} 3"), "{metrics}");
    for kind in ["letters", "deliveries", "reminders", "asks", "ladders"] {
        let line = format!("belay_due{{kind=\"{kind}\"}} 0");
        assert!(metrics.contains(&line), "no {line} in {metrics}");
    }
    let oldest = metrics
        .lines()
        .find_map(|line| line.strip_prefix("belay_due_oldest_seconds{kind=\"jobs\"} "));
    assert!(
        oldest.unwrap().parse::<f64>().unwrap() > 86_400.0,
        "{metrics}"
    );

    let ended = program().run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    for part in [
        "mend  work: no worker takes what is due: 3 jobs",
        "belay worker",
    ] {
        assert!(ended.said.contains(part), "no {part:?} in {}", ended.said);
    }
}

#[both]
async fn a_refusal_in_a_payload_is_logged_and_counted(app: TestApp) {
    let mike = app.member("mike").await;
    let program = Program::new("serve --no-worker").database(app.database());
    let mut server = TestServer::run(program.env("BELAY_LOG__FORMAT", "json")).await;
    let token = TestServer::token(mike);
    let update = "mutation($input: UpdateProfileInput!) {
        updateProfile(input: $input) { errors { path } } }";
    let refused = json!({ "input": { "handle": "", "country": "nowhere" } });
    server.graphql(Some(&token), update, refused).await;
    let fine = json!({ "input": { "bio": "A climber." } });
    server.graphql(Some(&token), update, fine).await;
    let metrics = server.get("/metrics").await.text().await.unwrap();
    for line in [
        "belay_requests_total{type=\"mutation\",code=\"REFUSED\"} 1",
        "belay_requests_total{type=\"mutation\",code=\"OK\"} 1",
        "belay_refusals_total{type=\"mutation\",error=\"ProfileError\",code=\"INVALID\"}",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    server.terminate();
    assert!(server.ended().await.success());
    let lines = request_lines(&server);
    assert_eq!(lines[0]["outcome"], "REFUSED", "{lines:#?}");
    let codes = lines[0]["refusals"].as_str().unwrap();
    assert!(codes.contains("INVALID"), "{lines:#?}");
    assert_eq!(lines[1]["outcome"], "OK");
    assert_eq!(lines[1]["refusals"], "");
}
