//! Writing a ladder: repetition, other devices, and invalid input.

use serde_json::json;
use support::{TestApp, both};

use super::{Three, at, ladder, log, requests, steps, utc, write, written};
use crate::profile::{problem, problems};

#[both]
async fn writing_the_same_ladder_again_changes_nothing(app: TestApp) {
    let three = Three::agree(&app).await;
    let before = ladder(&app, three.mike).await;
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    // The answer was lost, and the phone was off for days.
    let again = written(&app, three.mike, &three.ladder()).await;
    assert_eq!(again["version"], before["version"]);
    assert_eq!(again["rungs"][1], before["rungs"][1]);
    let rest = &before["ifYouStopToday"].as_array().unwrap()[1..];
    assert_eq!(again["ifYouStopToday"].as_array().unwrap(), rest);
    let asked = app.notifications().await;
    let asked = asked
        .iter()
        .filter(|row| row.dedup_key.starts_with("ladder_asked"));
    assert_eq!(asked.count(), 2);
    // Writing no rungs means no ladder, however often.
    let sam = app.member("sam").await;
    for _ in 0..2 {
        let none = written(&app, sam, &json!({ "localTime": "09:00" })).await;
        assert_eq!(none, json!(null));
    }
}

#[both]
async fn a_phone_that_knows_an_older_ladder_gets_stale(app: TestApp) {
    let three = Three::meet(&app).await;
    let own = json!({ "localTime": "09:00", "own": { "afterDays": 2 } });
    let first = write(
        &app,
        three.mike,
        json!({ "ladder": own, "expectedVersion": 0 }),
    )
    .await;
    assert_eq!(first["errors"], json!([]));
    let other = json!({ "ladder": three.ladder(), "expectedVersion": 0 });
    let stale = write(&app, three.mike, other).await;
    assert_eq!(problems(&stale), problem("STALE", "input.expectedVersion"));
    assert_eq!(stale["me"]["ladder"], first["me"]["ladder"]);
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    // A repeated write succeeds, whatever version it expects.
    let again = write(
        &app,
        three.mike,
        json!({ "ladder": own, "expectedVersion": 0 }),
    )
    .await;
    assert_eq!(again, first);
    let other = json!({ "ladder": three.ladder(), "expectedVersion": 1 });
    let second = write(&app, three.mike, other).await;
    assert_eq!(second["me"]["ladder"]["version"], 2);
}

#[both]
async fn a_ladders_invalid_fields_are_named(app: TestApp) {
    let three = Three::meet(&app).await;
    let mut wrong = three.ladder();
    wrong["own"]["afterDays"] = json!(0);
    wrong["partner"]["words"] = json!("x".repeat(281));
    wrong["partner"]["afterDays"] = json!(61);
    wrong["facilitator"]["memberId"] = json!("nobody");
    let payload = write(&app, three.mike, json!({ "ladder": wrong })).await;
    let expected: Vec<_> = [
        ("TOO_LONG", "input.ladder.partner.words"),
        ("NOT_FOUND", "input.ladder.facilitator.memberId"),
        ("OUT_OF_RANGE", "input.ladder.own.afterDays"),
        ("OUT_OF_RANGE", "input.ladder.partner.afterDays"),
    ]
    .into_iter()
    .flat_map(|(code, path)| problem(code, path))
    .collect();
    assert_eq!(problems(&payload), expected);
    assert_eq!(payload["me"], json!(null));

    let refused = async |change: &dyn Fn(&mut serde_json::Value)| {
        let mut ladder = three.ladder();
        change(&mut ladder);
        let payload = write(&app, three.mike, json!({ "ladder": ladder })).await;
        problems(&payload)
    };
    let late = refused(&|ladder| ladder["facilitator"]["afterDays"] = json!(3)).await;
    let path = "input.ladder.facilitator.afterDays";
    assert_eq!(late, problem("OUT_OF_RANGE", path));
    let circle = three.circle.clone();
    let peering = refused(&|ladder| ladder["partner"]["peeringId"] = circle.clone()).await;
    assert_eq!(
        peering,
        problem("NOT_FOUND", "input.ladder.partner.peeringId")
    );
    // A member who does not run the circle, and the owner himself.
    let path = "input.ladder.facilitator.memberId";
    for member in [three.paul, three.mike] {
        use api::node_id::NodeId as _;
        let member = json!(*member.member.global());
        let found = refused(&|ladder| ladder["facilitator"]["memberId"] = member.clone()).await;
        assert_eq!(found, problem("NOT_FOUND", path));
    }
    // The peering of two others.
    let (sam, joe) = (app.member("sam").await, app.member("joe").await);
    let theirs = crate::peerings::partners(&app, sam, joe).await;
    let found = refused(&|ladder| ladder["partner"]["peeringId"] = theirs.clone()).await;
    assert_eq!(
        found,
        problem("NOT_FOUND", "input.ladder.partner.peeringId")
    );
    // The same recipient twice.
    let with_host = crate::peerings::partners(&app, three.mike, three.host).await;
    let found = refused(&|ladder| ladder["partner"]["peeringId"] = with_host.clone()).await;
    assert_eq!(found, problem("CONFLICT", path));
    assert_eq!(ladder(&app, three.mike).await, json!(null));
}

