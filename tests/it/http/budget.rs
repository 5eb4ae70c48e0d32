//! What an operation costs, and what happens when the budget is used up.

use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use support::{TestApp, TestDatabase, TestServer, both};

use crate::account::{PASSPHRASE, id, join};

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) {
    credentials { accessToken deviceKey } errors { code message } } }";

/// The smallest budget for an address, which hardly refills during a test.
const POOR: &str = "[graphql.address_budget]\npoints = 20_000\nper_second = 1";

/// Selects as many members of circles as allowed. There are none: the selection alone costs.
const DEAR: &str = "{ me { circles(first: 100) { nodes { members(first: 49) {
    edges { node { member { handle } again: member { handle } } } } } } } }";

#[both]
async fn an_operation_is_charged_and_an_empty_budget_has_to_wait(app: TestApp) {
    let (mike, tom) = (app.member("mike").await, app.member("tom").await);
    let settings = "[graphql.member_budget]\npoints = 20_000\nper_second = 1";
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
        (&json!(1), &json!(20_000))
    );
    let dear: Value = ask(mike, DEAR).await.json().await.unwrap();
    let cost = &dear["extensions"]["cost"];
    let (requested, remaining) = (
        cost["requested"].as_u64().unwrap(),
        cost["remaining"].as_u64().unwrap(),
    );
    assert!(requested > 18_000 && remaining < 2_000, "{cost}");

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

    // A cheap operation is still possible, and others have budgets of their own.
    assert_eq!(ask(mike, "{ me { memberId } }").await.status(), 200);
    assert_eq!(ask(tom, DEAR).await.status(), 200);
}

/// Sends a request without a session. Returns the answer and its `Retry-After`.
async fn without_session(
    server: &TestServer,
    body: &Value,
    headers: &[(&str, &str)],
) -> (Value, Option<u64>) {
    let mut request = server.request(Method::POST, "/graphql").json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let wait = answer.headers().get(RETRY_AFTER);
    let wait = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
    (answer.json().await.unwrap(), wait)
}

fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

