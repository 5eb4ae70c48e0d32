//! The HTTP edge.

mod browsers;
mod budget;
mod dashboard;
mod documents;
mod negotiation;
mod trusted;

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::{Value, json};
use support::{Engine, PRODUCTION, Program, TestApp, TestDatabase, TestServer, both};
use uuid::Uuid;

#[both]
async fn a_member_is_known_by_a_token_and_a_bad_token_is_an_error(app: TestApp) {
    let mike = app.member("mike").await;
    let server = TestServer::start(app.database(), "").await;
    let query = "{ me { memberId } }";
    let token = TestServer::token(mike);
    let known = server.graphql(Some(&token), query, json!({})).await;
    assert!(known["data"]["me"]["memberId"].is_string(), "{known}");

    let nobody = server.graphql(None, query, json!({})).await;
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(nobody["data"], json!({ "me": null }));

    // Even for a public field a bad token must not count as no token.
    for bad in ["", "nonsense", &token[..token.len() - 2]] {
        let refused = server.graphql(Some(bad), "{ serverTime }", json!({})).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
        assert!(refused.get("data").is_none(), "{refused}");
    }
    // The token is checked before the body, which may be large or invalid.
    for body in ["{".to_owned(), "x".repeat(3_000_000)] {
        let request = server
            .request(Method::POST, "/graphql")
            .bearer_auth("nonsense");
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let refused: Value = request.send().await.unwrap().json().await.unwrap();
        let code = &refused["errors"][0]["extensions"]["code"];
        assert_eq!(code, "UNAUTHENTICATED", "{refused}");
    }
}

/// GraphQL lets a nullable variable with a default stand where null is not allowed: only its value can be wrong.
#[both]
async fn a_null_variable_where_null_is_not_allowed_is_refused_before_execution(app: TestApp) {
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let query = "mutation($time: LocalTime = \"07:30\") {
        updateProfile(input: { bio: \"Climbs.\" }) { member { bio } }
        setCheckInReminder(input: { localTime: $time, enabled: true }) { errors { code } } }";
    // The same for a new document and for a known one.
    for _ in 0..2 {
        let refused = server.graphql(Some(&mike), query, json!({ "time": null }));
        let refused = refused.await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("$time"), "{message}");
        assert!(refused.get("data").is_none(), "{refused}");
        let bio = server.graphql(Some(&mike), "{ me { profile { bio } } }", json!({}));
        assert_eq!(bio.await["data"]["me"]["profile"]["bio"], json!(null));
    }
    let taken = server.graphql(Some(&mike), query, json!({})).await;
    assert_eq!(taken["data"]["setCheckInReminder"]["errors"], json!([]));
    // Where null is allowed, a variable may be null.
    let query = "mutation($bio: String = \"Climbs.\") {
        updateProfile(input: { bio: $bio }) { member { bio } } }";
    let taken = server.graphql(Some(&mike), query, json!({ "bio": null }));
    assert_eq!(
        taken.await["data"]["updateProfile"]["member"]["bio"],
        json!(null)
    );
}

/// GraphQL §3.5, Input Coercion: JSON does not distinguish `4.0` from `4`, a document does.
#[both]
async fn a_whole_number_may_be_written_with_an_empty_fraction(app: TestApp) {
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let check_in = |mood: &str| {
        let document = "mutation($input: CheckInInput!) { checkIn(input: $input) {
            checkIn { mood } errors { code } } }";
        let id: Uuid = app.app.ids.next();
        let body = format!(
            r#"{{"query": {}, "variables": {{"input": {{"id": "{id}", "mood": {mood}}}}}}}"#,
            json!(document)
        );
        let request = server
            .request(Method::POST, "/graphql")
            .bearer_auth(&mike)
            .header("content-type", "application/json")
            .body(body);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    for mood in ["4.5", "3000000000.0", "\"4\""] {
        let refused = check_in(mood).await;
        let error = &refused["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
        assert!(
            error["message"].as_str().unwrap().contains("$input.mood"),
            "{refused}"
        );
    }
    let answer = check_in("4.0").await;
    assert_eq!(answer["data"]["checkIn"]["checkIn"]["mood"], 4, "{answer}");

    // Pages are asked for by variables too, and ids may be numbers.
    let document =
        "query($first: Int, $id: ID!) { me { checkIns(first: $first) { nodes { mood } } }
        node(id: $id) { id } }";
    let body = format!(
        r#"{{"query": {}, "variables": {{"first": 1.0, "id": 4.0}}}}"#,
        json!(document)
    );
    let request = server.request(Method::POST, "/graphql").bearer_auth(&mike);
    let request = request
        .header("content-type", "application/json")
        .body(body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["errors"], Value::Null, "{answer}");

    // In a document a number with a fraction is a Float.
    for (field, document) in [
        (
            "first",
            "{ me { checkIns(first: 1.0) { nodes { mood } } } }",
        ),
        ("id", "{ node(id: 4.0) { id } }"),
    ] {
        let refused = server.graphql(Some(&mike), document, json!({})).await;
        let error = &refused["errors"][0];
        assert!(refused.get("data").is_none(), "{refused}");
        assert!(
            error["message"].as_str().unwrap().contains(field),
            "{refused}"
        );
    }
}