#[both]
async fn a_preview_keeps_nothing_and_asks_nobody(app: TestApp) {
    let three = Three::meet(&app).await;
    let query = "query($input: LadderInput!) { previewLadder(input: $input) {
        steps { kind at agreed member { handle } } errors { code path } } }";
    let preview = async |ladder: serde_json::Value| {
        let answer = app
            .as_member(three.mike, query, json!({ "input": ladder }))
            .await;
        answer.at("/previewLadder")
    };
    let seen = preview(three.ladder()).await;
    let step = |kind: &str, at: &str, who: Option<&str>| {
        let member = who.map(|handle| json!({ "handle": handle }));
        json!({ "kind": kind, "at": at, "agreed": who.is_none(), "member": member })
    };
    let steps_seen = json!([
        step("OWN", "2026-03-12T09:00:00.000Z", None),
        step("PARTNER", "2026-03-14T09:00:00.000Z", Some("paul")),
        step("FACILITATOR", "2026-03-16T09:00:00.000Z", Some("host")),
    ]);
    assert_eq!(seen, json!({ "steps": steps_seen, "errors": [] }));
    assert_eq!(ladder(&app, three.mike).await, json!(null));
    assert_eq!(requests(&app, three.paul).await, [json!(null); 0]);
    let mut wrong = three.ladder();
    wrong["own"]["afterDays"] = json!(9);
    let seen = preview(wrong).await;
    assert_eq!(seen["steps"], json!([]));
    let expected = [
        problem("OUT_OF_RANGE", "input.partner.afterDays"),
        problem("OUT_OF_RANGE", "input.facilitator.afterDays"),
    ];
    assert_eq!(problems(&seen), expected.concat());
    let mut wrong = three.ladder();
    wrong["facilitator"]["memberId"] = {
        use api::node_id::NodeId as _;
        json!(*three.paul.member.global())
    };
    let path = "input.facilitator.memberId";
    assert_eq!(problems(&preview(wrong).await), problem("NOT_FOUND", path));
    let mut wrong = three.ladder();
    wrong["partner"]["peeringId"] = three.circle.clone();
    let path = "input.partner.peeringId";
    assert_eq!(problems(&preview(wrong).await), problem("NOT_FOUND", path));
    // The written ladder has the same steps.
    written(&app, three.mike, &three.ladder()).await;
    assert_eq!(
        steps(&app, three.mike).await[0],
        at("OWN", "2026-03-12T09:00:00.000Z")
    );
    assert_eq!(log(&app, three.mike).await, []);
}

#[both]
async fn changing_a_ladder_often_pushes_one_request_a_day(app: TestApp) {
    let three = Three::meet(&app).await;
    app.register(three.paul, "pauls").await;
    let own = json!({ "localTime": "09:00", "own": { "afterDays": 1 } });
    for _ in 0..3 {
        written(&app, three.mike, &three.ladder()).await;
        app.drain().await;
        written(&app, three.mike, &own).await;
    }
    written(&app, three.mike, &three.ladder()).await;
    app.drain().await;
    let asked = app.outbox();
    let asked = asked.iter().filter(|sent| {
        let text = serde_json::to_value(sent).unwrap().to_string();
        text.contains("a question for you")
    });
    assert_eq!(asked.count(), 1);
    // The inbox has the current request.
    let query = "{ me { notifications { nodes { kind subjectId } } } }";
    let inbox = app.as_member(three.paul, query, json!({})).await;
    let id = requests(&app, three.paul).await[0]["id"].clone();
    let line = json!([{ "kind": "LADDER_ASKED", "subjectId": id }]);
    assert_eq!(inbox.at("/me/notifications/nodes"), line);
}

#[both]
async fn a_ladder_without_rungs_is_null_and_keeps_counting_versions(app: TestApp) {
    let three = Three::meet(&app).await;
    let mut partner_alone = three.ladder();
    partner_alone["own"] = json!(null);
    partner_alone["facilitator"] = json!(null);
    written(&app, three.mike, &partner_alone).await;
    crate::peerings::leave(&app, three.paul, "endPeering", &three.peering).await;
    assert_eq!(ladder(&app, three.mike).await, json!(null));
    let own = json!({ "localTime": "09:00", "own": { "afterDays": 2 } });
    // A phone that knows the former ladder.
    let stale = write(
        &app,
        three.mike,
        json!({ "ladder": own, "expectedVersion": 1 }),
    )
    .await;
    assert_eq!(problems(&stale), problem("STALE", "input.expectedVersion"));
    let new = write(
        &app,
        three.mike,
        json!({ "ladder": own, "expectedVersion": 0 }),
    )
    .await;
    assert_eq!(new["me"]["ladder"]["version"], 2);
}

#[both]
async fn words_that_cannot_be_decrypted_do_not_stop_the_ladder(app: TestApp) {
    use sea_orm::sea_query::Expr;
    use sea_orm::{EntityTrait as _, QueryFilter as _};
    let three = Three::agree(&app).await;
    entity::ladder_rung::Entity::update_many()
        .col_expr(
            entity::ladder_rung::Column::Words,
            Expr::value(vec![1_u8, 2, 3]),
        )
        .filter(Expr::cust("words IS NOT NULL"))
        .exec(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(requests(&app, three.paul).await.len(), 1);
    // Checking in still works.
    super::check_in(&app, three.mike, "2026-03-10").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    let told = super::tellings(&app, three.paul).await;
    assert_eq!(told[0]["words"], json!(null));
    assert_eq!(told[0]["quietSince"], "2026-03-11");
}