#[tokio::test]
async fn refused_requests_are_charged_until_the_budget_is_used_up() {
    let unknown = json!({ "persistedQuery": { "version": 1, "sha256Hash": "0".repeat(64) } });
    for (body, token, expected) in [
        (json!({ "query": "{" }), None, "GRAPHQL_PARSE_FAILED"),
        (
            json!({ "query": "{ no }" }),
            None,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({ "extensions": unknown }),
            None,
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        (
            json!({ "query": "query A { a } query B { b }" }),
            None,
            "BAD_REQUEST",
        ),
        (json!([]), None, "BAD_REQUEST"),
        (
            json!({ "query": DEAR }),
            Some("Bearer x"),
            "UNAUTHENTICATED",
        ),
        (json!({ "query": DEAR }), None, "RATE_LIMITED"),
    ] {
        let server = TestServer::start(&TestDatabase::sqlite().await, POOR).await;
        // This uses most of the budget at once.
        let (_, wait) = without_session(&server, &json!({ "query": DEAR }), &[]).await;
        assert_eq!(wait, None);
        let headers: Vec<_> = token
            .map(|token| ("authorization", token))
            .into_iter()
            .collect();
        let mut refused = 0;
        loop {
            let (answer, wait) = without_session(&server, &body, &headers).await;
            assert!(answer.get("data").is_none(), "{answer}");
            let next = without_session(&server, &json!({ "query": "{ __typename }" }), &[]).await;
            if code(&next.0) == Some("RATE_LIMITED") {
                assert!(next.1.is_some(), "{body}");
                assert_eq!(
                    next.0["errors"][0]["extensions"]["retryAfter"],
                    json!(next.1)
                );
                break;
            }
            assert_eq!(code(&answer), Some(expected), "{answer}");
            assert_eq!(wait.is_some(), expected == "RATE_LIMITED");
            refused += 1;
            assert!(refused <= 20, "{body} is refused for nothing");
        }
        assert!(refused > 10, "{body}: after {refused}");
        let (answer, wait) = without_session(&server, &body, &headers).await;
        assert_eq!(code(&answer), Some("RATE_LIMITED"));
        assert_eq!(answer["errors"][0]["extensions"]["retryAfter"], json!(wait));
        assert!(wait.is_some());
    }
}

/// Somebody at the address has used up its budget.
#[tokio::test]
async fn behind_a_flooded_address_members_go_on_and_a_known_device_signs_in() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    join(&app, "mike@example.org", "mike").await;
    let server = TestServer::start(app.database(), POOR).await;
    let sign_in = || {
        let phone = json!({ "id": id(&app), "email": "mike@example.org", "passphrase": PASSPHRASE,
            "deviceName": "A phone" });
        json!({ "query": SIGN_IN, "variables": { "input": phone } })
    };
    let (known, _) = without_session(&server, &sign_in(), &[]).await;
    let credentials = &known["data"]["signIn"]["credentials"];
    let key = credentials["deviceKey"].as_str().unwrap();
    let token = credentials["accessToken"].as_str().unwrap();
    loop {
        let (answer, _) = without_session(&server, &json!({ "query": DEAR }), &[]).await;
        if code(&answer) == Some("RATE_LIMITED") {
            break;
        }
    }
    while code(
        &without_session(&server, &json!({ "query": "{" }), &[])
            .await
            .0,
    ) != Some("RATE_LIMITED")
    {}

    let mine = json!({ "query": "{ me { memberId } }" });
    let bearer = format!("Bearer {token}");
    let (answer, _) = without_session(&server, &mine, &[("authorization", &bearer)]).await;
    assert_eq!(code(&answer), None, "{answer}");
    let (answer, _) = without_session(&server, &sign_in(), &[("belay-device-key", key)]).await;
    assert!(
        answer["data"]["signIn"]["credentials"].is_object(),
        "{answer}"
    );

    let forged = key.replace(&key[40..], &"A".repeat(key.len() - 40));
    for stranger in [None, Some(forged.as_str()), Some("x")] {
        let headers: Vec<_> = stranger
            .map(|key| ("belay-device-key", key))
            .into_iter()
            .collect();
        let (answer, _) = without_session(&server, &sign_in(), &headers).await;
        assert_eq!(code(&answer), Some("RATE_LIMITED"), "{answer}");
    }
    let (answer, _) = without_session(&server, &mine, &[("authorization", "Bearer x")]).await;
    assert_eq!(code(&answer), Some("RATE_LIMITED"), "{answer}");
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_have_budgets_of_their_own() {
    assert_proxy_is_trusted("trusted_proxies = 1").await;
    assert_proxy_is_trusted("proxies = \"127.0.0.0/8\"").await;
    // The test's address is not a proxy of this server.
    let settings = format!("[http]\nproxies = \"192.0.2.0/24\"\ntrusted_proxies = 1\n{POOR}");
    let server = TestServer::start(&TestDatabase::sqlite().await, &settings).await;
    for (forwarded, expected) in [
        ("203.0.113.7", "UNAUTHENTICATED"),
        ("203.0.113.8", "RATE_LIMITED"),
    ] {
        let headers = [("x-forwarded-for", forwarded)];
        let (answer, _) = without_session(&server, &json!({ "query": DEAR }), &headers).await;
        assert_eq!(code(&answer), Some(expected));
    }
}

async fn assert_proxy_is_trusted(http: &str) {
    let settings = format!("[http]\n{http}\n{POOR}");
    let server = TestServer::start(&TestDatabase::sqlite().await, &settings).await;
    let ask = async |forwarded: &str| {
        let headers = [("x-forwarded-for", forwarded)];
        let (answer, wait) = without_session(&server, &json!({ "query": DEAR }), &headers).await;
        (code(&answer).unwrap().to_owned(), wait.is_some())
    };
    let (carried_out, refused) = (
        ("UNAUTHENTICATED".to_owned(), false),
        ("RATE_LIMITED".to_owned(), true),
    );
    assert_eq!(ask("203.0.113.7").await, carried_out);
    assert_eq!(ask("203.0.113.7").await, refused);
    // An address that the client itself writes stands further left, and changes nothing.
    assert_eq!(ask("198.51.100.1, 203.0.113.7").await, refused);
    assert_eq!(ask("203.0.113.7, 198.51.100.1").await, carried_out);
}
