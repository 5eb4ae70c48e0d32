//! A flood: strangers at four addresses send everything at once, while fifty members go on. Probes ask as the
//! operators, as a member who signs in elsewhere, as one who is signed in at a flooded address, and as a known device
//! that signs in there.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{TestApp, TestDatabase, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Fault;
use crate::people::{SIGN_UP, email, sign_up};
use crate::stage::{Outcome, Stage, lasts};

pub const FAULTS: &[Fault] = &[("a flood of everything from four addresses for 20 s", || {
    Box::pin(flood())
})];

/// The member whose passphrase the strangers guess.
const MIKE: &str = "mike";
const PAUL: &str = "paul";
const PASSPHRASE: &str = "copper lantern drift 77";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) {
    credentials { accessToken deviceKey } errors { code } } }";
const ADDRESSES: [u8; 4] = [11, 12, 13, 14];
const MEMBERS: usize = 50;
/// A member's pause between two requests.
const PACE: Duration = Duration::from_millis(500);
/// A stranger's pause before it opens a closed connection again.
const AGAIN: Duration = Duration::from_secs(5);
const MEGABYTE: u64 = 1 << 20;

async fn flood() -> Outcome {
    // Sign these two up first: the worker in this process mails their codes, but pushes to no provider, so no push
    // may be due yet.
    let join_both = async |app: &TestApp| {
        join(app, MIKE).await;
        join(app, PAUL).await;
    };
    let mut stage = Stage::set_after(TestDatabase::postgres().await, join_both).await;
    stage.members(MEMBERS, PACE);
    let program = stage.program("serve").open_files(1_024);
    let program = program.env("BELAY_OPERATIONS__BIND", "127.0.0.1:0");
    stage.start(program).await;
    let home = elsewhere(ADDRESSES[0]);
    let known = sign_in(&stage.servers[0], &home, MIKE, None)
        .await
        .expect("an answer");
    let known = known["data"]["signIn"]["credentials"].clone();
    stage
        .through(async |stage| {
            let operators = stage.servers[0].said_after("Operators ask at ").await;
            let server = &stage.servers[0];
            let strangers = strangers(server);
            let mut probes = Probes::default();
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until {
                probes.ask(server, &operators, &known).await;
                // A device may sign in twenty times an hour.
                sleep(Duration::from_secs(2)).await;
            }
            drop(strangers);
            lasts(1).await;
            let memory = server.peak_memory();
            let notes = probes.notes(memory);
            assert!(memory < 300 * MEGABYTE, "{notes}");
            assert_eq!(probes.shut_out(), 0, "{notes}");
            stage.notes.push(notes);
        })
        .await
}

/// How long a good answer took, or the error.
type Took = Result<Duration, String>;

/// The probes that run beside the members during the flood.
#[derive(Default)]
struct Probes {
    readiness: Vec<Took>,
    sign_in: Vec<Took>,
    signed_in_there: Vec<Took>,
    known_there: Vec<Took>,
}

impl Probes {
    async fn ask(&mut self, server: &TestServer, operators: &str, known: &Value) {
        let there = elsewhere(ADDRESSES[0]);
        let readiness = async {
            let answer = there.get(format!("{operators}/readyz")).send().await;
            let status = answer.map_err(|why| why.to_string())?.status();
            (status == 200).then_some(()).ok_or(status.to_string())
        };
        let far = elsewhere(1);
        let elsewhere_in = async { is_in(sign_in(server, &far, PAUL, None).await) };
        let token = known["accessToken"].as_str().expect("a token");
        let signed_in_there = async {
            let asked = there.post(server.url("/graphql")).bearer_auth(token);
            let asked = asked.json(&json!({ "query": "{ me { memberId } }" }));
            let answer = answered(&asked).await?;
            let is_good = answer.get("errors").is_none();
            is_good.then_some(()).ok_or(answer.to_string())
        };
        let key = known["deviceKey"].as_str();
        let known_there = async { is_in(sign_in(server, &there, MIKE, key).await) };
        let (readiness, sign_in, signed_in_there, known_there) = tokio::join!(
            timed(readiness),
            timed(elsewhere_in),
            timed(signed_in_there),
            timed(known_there)
        );
        self.readiness.push(readiness);
        self.sign_in.push(sign_in);
        self.signed_in_there.push(signed_in_there);
        self.known_there.push(known_there);
    }