#[both]
async fn a_slow_operation_times_out_and_can_be_sent_again(database: TestDatabase) {
    let app = TestApp::in_the_present(database).await;
    let mike = TestServer::token(app.member("mike").await);
    let settings = "[http]\noperation_timeout_seconds = 1";
    let server = TestServer::start(app.database(), settings).await;
    let id: Uuid = app.app.ids.next();
    let input = json!({ "input": { "id": id, "mood": 4 } });
    let check_in = "mutation($input: CheckInInput!) {
        checkIn(input: $input) { progress { daysShownUp } errors { code } } }";

    // Another connection locks the table.
    let lock = match app.database().engine() {
        Engine::Sqlite => "UPDATE member SET version = version",
        Engine::Postgres => "LOCK TABLE check_in IN ACCESS EXCLUSIVE MODE",
    };
    let connection = app.database().connect().await;
    let holder = connection.begin().await.unwrap();
    holder.execute_unprepared(lock).await.unwrap();
    let answer = server.graphql(Some(&mike), check_in, input.clone()).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "TIMEOUT",
        "{answer}"
    );
    assert!(answer.get("data").is_none(), "{answer}");
    let quick = server.graphql(None, "{ serverTime }", json!({})).await;
    assert!(quick["data"]["serverTime"].is_string(), "{quick}");

    holder.rollback().await.unwrap();
    for _ in 0..2 {
        let answer = server.graphql(Some(&mike), check_in, input.clone()).await;
        let once = json!({ "progress": { "daysShownUp": 1 }, "errors": [] });
        assert_eq!(answer["data"]["checkIn"], once, "{answer}");
    }
}

#[tokio::test]
async fn every_error_has_a_code_of_the_closed_list() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "").await;
    let deep = format!("{}name{}", "{ ofType ".repeat(30), " }".repeat(30));
    let deep = format!("{{ __type(name: \"Query\") {deep} }}");
    let aliases: Vec<String> = (0..40).map(|n| format!("a{n}: serverTime")).collect();
    let aliases = aliases.join(" ");
    for (query, variables, code) in [
        ("{ serverTime", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ serverTime { year } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query($a: Int) { serverTime }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ __type(name: 3) { name } }", json!({}), "BAD_USER_INPUT"),
        (
            "query($n: String!) { __type(name: $n) { name } }",
            json!({ "n": 3 }),
            "BAD_USER_INPUT",
        ),
        (
            "query($n: String!) { __type(name: $n) { name } }",
            json!({}),
            "BAD_USER_INPUT",
        ),
        (
            "query A { serverTime } query B { serverTime }",
            json!({}),
            "BAD_REQUEST",
        ),
        ("subscription { serverTime }", json!({}), "BAD_REQUEST"),
        (&deep, json!({}), "QUERY_TOO_COMPLEX"),
        (&format!("{{ {aliases} }}"), json!({}), "QUERY_TOO_COMPLEX"),
    ] {
        let answer = server.graphql(None, query, variables).await;
        let errors = answer["errors"].as_array().unwrap();
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error["extensions"]["code"], code, "{query}: {answer}");
        }
        assert!(answer.get("data").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_body_is_json_of_the_right_shape_and_size() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "[http]\nbody_limit_bytes = 2048").await;
    let json_type = "application/json";
    let sound = json!({ "query": "{ serverTime }" }).to_string();
    let large = json!({ "query": format!("{{ serverTime {} }}", " ".repeat(2048)) }).to_string();
    for (content_type, body, status) in [
        (json_type, sound.clone(), 200),
        ("application/json; charset=utf-8", sound.clone(), 200),
        ("text/plain", sound.clone(), 415),
        ("application/x-www-form-urlencoded", sound.clone(), 415),
        ("multipart/form-data; boundary=x", sound.clone(), 415),
        ("application/json; charset=latin-1", sound.clone(), 415),
        (json_type, large, 413),
        (json_type, "{".to_owned(), 400),
        (json_type, String::new(), 400),
        (json_type, "{}".to_owned(), 400),
        (json_type, format!("[{sound}]"), 400),
        (
            json_type,
            r#"{"query": "{ serverTime }", "variables": "x"}"#.to_owned(),
            400,
        ),
    ] {
        let shown = format!("{content_type}: {body:.60}");
        let answer = server.post("/graphql", content_type, body).await;
        assert_eq!(answer.status(), status, "{shown}");
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        let answer: Value = answer.json().await.unwrap();
        if status != 200 {
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "BAD_REQUEST",
                "{shown}"
            );
            assert!(answer.get("data").is_none(), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_request_refused_by_its_headers_is_read_fully_before_the_answer() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let form = "x".repeat(300_000);
    for (method, accept, kind, status) in [
        (
            Method::POST,
            "application/json",
            "application/x-www-form-urlencoded",
            415,
        ),
        (Method::PUT, "application/json", "application/json", 405),
        (Method::POST, "image/png", "application/json", 406),
    ] {
        for _ in 0..20 {
            let request = server
                .request(method.clone(), "/graphql")
                .body(form.clone());
            let request = request
                .header("accept", accept)
                .header("content-type", kind);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status);
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
        }
    }
}

