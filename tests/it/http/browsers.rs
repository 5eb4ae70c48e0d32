//! Members' web apps: their scripts may ask from the origins that the operator names, with an access token and without
//! cookies.

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::{Program, TestApp, TestDatabase, TestServer, both};

const APP: &str = "https://app.example.org";
const DASHBOARD: &str = "https://dashboard.example.org";
const SETTINGS: &str = "[http]\napp_origins = \"https://app.example.org\"\n\
                        dashboard_origins = \"https://dashboard.example.org\"";

/// Sends the preflight request of a browser. Returns the headers of the answer.
async fn preflight(server: &TestServer, origin: &str) -> HeaderMap {
    let request = server
        .request(Method::OPTIONS, "/graphql")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    request.send().await.unwrap().headers().clone()
}

async fn ask(server: &TestServer, origin: &str, token: &str) -> Response {
    let request = server
        .request(Method::POST, "/graphql")
        .header("origin", origin)
        .bearer_auth(token)
        .json(&json!({ "query": "{ me { memberId } }" }));
    request.send().await.unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

const ALLOWED: &str = "access-control-allow-origin";
const WITH_COOKIES: &str = "access-control-allow-credentials";

#[both]
async fn a_web_app_may_send_its_token_from_a_named_origin(app: TestApp) {
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), SETTINGS).await;

    let before = preflight(&server, APP).await;
    assert_eq!(header(&before, ALLOWED), Some(APP));
    assert_eq!(header(&before, WITH_COOKIES), None);
    let headers = header(&before, "access-control-allow-headers").unwrap();
    assert!(
        headers.contains("authorization") && headers.contains("content-type"),
        "{headers}"
    );
    assert_eq!(header(&before, "access-control-max-age"), Some("7200"));
    assert!(header(&before, "vary").unwrap().contains("origin"));

    let answer = ask(&server, APP, &mike).await;
    assert_eq!(header(answer.headers(), ALLOWED), Some(APP));
    assert_eq!(header(answer.headers(), WITH_COOKIES), None);
    let exposed = header(answer.headers(), "access-control-expose-headers").unwrap();
    assert!(
        exposed.contains("x-request-id") && exposed.contains("retry-after"),
        "{exposed}"
    );
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["data"]["me"]["memberId"].is_string(), "{answer}");

    // A refusal can be read by the app as well.
    let refused = ask(&server, APP, "nonsense").await;
    assert_eq!(header(refused.headers(), ALLOWED), Some(APP));

    // The dashboard has its cookies, and no access token.
    let dashboard = preflight(&server, DASHBOARD).await;
    assert_eq!(header(&dashboard, ALLOWED), Some(DASHBOARD));
    assert_eq!(header(&dashboard, WITH_COOKIES), Some("true"));
    let headers = header(&dashboard, "access-control-allow-headers").unwrap();
    assert!(!headers.contains("authorization"), "{headers}");

    for other in [
        "https://app.example.org.evil.example",
        "http://app.example.org",
        "null",
    ] {
        assert_eq!(
            header(&preflight(&server, other).await, ALLOWED),
            None,
            "{other}"
        );
        let answer = ask(&server, other, &mike).await;
        assert_eq!(header(answer.headers(), ALLOWED), None, "{other}");
    }
}

#[both]
async fn in_development_any_origin_of_this_machine_is_an_app(database: TestDatabase) {
    let server = TestServer::start(&database, "").await;
    let origin = "http://localhost:5173";
    let headers = preflight(&server, origin).await;
    assert_eq!(header(&headers, ALLOWED), Some(origin));
    assert_eq!(header(&headers, WITH_COOKIES), None);
    let other = preflight(&server, "http://localhost.example.org").await;
    assert_eq!(header(&other, ALLOWED), None);
}

#[tokio::test]
async fn an_invalid_app_origin_is_named_at_the_start() {
    for origins in ["https://app.example.org/", "*", "app.example.org"] {
        let doctor = Program::new("doctor").env("BELAY_HTTP__APP_ORIGINS", origins);
        let ended = doctor.run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains("http.app_origins"), "{}", ended.said);
    }
}
