//! What an operator relies on: schema rules, health, logs and an orderly shutdown.

use entity::JobId;
use entity::job::{self, JobState};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _};
use serde_json::{Value, json};
use support::{Engine, Program, TestApp, TestDatabase, TestServer, both, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn steps() -> Vec<String> {
    let steps = Migrator::migrations();
    steps.iter().map(|step| step.name().to_owned()).collect()
}

#[both]
async fn two_concurrent_migrations_apply_each_step_once(database: TestDatabase) {
    let database = database.empty().await;
    let migrate = || Program::new("migrate").database(&database).run();
    let (one, other) = tokio::join!(migrate(), migrate());
    assert_eq!(
        (one.code, other.code),
        (Some(0), Some(0)),
        "{one:?} {other:?}"
    );
    let said = one.said + &other.said;
    for step in steps() {
        assert_eq!(said.matches(&format!("took {step}")).count(), 1, "{said}");
    }
    let again = migrate().await;
    assert_eq!(again.code, Some(0));
    assert!(!again.said.contains("took"), "{}", again.said);
    assert!(again.said.contains("up to date"), "{}", again.said);
}

#[both]
async fn a_server_migrates_an_empty_embedded_database_only(database: TestDatabase) {
    let database = database.empty().await;
    if database.engine() == Engine::Sqlite {
        let server = TestServer::start(&database, "").await;
        assert_eq!(server.get("/readyz").await.status(), 200);
        return;
    }
    for command in ["serve", "worker"] {
        let ended = Program::new(command).database(&database).run().await;
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.said.contains("run `belay migrate` first"),
            "{}",
            ended.said
        );
        for step in steps() {
            assert!(ended.said.contains(&step), "{}", ended.said);
        }
    }
}

#[both]
async fn a_schema_of_a_newer_belay_is_refused(database: TestDatabase) {
    let future =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2099_from_the_future', 0)";
    database
        .connect()
        .await
        .execute_unprepared(future)
        .await
        .unwrap();
    for command in ["serve", "worker", "migrate"] {
        let ended = Program::new(command).database(&database).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(
            ended.said.contains("m2099_from_the_future"),
            "{}",
            ended.said
        );
    }
}

#[tokio::test]
async fn an_invalid_database_url_is_not_printed() {
    for url in [
        "postgres://belay:hunter2@h1:5432,h2:port/belay",
        "postgres://belay:hunter2/x@h1/belay",
        "postgres://belay:5432/hunter2@h1/belay",
        "postgres://belay:hunter2@[nonsense/belay",
    ] {
        for command in ["serve", "migrate", "doctor"] {
            let program = Program::new(command).env("BELAY_DATABASE__URL", url);
            let ended = program.run().await;
            assert!(matches!(ended.code, Some(1 | 2)), "{}", ended.said);
            assert!(ended.said.contains("database.url"), "{}", ended.said);
            assert!(!ended.said.contains("hunter2"), "{}", ended.said);
        }
    }
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::new("serve")
        .env("BELAY_HTTP__BIND", &address)
        .run()
        .await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.said.contains(&address) && ended.said.contains("http.bind"),
        "{}",
        ended.said
    );
}

#[both]
async fn the_worker_can_run_in_its_own_process(database: TestDatabase) {
    let api = Program::new("serve --no-worker").database(&database);
    let api = TestServer::run(api).await;
    add_unreadable_job(&database, 1, "2026-01-01T00:00:00Z").await;
    for _ in 0..5 {
        api.get("/readyz").await;
    }
    assert_eq!(attempts(&database).await, 0);

    let worker = Program::new("worker").database(&database);
    let worker = worker.env("BELAY_OPERATIONS__BIND", "127.0.0.1:0");
    let (mut command, _folder) = worker.command();
    let mut worker = command.spawn().unwrap();
    eventually("the worker tries the job", async || {
        assert!(worker.try_wait().unwrap().is_none(), "the worker ended");
        attempts(&database).await > 0
    })
    .await;
    worker.kill().await.unwrap();
}

