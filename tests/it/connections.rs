//! Limits on the number, the lifetime and the memory of connections.

use std::time::Duration;

use serde_json::{Value, json};
use support::{PROTOCOL, Program, Socket, TestApp, TestDatabase, TestServer, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;

/// Longer than anything here takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

async fn server(toml: &str) -> TestServer {
    TestServer::start(&TestDatabase::sqlite().await, toml).await
}

/// A connection from one of this machine's own addresses.
async fn connect(server: &TestServer, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(format!("127.0.0.{last}:0").parse().unwrap())
        .unwrap();
    let connected = socket.connect(server.address().parse().unwrap()).await;
    connected.unwrap()
}

/// Reads until the server closes the connection.
async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // The end of the stream and a reset are equally good.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a query and reads its answer; the connection stays open.
async fn ask(stream: &mut TcpStream) -> String {
    let body = json!({ "query": "{ serverTime }" }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: belay\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    while !answer.contains("}}}") && !answer.contains("\"cost\"") {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await;
        let read = read.expect("an answer").unwrap();
        assert!(read > 0, "closed after {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    answer
}

#[tokio::test]
async fn an_address_at_its_limit_loses_its_oldest_idle_connections() {
    let server = server("[http]\nconnections_per_address = 20").await;
    let mut old: Vec<TcpStream> = Vec::new();
    for _ in 0..40 {
        old.push(connect(&server, 9).await);
    }
    for stream in &mut old[..20] {
        assert_eq!(read_to_close(stream).await, "");
    }
    assert!(ask(&mut old[39]).await.contains("serverTime"));
    assert!(
        ask(&mut connect(&server, 8).await)
            .await
            .contains("serverTime")
    );
}

#[tokio::test]
async fn operators_are_answered_when_the_members_connections_are_used_up() {
    let database = TestDatabase::sqlite().await;
    let program = Program::new("serve").database(&database).open_files(256);
    let program = program
        .toml("[database]\nmax_connections = 2\n[log]\nformat = \"json\"")
        .env("BELAY_OPERATIONS__BIND", "127.0.0.1:0");
    let mut server = TestServer::run(program).await;
    let operators = server.said_after("Operators ask at ").await;
    let mut held = Vec::new();
    for turn in 0..800_u16 {
        let last = u8::try_from(10 + turn % 200).unwrap();
        held.push(connect(&server, last).await);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = reqwest::get(format!("{operators}{path}")).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    assert!(
        ask(&mut connect(&server, 7).await)
            .await
            .contains("serverTime")
    );
    let lines = server.written();
    let lines = lines.matches("could not be taken").count();
    assert!(lines <= 60, "{lines} lines");
}

#[tokio::test]
async fn an_idle_kept_connection_does_not_count_as_a_slow_header() {
    let server = server("[http]\nheader_timeout_seconds = 1\nkeep_alive_seconds = 60").await;
    let mut kept = TcpStream::connect(server.address()).await.unwrap();
    ask(&mut kept).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(ask(&mut kept).await.contains("serverTime"));

    // The header of another request, which never ends.
    kept.write_all(b"POST /graphql HTTP/1.1\r\nhost: ")
        .await
        .unwrap();
    assert_eq!(read_to_close(&mut kept).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = server("[http]\nkeep_alive_seconds = 1").await;
    let mut kept = TcpStream::connect(server.address()).await.unwrap();
    ask(&mut kept).await;
    assert_eq!(read_to_close(&mut kept).await, "");

    let client = reqwest::Client::builder().http2_prior_knowledge();
    let client = client.build().unwrap();
    let answer = client.get(server.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    eventually("the idle one has gone", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_http_connections 1\n")
    })
    .await;
    drop(client);
}

#[tokio::test]
async fn a_header_over_32_kilobytes_is_refused() {
    let server = server("").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "GET /healthz HTTP/1.1\r\nhost: belay\r\nx-much: {}\r\n",
        "x".repeat(33 * 1024)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_close(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_wrong_host_or_an_unknown_transfer_coding_is_refused() {
    let server = server("").await;
    for (headers, status) in [
        ("host: belay\r\nconnection: close\r\n", "200"),
        ("", "400"),
        ("host: belay\r\nhost: belay\r\n", "400"),
        ("host: belay\r\nhost: other\r\n", "400"),
        ("host: belay\r\ntransfer-encoding: gzip, chunked\r\n", "501"),
        (
            "host: belay\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
            "501",
        ),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let body = if status == "501" { "0\r\n\r\n" } else { "" };
        let request = format!("GET /healthz HTTP/1.1\r\n{headers}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_to_close(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{headers}: {answer}"
        );
    }
}

/// Sends a request whose body is one byte shorter than announced.
async fn half_a_body(
    server: &TestServer,
    last: u8,
    token: Option<&str>,
    bytes: usize,
) -> TcpStream {
    let mut stream = connect(server, last).await;
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: belay\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n",
        token.unwrap_or_default(),
        bytes + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The answer may come before all of it is sent.
    let _ = stream.write_all(&vec![b' '; bytes]).await;
    stream
}

#[tokio::test]
async fn unfinished_bodies_take_bounded_memory_and_keep_nobody_out() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let settings = "[http]\nin_flight_bytes = 8_388_608\nin_flight_bytes_per_address = 4_194_304";
    let server = TestServer::start(app.database(), settings).await;
    let grown = server.peak_growth_from_here();
    let mut held = Vec::new();
    for turn in 0..60 {
        held.push(half_a_body(&server, 10 + turn % 4, Some(&mike), 1_000_000).await);
        held.push(half_a_body(&server, 10 + turn % 4, None, 100_000).await);
    }
    assert!(
        ask(&mut connect(&server, 10).await)
            .await
            .contains("serverTime")
    );
    eventually("what is too much is refused", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("limit=\"in_flight\"")
    })
    .await;
    let grown = grown.bytes();
    assert!(grown < 48 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_stranger_may_send_128_kilobytes_and_a_member_more() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let large =
        json!({ "query": "{ serverTime }", "variables": { "unused": "x".repeat(140_000) } });
    let post = |token: Option<&str>| {
        let request = server
            .request(reqwest::Method::POST, "/graphql")
            .json(&large);
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
        .send()
    };
    assert_eq!(post(Some(&mike)).await.unwrap().status(), 200);
    let refused = post(None).await.unwrap();
    assert_eq!(refused.status(), 413);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_REQUEST");

    let payload =
        json!({ "query": "{ serverTime }", "variables": { "unused": "x".repeat(140_000) } });
    let message = json!({ "type": "subscribe", "id": "1", "payload": payload });
    let mut member = Socket::open(&server, Some(&mike)).await;
    member.send(&message).await;
    assert_eq!(member.next().await["type"], "next");
    let mut stranger = Socket::open(&server, None).await;
    let _ = stranger
        .tries_to_say(Message::text(message.to_string()))
        .await;
    assert_eq!(stranger.closed().await.0, 4400);
}

#[tokio::test]
async fn sockets_without_a_session_have_their_own_limit() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server =
        TestServer::start(app.database(), "[http]\nanonymous_sockets_per_address = 2").await;
    let _two = [
        Socket::open(&server, None).await,
        Socket::open(&server, None).await,
    ];
    let mut third = Socket::connect(&server, &PROTOCOL).await.unwrap();
    third.send(&json!({ "type": "connection_init" })).await;
    assert_eq!(third.closed().await, (1013, "Too many sockets".to_owned()));
    let _member = Socket::open(&server, Some(&mike)).await;
}