    fn all(&self) -> [(&'static str, &[Took]); 4] {
        [
            ("operators", &self.readiness),
            ("signing in elsewhere", &self.sign_in),
            ("signed in at a flooded address", &self.signed_in_there),
            ("a known device signing in there", &self.known_there),
        ]
    }

    fn shut_out(&self) -> usize {
        let failed = |took: &[Took]| took.iter().filter(|took| took.is_err()).count();
        self.all().iter().map(|(_, took)| failed(took)).sum()
    }

    fn notes(&self, memory: u64) -> String {
        let told = self.all().map(|(who, took)| {
            let mut good: Vec<_> = took.iter().flatten().copied().collect();
            good.sort();
            let most = good.last().copied().unwrap_or_default();
            let middle = good.get(good.len() / 2).copied().unwrap_or_default();
            let others = took.iter().filter_map(|took| took.as_ref().err());
            let others = others.fold(String::new(), |all, why| all + ", " + why);
            format!(
                "{who}: {} of {} answered, median {middle:.0?}, at most {most:.0?}{others}",
                good.len(),
                took.len()
            )
        });
        format!("{}; {} MB at most", told.join("; "), memory / MEGABYTE)
    }
}

async fn timed(asked: impl Future<Output = Result<(), String>>) -> Took {
    let began = Instant::now();
    asked.await.map(|()| began.elapsed())
}

fn is_in(answer: Result<Value, String>) -> Result<(), String> {
    let answer = answer?;
    let is_in = answer["data"]["signIn"]["credentials"].is_object();
    is_in.then_some(()).ok_or(answer.to_string())
}

/// A client at the loopback address `127.0.0.{last}`, with a new connection for each request.
fn elsewhere(last: u8) -> reqwest::Client {
    let client = reqwest::Client::builder().local_address(address(last));
    let client = client
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(10));
    client.build().expect("a client")
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

async fn join(app: &TestApp, name: &str) {
    let id: uuid::Uuid = app.app.ids.next();
    let input = json!({ "input": sign_up(id, name, PASSPHRASE) });
    app.anonymous(SIGN_UP, input).await.ok();
    let code = app.mailed_code(&email(name)).await;
    let verify = json!({ "input": { "signUpId": id, "code": code, "deviceName": "A phone" } });
    let query =
        "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { errors { code } } }";
    app.anonymous(query, verify).await.ok();
}

async fn sign_in(
    server: &TestServer,
    client: &reqwest::Client,
    name: &str,
    key: Option<&str>,
) -> Result<Value, String> {
    let mut input = json!({ "email": email(name), "passphrase": PASSPHRASE,
        "deviceName": "A phone" });
    let mut request = client.post(server.url("/graphql"));
    if let Some(key) = key {
        input["deviceKey"] = json!(key);
        request = request.header("belay-device-key", key);
    }
    let body = json!({ "query": SIGN_IN, "variables": { "input": input } });
    answered(&request.json(&body)).await
}

/// Returns the answer. Like apps, repeats a request that was lost with its connection, twice at most.
async fn answered(request: &reqwest::RequestBuilder) -> Result<Value, String> {
    let mut lost = String::new();
    for _ in 0..3 {
        let request = request
            .try_clone()
            .expect("a request whose body is no stream");
        let answer = match request.send().await {
            Ok(answer) => answer.json().await,
            Err(why) => Err(why),
        };
        match answer {
            Ok(answer) => return Ok(answer),
            Err(why) if why.is_timeout() => return Err("no answer".to_owned()),
            Err(why) => lost = why.to_string(),
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(lost)
}

/// Starts the strangers. They go on until the returned set is dropped.
fn strangers(server: &TestServer) -> JoinSet<()> {
    let at = server.address().to_owned();
    let mut all = JoinSet::new();
    let many = |all: &mut JoinSet<()>, count: usize, words: &[u8], drip: bool| {
        for number in 0..count {
            let (at, words) = (at.clone(), words.to_vec());
            all.spawn(insists(at, ADDRESSES[number % 4], words, drip));
        }
    };
    let socket = "GET /graphql HTTP/1.1\r\nhost: belay\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    many(&mut all, 1_000, socket.as_bytes(), false);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    many(&mut all, 450, preface, false);
    let body = "POST /graphql HTTP/1.1\r\nhost: belay\r\ncontent-type: application/json\r\n\
        content-length: 100000\r\n\r\n";
    many(&mut all, 600, body.as_bytes(), true);
    let head = format!("GET / HTTP/1.1\r\nhost: belay\r\nx: {}", "x".repeat(31_000));
    many(&mut all, 1_500, head.as_bytes(), true);
    for number in 0..30 {
        all.spawn(signs_up(at.clone(), ADDRESSES[number % 4], number));
    }
    for last in ADDRESSES {
        all.spawn(guesses(at.clone(), last));
        all.spawn(talks(at.clone(), last));
    }
    all
}

async fn connect(at: &str, last: u8) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((address(last), 0).into()).ok()?;
    let connecting = socket.connect(at.parse().ok()?);
    timeout(Duration::from_secs(5), connecting).await.ok()?.ok()
}

/// Opens a connection, sends `words`, and keeps it open. With `drip` sends another byte each second. Opens a new one
/// when it is closed.
async fn insists(at: String, last: u8, words: Vec<u8>, drip: bool) {
    loop {
        if let Some(mut stream) = connect(&at, last).await
            && stream.write_all(&words).await.is_ok()
        {
            let mut answer = [0; 4096];
            loop {
                let read = timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
                if matches!(read, Ok(Ok(0) | Err(_)))
                    || (drip && stream.write_all(b"x").await.is_err())
                {
                    break;
                }
            }
        }
        sleep(AGAIN).await;
    }
}

async fn posts(at: &str, client: &reqwest::Client, query: &str, input: Value) {
    let body = json!({ "query": query, "variables": { "input": input } });
    let request = client.post(format!("http://{at}/graphql")).json(&body);
    // The answer does not matter.
    let _ = request.send().await;
}

/// Signs up again and again, with a passphrase whose strength is expensive to check.
async fn signs_up(at: String, last: u8, number: usize) {
    let client = elsewhere(last);
    let passphrase = "Pa55w0rd!@#$".repeat(11);
    for round in 0.. {
        let id = uuid::Uuid::from_u128(u128::from(last) << 64 | (number * 1_000 + round) as u128);
        let input = sign_up(id, &format!("x{number}x{round}"), &passphrase[..128]);
        posts(&at, &client, SIGN_UP, input).await;
    }
}

async fn guesses(at: String, last: u8) {
    let client = elsewhere(last);
    for number in 0.. {
        let input = json!({ "email": email(MIKE), "passphrase": format!("a guess {number}"),
            "deviceName": "x" });
        posts(&at, &client, SIGN_IN, input).await;
    }
}

/// Sends operations that are refused over a WebSocket, as fast as it accepts them.
async fn talks(at: String, last: u8) {
    loop {
        if let Some(stream) = connect(&at, last).await {
            let _ = talk(&at, stream).await;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn talk(at: &str, stream: TcpStream) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    use futures::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    let mut request = format!("ws://{at}/graphql").into_client_request()?;
    let protocol = "graphql-transport-ws".parse().expect("a header");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    let (mut say, mut hear) = socket.split();
    say.send(Message::text(r#"{"type":"connection_init"}"#))
        .await?;
    let hearing = async { while let Some(Ok(_)) = hear.next().await {} };
    let saying = async {
        let words = r#"{"type":"subscribe","id":"1","payload":{"query":"{ no }"}}"#;
        while say.send(Message::text(words)).await.is_ok() {}
    };
    futures::future::select(Box::pin(hearing), Box::pin(saying)).await;
    Ok(())
}