#[both]
async fn operator_endpoints_have_their_own_address(database: TestDatabase) {
    let program = Program::new("serve").database(&database);
    let mut server = TestServer::run(program.env("BELAY_OPERATIONS__BIND", "127.0.0.1:0")).await;
    let operations = server.said_after("Operators ask at ").await;
    let ask = async |path: &str| reqwest::get(format!("{operations}{path}")).await.unwrap();
    assert_eq!(ask("/healthz").await.status(), 200);
    assert_eq!(ask("/readyz").await.text().await.unwrap(), "ready\n");
    assert_eq!(ask("/graphql").await.status(), 404);
    assert_eq!(server.get("/healthz").await.status(), 404);
    assert_eq!(server.get("/metrics").await.status(), 404);

    server.graphql(None, "{ serverTime }", json!({})).await;
    server.graphql(None, "{ me { memberId } }", json!({})).await;
    let metrics = ask("/metrics").await.text().await.unwrap();
    for line in [
        "belay_requests_total{type=\"query\",code=\"OK\"} 1",
        "belay_requests_total{type=\"query\",code=\"UNAUTHENTICATED\"} 1",
        "belay_request_seconds_count{type=\"query\"} 2",
        "belay_request_db_seconds_count{type=\"query\"} 2",
        "belay_request_statements_count{type=\"query\"} 2",
        "belay_db_statement_seconds_bucket",
        "belay_db_connections{state=\"idle\"}",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
}

/// Returns the log lines of requests.
pub(crate) fn request_lines(server: &TestServer) -> Vec<Value> {
    let written = server.written();
    let lines = written.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == "request").collect()
}

#[both]
async fn a_request_is_logged_in_one_line_with_its_cost(app: TestApp) {
    let mike = app.member("mike").await;
    let mut server = TestServer::start(app.database(), "[log]\nformat = \"json\"").await;
    let token = TestServer::token(mike);
    let query = "query Home { me { memberId } }";
    let answer = server.graphql(Some(&token), query, json!({})).await;
    assert!(answer["data"]["me"]["memberId"].is_string(), "{answer}");
    server.graphql(None, query, json!({})).await;
    server
        .graphql(None, "query Home { nothing }", json!({}))
        .await;
    let name = "n".repeat(65);
    server
        .graphql(None, &format!("query {name} {{ serverTime }}"), json!({}))
        .await;
    server.terminate();
    assert!(server.ended().await.success());

    let lines = request_lines(&server);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let member = lines[0]["member"].as_str().unwrap();
    assert_eq!(member, mike.member.to_string());
    for field in ["request_id", "statements", "db_ms", "ms", "timestamp"] {
        assert!(!lines[0][field].is_null(), "no {field} in {}", lines[0]);
    }
    let fields =
        |at: usize| ["operation", "name", "status", "codes"].map(|key| lines[at][key].clone());
    assert_eq!(
        fields(0),
        [json!("query"), json!("Home"), json!(200), json!("")]
    );
    assert_eq!(fields(1)[3], "UNAUTHENTICATED");
    assert!(lines[1]["member"].is_null());
    assert_eq!(fields(2)[3], "GRAPHQL_VALIDATION_FAILED");
    assert!(fields(3)[1].is_null(), "too long a name is left out");
    assert!(!server.written().contains(&name));
}

#[both]
async fn no_personal_data_is_logged_even_at_trace(app: TestApp) {
    let mike = app.member("mike").await;
    let program = Program::new("serve").database(app.database());
    let program = program
        .toml("[log]\nlevel = \"trace\"")
        .env("RUST_LOG", "trace");
    let mut server = TestServer::run(program).await;
    let token = TestServer::token(mike);
    let query = "query($name: String!) { me { memberId } __type(name: $name) { name } }";
    let variables = json!({ "name": "hunter2@example.org" });
    server.graphql(Some(&token), query, variables.clone()).await;
    server.graphql(Some("hunter2"), query, variables).await;
    server
        .graphql(None, "{ hunter2: serverTime, hunter2 }", json!({}))
        .await;
    server
        .post(
            "/graphql?hunter2",
            "application/json",
            "{\"query\": \"hunter2",
        )
        .await;
    server.post("/graphql", "text/hunter2", "hunter2").await;
    server.get("/hunter2?hunter2").await;
    server.get("/readyz").await;
    server.get("/metrics").await;
    server.terminate();
    assert!(server.ended().await.success());

    let written = server.written();
    assert!(written.contains("api::http::request_log"), "{written}");
    let signature = token.rsplit('.').next().unwrap();
    for word in [
        "hunter2",
        signature,
        "Bearer",
        "SELECT",
        "mike",
        "example.org",
    ] {
        assert!(!written.contains(word), "{word} is in {written}");
    }
}