#[tokio::test]
async fn an_answer_has_its_own_id_and_security_headers() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "").await;
    let id = async || {
        let answer = server.get("/nothing/here").await;
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
        answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (id().await, id().await);
    assert_ne!(first, second);
    let version = Uuid::parse_str(&first).unwrap().get_version_num();
    assert_eq!(version, 7);
}

#[tokio::test]
async fn http_2_works_without_negotiation() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "").await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let request = client
        .post(server.url("/graphql"))
        .json(&json!({ "query": "{ serverTime }" }));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_connection_without_a_complete_header_is_closed() {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "[http]\nheader_timeout_seconds = 1").await;
    // "P" may become POST or HTTP/2's PRI.
    for word in ["", "P", "POST /graphql HTTP/1.1\r\nhost: "] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(word.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Ends when the server closes the connection, in order or not.
        let reading = timeout(Duration::from_mins(1), stream.read_to_end(&mut answer));
        assert!(reading.await.is_ok(), "{word:?} keeps its connection");
        assert!(!String::from_utf8_lossy(&answer).contains("200"), "{word}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_times_out() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "[http]\noperation_timeout_seconds = 1").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: belay\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("TIMEOUT"),
        "{answer}"
    );
}

#[tokio::test]
async fn in_development_foreign_host_names_are_refused() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let ask = async |host: &str| {
        let request = server.request(Method::GET, "/dev/outbox");
        let answer = request.header("host", host).send().await.unwrap();
        answer.status().as_u16()
    };
    for own in [
        "localhost:8080",
        "10.0.2.2:8080",
        "[::1]",
        "mikes-laptop.local",
    ] {
        assert_eq!(ask(own).await, 200, "{own}");
    }
    for other in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
    ] {
        assert_eq!(ask(other).await, 421, "{other}");
    }
    let server = TestServer::start(&TestDatabase::sqlite().await, PRODUCTION).await;
    let request = server.request(Method::GET, "/healthz");
    let answer = request.header("host", "belay.example").send().await;
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn production_has_no_developers_tools() {
    let database = TestDatabase::sqlite().await;
    let program = Program::new("serve").database(&database).toml(PRODUCTION);
    let server = TestServer::run(program).await;
    for path in ["/", "/dev/clock", "/dev/outbox"] {
        assert_eq!(server.get(path).await.status(), 404, "{path}");
    }
    let moved = server
        .post(
            "/dev/clock",
            "application/json",
            r#"{"advance": {"days": 1}}"#,
        )
        .await;
    assert_eq!(moved.status(), 404);
    let transport_security = server.get("/readyz").await;
    assert!(
        transport_security
            .headers()
            .contains_key("strict-transport-security")
    );

    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let page = server.get("/").await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("GraphiQL"));
}
