//! The facilitators' dashboard: its tokens are in cookies that its scripts cannot read, and count only where no other
//! site can have sent the request.

use std::collections::BTreeMap;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::{TestApp, TestDatabase, TestServer, both};

use crate::account::{PASSPHRASE, join};

const ORIGIN: &str = "https://dashboard.example.org";
const SETTINGS: &str = "[http]\ndashboard_origins = \"https://dashboard.example.org\"";
const GUESS: &str = "mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }";
const SIGN_IN: &str =
    "mutation($input: SignInToDashboardInput!) { signInToDashboard(input: $input) {
    me { memberId } sessionId accessExpiresAt errors { code path } } }";
const REFRESH: &str =
    "mutation { refreshDashboard { sessionId accessExpiresAt errors { code path } } }";
const WHO: &str = "{ me { memberId } }";

/// A browser, with the cookies it has been given.
struct Browser<'a> {
    server: &'a TestServer,
    cookies: BTreeMap<String, String>,
    /// The headers of every request of the dashboard.
    headers: Vec<(&'static str, &'static str)>,
}

impl<'a> Browser<'a> {
    fn new(server: &'a TestServer) -> Self {
        Self {
            server,
            cookies: BTreeMap::new(),
            headers: vec![("origin", ORIGIN), ("x-belay-dashboard", "1")],
        }
    }

    async fn answer(&self, query: &str, variables: Value) -> Response {
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.server.request(Method::POST, "/graphql").json(&body);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter();
            let cookies: Vec<_> = cookies
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", cookies.join("; "));
        }
        request.send().await.unwrap()
    }

    /// Sends a request and keeps the cookies of the answer, each of which must be safe.
    async fn ask(&mut self, query: &str, variables: Value) -> Value {
        let answer = self.answer(query, variables).await;
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().to_owned();
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            assert!(attributes.starts_with("HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age="));
            assert!(pair.starts_with("__Host-belay-"));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer.json().await.unwrap()
    }

    async fn sign_in(&mut self, passphrase: &str) -> Value {
        let input = json!({ "email": "mike@example.org", "passphrase": passphrase, "deviceName": "A browser" });
        let answer = self.ask(SIGN_IN, json!({ "input": input })).await;
        answer["data"]["signInToDashboard"].clone()
    }

    async fn is_signed_in(&mut self) -> bool {
        let answer = self.ask(WHO, json!({})).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        let known = answer["data"]["me"]["memberId"].is_string();
        assert_eq!(known, code.is_null(), "{answer}");
        known
    }
}

#[both]
async fn a_browser_is_signed_in_by_cookies_and_out_again(database: TestDatabase) {
    let app = TestApp::in_the_present(database).await;
    join(&app, "mike@example.org", "mike").await;
    let server = TestServer::start(app.database(), SETTINGS).await;
    let mut browser = Browser::new(&server);

    let wrong = browser.sign_in("not his passphrase at all").await;
    assert_eq!(wrong["errors"][0]["code"], "WRONG_CREDENTIALS");
    assert!(browser.cookies.is_empty());
    assert!(!browser.is_signed_in().await);

    let payload = browser.sign_in(PASSPHRASE).await;
    assert_eq!(payload["errors"], json!([]));
    assert!(payload["me"]["memberId"].is_string() && payload["sessionId"].is_string());
    assert_eq!(browser.cookies.len(), 3);
    // Scripts can read none of the tokens.
    for token in browser.cookies.values() {
        assert!(!payload.to_string().contains(token));
    }
    assert!(browser.is_signed_in().await);

    // A request by another site has the cookies, but not the headers; nor has a script of another origin.
    for headers in [
        vec![],
        vec![("origin", ORIGIN)],
        vec![("x-belay-dashboard", "1")],
        vec![
            ("origin", "https://evil.example"),
            ("x-belay-dashboard", "1"),
        ],
    ] {
        let before = std::mem::replace(&mut browser.headers, headers);
        assert!(!browser.is_signed_in().await);
        let refused = browser.sign_in(PASSPHRASE).await;
        assert_eq!(
            refused["errors"],
            json!([{ "code": "DASHBOARD_ONLY", "path": ["input"] }])
        );
        let refused = browser.ask(REFRESH, json!({})).await;
        assert_eq!(
            refused["data"]["refreshDashboard"]["errors"][0]["code"],
            "DASHBOARD_ONLY"
        );
        browser.headers = before;
    }

    let before = browser.cookies.clone();
    let refreshed = browser.ask(REFRESH, json!({})).await;
    assert_eq!(
        refreshed["data"]["refreshDashboard"]["sessionId"],
        payload["sessionId"]
    );
    assert_ne!(browser.cookies, before);
    assert!(browser.is_signed_in().await);

    let out = browser
        .ask("mutation { signOut { sessionId } }", json!({}))
        .await;
    assert_eq!(out["data"]["signOut"]["sessionId"], payload["sessionId"]);
    // The cookie that is left shows that the browser was signed in, and grants no access.
    let left: Vec<_> = browser.cookies.keys().collect();
    assert_eq!(left, ["__Host-belay-device"]);
    assert_eq!(browser.cookies[left[0]], before[left[0]]);
    browser.cookies = before;
    assert!(
        !browser.is_signed_in().await,
        "copied cookies do not work either"
    );
    let ended = browser.ask(REFRESH, json!({})).await;
    assert_eq!(
        ended["data"]["refreshDashboard"]["errors"][0]["code"],
        "SESSION_ENDED"
    );
    assert_eq!(browser.cookies.len(), 1);
    strangers_cannot_lock_out_a_known_browser(&app, &mut browser).await;
}