/// Sends the head of a request, waits for `100 Continue`, and sends a part of the body. Returns the rest of it.
async fn half_a_request(server: &TestServer) -> (TcpStream, &'static str) {
    const BODY: &str = r#"{"query": "{ serverTime }"}"#;
    const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let length = BODY.len();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: belay\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; GO_ON.len()];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(go_on, GO_ON.as_bytes());
    let (first, rest) = BODY.split_at(8);
    stream.write_all(first.as_bytes()).await.unwrap();
    (stream, rest)
}

#[both]
async fn a_request_in_progress_is_answered_before_shutdown(database: TestDatabase) {
    let mut server = TestServer::start(&database, "").await;
    let (mut stream, rest) = half_a_request(&server).await;
    let idle = TcpStream::connect(server.address()).await.unwrap();
    server.terminate();
    eventually("no connection is taken any more", async || {
        TcpStream::connect(server.address()).await.is_err()
    })
    .await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("serverTime"),
        "{answer}"
    );
    assert!(server.ended().await.success(), "{}", server.written());
    drop(idle);
}

#[tokio::test]
async fn a_draining_server_is_unready_and_still_answers_until_a_second_signal() {
    let database = TestDatabase::sqlite().await;
    let mut server = TestServer::start(&database, "[http]\ndrain_seconds = 300").await;
    server.terminate();
    eventually("the server says that it is shutting down", async || {
        let ready = server.get("/readyz").await;
        ready.status() == 503 && ready.text().await.unwrap().contains("shutting down")
    })
    .await;
    let answer = server.graphql(None, "{ serverTime }", json!({})).await;
    assert!(answer["data"]["serverTime"].is_string(), "{answer}");
    assert_eq!(server.get("/healthz").await.status(), 200);
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(1));
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever_for_a_request() {
    let database = TestDatabase::sqlite().await;
    let mut server = TestServer::start(&database, "[http]\nshutdown_seconds = 1").await;
    let (_stream, _) = half_a_request(&server).await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(1), "{}", server.written());
}

#[tokio::test]
async fn a_broken_database_makes_a_server_unready_but_not_unhealthy() {
    let database = TestDatabase::postgres().await;
    let server = TestServer::start(&database, "").await;
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 200);
    // This breaks the query that readiness runs.
    let gone = "ALTER TABLE seaql_migrations RENAME TO elsewhere";
    database
        .connect()
        .await
        .execute_unprepared(gone)
        .await
        .unwrap();
    eventually("the server says that it is not ready", async || {
        server.get("/readyz").await.status() == 503
    })
    .await;
    assert_eq!(server.get("/healthz").await.status(), 200);
}

/// Adds a job with an unreadable payload. Each attempt fails, and is retried later.
pub(crate) async fn add_unreadable_job(database: &TestDatabase, number: u128, run_at: &str) {
    let run_at = run_at.parse().unwrap();
    let row = job::ActiveModel {
        id: Set(JobId(uuid::Uuid::from_u128(number))),
        kind: Set("test".to_owned()),
        lane: Set(job::Lane::Tasks),
        payload: Set("nonsense".to_owned()),
        dedup_key: Set(None),
        state: Set(JobState::Ready),
        run_at: Set(run_at),
        attempts: Set(0),
        lease_holder: Set(None),
        lease_until: Set(None),
        request_id: Set(None),
        last_error: Set(None),
        created_at: Set(run_at),
    };
    let connection = database.connect().await;
    let added = job::Entity::insert(row).exec_without_returning(&connection);
    added.await.unwrap();
}

/// Returns the attempts of the first unreadable job. A worker may have other jobs too.
async fn attempts(database: &TestDatabase) -> i32 {
    let connection = database.connect().await;
    let job = job::Entity::find_by_id(JobId(uuid::Uuid::from_u128(1)));
    job.one(&connection).await.unwrap().unwrap().attempts
}
