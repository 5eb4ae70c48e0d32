//! What an operation costs, and when there is nothing left to pay with.

use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use support::{TestApp, TestServer, both};

both!(what_is_asked_is_paid_for_and_an_empty_purse_has_to_wait);

/// Four thousand members of circles that are not there: it is asking that costs.
const DEAR: &str = "{ me { circles(first: 100) { nodes { members(first: 40) { nodes { member { handle } } } } } } }";

async fn what_is_asked_is_paid_for_and_an_empty_purse_has_to_wait(app: TestApp) {
    let (mike, tom) = (app.member("mike").await, app.member("tom").await);
    let settings = "[graphql.member_budget]\npoints = 10_000\nper_second = 1";
    let server = TestServer::start(app.database(), settings).await;
    let ask = async |who, query: &str| {
        let request = server
            .request(Method::POST, "/graphql")
            .json(&json!({ "query": query }));
        let request = request.header("accept", "application/graphql-response+json");
        request
            .bearer_auth(TestServer::token(who))
            .send()
            .await
            .unwrap()
    };

    let cheap: Value = ask(mike, "{ me { memberId } }").await.json().await.unwrap();
    let cost = &cheap["extensions"]["cost"];
    assert_eq!(
        (&cost["requested"], &cost["limit"]),
        (&json!(1), &json!(10_000))
    );
    let dear: Value = ask(mike, DEAR).await.json().await.unwrap();
    let cost = &dear["extensions"]["cost"];
    let (requested, remaining) = (
        cost["requested"].as_u64().unwrap(),
        cost["remaining"].as_u64().unwrap(),
    );
    assert!(requested > 8_000 && remaining < 2_000, "{cost}");

    let refused = ask(mike, DEAR).await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()[RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    assert_eq!(refused["errors"][0]["extensions"]["retryAfter"], wait);
    assert!(wait > 1_000 && refused.get("data").is_none(), "{refused}");

    // He can still afford what is cheap, and others have purses of their own.
    assert_eq!(ask(mike, "{ me { memberId } }").await.status(), 200);
    assert_eq!(ask(tom, DEAR).await.status(), 200);
}