/// A known browser can sign in after strangers have used up the attempts of unknown ones.
async fn strangers_cannot_lock_out_a_known_browser(app: &TestApp, browser: &mut Browser<'_>) {
    for n in 0..4 {
        for _ in 0..15 {
            let guess = json!({ "email": "mike@example.org", "passphrase": "a guess at it", "deviceName": "x" });
            let from = [198, 51, 100, n].into();
            app.anonymous_from(from, GUESS, json!({ "input": guess }))
                .await;
        }
    }
    let device = browser.cookies.clone();
    browser.cookies.clear();
    let payload = browser.sign_in(PASSPHRASE).await;
    assert!(payload.is_null(), "{payload}");
    browser.cookies = device;
    let payload = browser.sign_in(PASSPHRASE).await;
    assert_eq!(payload["errors"], json!([]));
}

#[both]
async fn a_browser_whose_session_was_revoked_can_sign_in_again(database: TestDatabase) {
    let app = TestApp::in_the_present(database).await;
    join(&app, "mike@example.org", "mike").await;
    let server = TestServer::start(app.database(), SETTINGS).await;
    let (mut browser, mut other) = (Browser::new(&server), Browser::new(&server));
    let first = browser.sign_in(PASSPHRASE).await;
    other.sign_in(PASSPHRASE).await;
    let revoke = "mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { errors { code } } }";
    let input = json!({ "input": { "sessionId": first["sessionId"] } });
    let revoked = other.ask(revoke, input).await;
    assert_eq!(revoked["data"]["revokeSession"]["errors"], json!([]));

    assert!(!browser.is_signed_in().await);
    // The browser still has its cookies, and has to sign in again.
    let again = browser.sign_in(PASSPHRASE).await;
    assert_eq!(again["errors"], json!([]));
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn browsers_let_only_the_dashboards_scripts_send_requests() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let server = TestServer::start(app.database(), SETTINGS).await;
    let preflight = async |origin: &'static str| {
        let request = server.request(Method::OPTIONS, "/graphql");
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,x-belay-dashboard",
            );
        request.send().await.unwrap()
    };
    let own = preflight(ORIGIN).await;
    let header = |answer: &Response, name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(own.status(), 200);
    assert_eq!(
        header(&own, "access-control-allow-origin").as_deref(),
        Some(ORIGIN)
    );
    assert_eq!(
        header(&own, "access-control-allow-credentials").as_deref(),
        Some("true")
    );
    let headers = header(&own, "access-control-allow-headers").unwrap();
    assert!(headers.contains("x-belay-dashboard"), "{headers}");
    let others = preflight("https://evil.example").await;
    assert_eq!(header(&others, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn without_an_origin_there_is_no_dashboard() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let server = TestServer::start(app.database(), "").await;
    let mut browser = Browser::new(&server);
    let refused = browser.sign_in(PASSPHRASE).await;
    assert_eq!(refused["errors"][0]["code"], "DASHBOARD_ONLY");
    let answer = browser.answer(WHO, json!({})).await;
    assert!(
        answer
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
}
