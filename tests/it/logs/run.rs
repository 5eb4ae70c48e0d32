//! The full run, from a sign-up to a database that is broken on purpose.

use api::node_id::decode;
use async_graphql::ID;
use entity::JobId;
use entity::job::{self, JobState};
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _};
use serde_json::{Value, json};
use support::fake_fcm::Answer;
use support::{CREDENTIALS, Engine, PROTOCOL, Phone, Socket, TestDatabase, eventually};

use super::secrets::Secrets;
use super::world::World;

const EMAIL: &str = "Mike.Doe@Example.org";
const NEXT_EMAIL: &str = "Michael.Doe@Example.net";
const PASSPHRASE: &str = "orchid tram velvet 42";
const NEXT_PASSPHRASE: &str = "copper lantern drift 77";
const GUESS: &str = "the wrong horse entirely";
const HANDLE: &str = "quiet_heron";
const PHONE: &str = "dXf3-installation-of-a-phone";
/// The word in everything malformed that is sent.
const SLIP: &str = "hunter2";

/// The results of a full run.
pub struct Done {
    /// Everything the server and the operator's command wrote.
    pub log: String,
    /// What must not be in the log.
    pub secrets: Secrets,
    /// The member's id, as the log writes it.
    pub member: String,
}

pub async fn run(database: TestDatabase, format: &str) -> Done {
    let world = World::on(database, format).await;
    {
        let mut secrets = world.secrets();
        secrets.add_email(EMAIL);
        secrets.add_email(NEXT_EMAIL);
        for passphrase in [PASSPHRASE, NEXT_PASSPHRASE, GUESS] {
            secrets.add("a passphrase", passphrase);
        }
        secrets.add("a handle", HANDLE);
        secrets.add("a push address", PHONE);
        secrets.add("something malformed", SLIP);
    }
    let mut mike = signs_up(&world).await;
    let member = mike.ask("query Me { me { memberId } }").await["me"]["memberId"].clone();
    let (_, member) = decode(&ID(member.as_str().unwrap().to_owned())).unwrap();
    resets_the_passphrase(&world, &mut mike).await;
    loses_a_token(&world).await;
    changes_the_address(&world, &mike).await;
    writes_a_profile(&world, &mike).await;
    let output = world
        .command(&format!("member role {EMAIL} facilitator"))
        .await;
    plans_a_week(&world, &mike).await;
    gets_pushes(&world, &mut mike).await;
    sends_malformed_requests(&world, &mike).await;
    sends_malformed_messages(&world, &mike).await;
    mail_is_refused(&world, &mike).await;
    a_job_cannot_be_read(&world).await;
    the_database_is_broken(&world, &mike).await;
    drop(mike);
    let (log, secrets) = world.end().await;
    Done {
        log: log + &output,
        secrets,
        member: member.to_string(),
    }
}

fn sign_up(phone: &Phone<'_>) -> Value {
    json!({ "id": phone.id(), "email": EMAIL, "passphrase": PASSPHRASE, "handle": HANDLE,
        "timeZone": "Europe/London", "country": "GB", "locale": "en-GB", "adult": true,
        "termsVersion": "2026-11" })
}

async fn signs_up(world: &World) -> Phone<'_> {
    let mut mike = Phone::new(&world.server);
    let mut wrong = sign_up(&mike);
    wrong["email"] = json!(format!("{SLIP}@"));
    wrong["handle"] = json!(SLIP.repeat(9));
    mike.refused("signUp", &wrong).await;

    let sign_up = sign_up(&mike);
    let payload = mike.send("signUp", &sign_up, "signUpId").await;
    let code = world.mailed_code(EMAIL, 1).await;
    let mut verify =
        json!({ "signUpId": payload["signUpId"], "code": SLIP, "deviceName": "A phone" });
    mike.refused("verifyEmail", &verify).await;
    verify["code"] = json!("00000000");
    mike.refused("verifyEmail", &verify).await;
    verify["code"] = json!(code);
    let payload = mike.send("verifyEmail", &verify, CREDENTIALS).await;
    mike.keep(&payload);
    world.note(&mike);
    mike
}

async fn resets_the_passphrase(world: &World, mike: &mut Phone<'_>) {
    let nobody = Phone::new(&world.server);
    let mut sign_in = json!({ "email": EMAIL, "passphrase": GUESS, "deviceName": "A tablet" });
    nobody.refused("signIn", &sign_in).await;
    let request = json!({ "email": EMAIL });
    nobody
        .send("requestPassphraseReset", &request, "accepted")
        .await;
    let code = world.mailed_code(EMAIL, 2).await;
    let reset = json!({ "email": EMAIL, "code": code, "passphrase": NEXT_PASSPHRASE });
    nobody.send("resetPassphrase", &reset, "done").await;
    sign_in["passphrase"] = json!(NEXT_PASSPHRASE);
    let payload = nobody.send("signIn", &sign_in, CREDENTIALS).await;
    mike.keep(&payload);
    world.note(mike);
}

/// A copy of a refresh token comes back after its successor was used.
async fn loses_a_token(world: &World) {
    let mut tablet = Phone::new(&world.server);
    let sign_in =
        json!({ "email": EMAIL, "passphrase": NEXT_PASSPHRASE, "deviceName": "A tablet" });
    let payload = tablet.send("signIn", &sign_in, CREDENTIALS).await;
    tablet.keep(&payload);
    world.note(&tablet);
    let copied = json!({ "refreshToken": tablet.tokens()[1] });
    for _ in 0..2 {
        tablet.refresh().await;
        world.note(&tablet);
    }
    let thief = Phone::new(&world.server);
    assert_eq!(
        thief.refused("refreshSession", &copied).await,
        "SESSION_ENDED"
    );
}

async fn changes_the_address(world: &World, mike: &Phone<'_>) {
    let request = json!({ "newEmail": NEXT_EMAIL, "passphrase": NEXT_PASSPHRASE });
    mike.send("requestEmailChange", &request, "codeExpiresAt")
        .await;
    let code = world.mailed_code(NEXT_EMAIL, 1).await;
    let confirm = json!({ "code": code });
    let wanted = "account { email emailChange { newEmail } }";
    let payload = mike.send("confirmEmailChange", &confirm, wanted).await;
    assert_eq!(payload["account"]["emailChange"]["newEmail"], NEXT_EMAIL);
    let undo = world.mailed_undo_code(EMAIL).await;
    let wrong = json!({ "email": NEXT_EMAIL, "code": undo });
    mike.refused("undoEmailChange", &wrong).await;
}

async fn writes_a_profile(world: &World, mike: &Phone<'_>) {
    let profile = json!({ "bio": "Father of two, mostly outdoors.", "region": "Snowdonia",
        "story": "After the funeral I stopped answering the door." });
    let topic = json!({ "topic": "grief", "stance": "WORKING_THROUGH", "visibility": "PRIVATE" });
    for (what, words) in [
        ("a bio", "outdoors"),
        ("a story", "funeral"),
        ("a region", "Snowdonia"),
        ("a topic", "grief"),
    ] {
        world.secrets().add(what, words);
    }
    let wanted = "member { bio story region }";
    mike.send("updateProfile", &profile, wanted).await;
    let wanted = "member { topics { topic { slug name } } }";
    mike.send("setTopic", &topic, wanted).await;
    let too_long = json!({ "region": SLIP.repeat(20) });
    mike.refused("updateProfile", &too_long).await;
}

async fn plans_a_week(world: &World, mike: &Phone<'_>) {
    let phone = json!({ "address": PHONE, "addressKind": "FCM_FID", "platform": "IOS",
        "appVersion": "1.0.0", "locale": "en-GB" });
    mike.send("registerDevice", &phone, "device { id }").await;
    let reminder = json!({ "localTime": "19:30", "enabled": true });
    mike.send("setCheckInReminder", &reminder, "reminder { nextAt }")
        .await;
    let check_in = json!({ "id": mike.id(), "mood": 2 });
    mike.send("checkIn", &check_in, "checkIn { mood }").await;

    let meeting = json!({ "id": mike.id(), "title": "Tea and talk", "description": "Bring biscuits.",
        "format": "HYBRID", "place": "The back room", "joinUrl": "https://meet.example/rowan-77",
        "timeZone": "Europe/London", "localDate": "2026-03-29", "localTime": "18:00",
        "durationMinutes": 90 });
    for (what, words) in [
        ("a title", "tea and"),
        ("a description", "biscuits"),
        ("a place", "back room"),
        ("a link to join by", "rowan-77"),
    ] {
        world.secrets().add(what, words);
    }
    let payload = mike
        .send("scheduleMeeting", &meeting, "occurrence { id }")
        .await;
    let going = json!({ "occurrenceId": payload["occurrence"]["id"], "answer": "GOING" });
    mike.send("rsvp", &going, "occurrence { seatsTaken }").await;
}

/// Firebase fails twice, accepts two notifications and the notice of the new address, and then answers once that the
/// phone is not registered any more.
async fn gets_pushes(world: &World, mike: &mut Phone<'_>) {
    let away = [Answer::Unavailable(None), Answer::ResetMidBody];
    world.fcm.script(PHONE, away);
    travel_to(world, "2026-03-29T19:00:00Z").await;
    assert_eq!(world.fcm.requests_to(PHONE).len(), 5);
    world.fcm.script(PHONE, [Answer::Unregistered]);
    travel_to(world, "2026-03-30T19:00:00Z").await;
    assert_eq!(world.fcm.requests_to(PHONE).len(), 7);
    mike.refresh().await;
    world.note(mike);
}

async fn travel_to(world: &World, instant: &str) {
    let journey = json!({ "set": instant }).to_string();
    let arrived = world.server.post("/dev/clock", "application/json", journey);
    assert_eq!(arrived.await.status(), 200);
}

/// The malformed requests of an app in development, or of somebody curious.
async fn sends_malformed_requests(world: &World, mike: &Phone<'_>) {
    let server = &world.server;
    let graphql = async |query: &str, variables: Value| {
        for token in [None, Some(mike.tokens()[0]), Some(SLIP)] {
            server.graphql(token, query, variables.clone()).await;
        }
    };
    let sign_in = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename } }";
    let input = json!({ "input": { "email": [EMAIL], "passphrase": GUESS, SLIP: SLIP } });
    graphql(sign_in, input).await;
    let literal = format!("mutation {{ signIn(input: {{ email: \"{EMAIL}\", passphrase: 3 }}) }}");
    graphql(&literal, json!({})).await;
    graphql(
        &format!("query {SLIP} {{ {SLIP}(a: \"{GUESS}\")"),
        json!({}),
    )
    .await;
    graphql(
        "query($id: ID!) { node(id: $id) { id } }",
        json!({ "id": SLIP }),
    )
    .await;
    for body in [
        "{\"query\": \"hunter2",
        "[\"hunter2\"]",
        "hunter2",
        "{\"hunter2\": {}}",
    ] {
        server.post("/graphql", "application/json", body).await;
        server.post("/graphql", "text/hunter2", body).await;
        server.post("/dev/clock", "application/json", body).await;
    }
    server.get(&format!("/{SLIP}?email={EMAIL}")).await;
    server
        .get(&format!("/dev/outbox?kind=mail&to={EMAIL}"))
        .await;
    let stale = json!({ "refreshToken": SLIP });
    Phone::new(server).refused("refreshSession", &stale).await;
}

/// The same over a socket, and as a stream of events.
async fn sends_malformed_messages(world: &World, mike: &Phone<'_>) {
    let server = &world.server;
    let mut socket = Socket::open(server, Some(mike.tokens()[0])).await;
    let good = format!("subscription Listens {{ {SLIP}: ticks(every: 1, count: 1) }}");
    for query in [&good, "query($a: String!) { echo(text: $a) }", SLIP] {
        let variables = json!({ "a": EMAIL, SLIP: PASSPHRASE });
        socket.subscribe(SLIP, query, variables).await;
        let mut answered = socket.next().await;
        while answered["type"] == "next" {
            answered = socket.next().await;
        }
    }
    socket.send(&json!({ "type": SLIP, "payload": SLIP })).await;
    assert_eq!(socket.closed().await.0, 4400);
    let mut stranger = Socket::connect(server, &PROTOCOL).await.unwrap();
    let payload = json!({ "authorization": format!("Bearer {SLIP}"), SLIP: EMAIL });
    let init = json!({ "type": "connection_init", "payload": payload });
    stranger.send(&init).await;
    assert_eq!(stranger.closed().await.0, 4403);
    for query in [&good, SLIP] {
        let request = reqwest::Client::new().post(server.url("/graphql"));
        let request = request.header("accept", "text/event-stream");
        let body = json!({ "query": query, "variables": { SLIP: EMAIL } });
        let answer = request.bearer_auth(mike.tokens()[0]).json(&body).send();
        answer.await.unwrap().text().await.unwrap();
    }
}

/// The mail server refuses a letter and names the address: once for now, and once for good.
async fn mail_is_refused(world: &World, mike: &Phone<'_>) {
    world
        .smtp
        .answer_next("451 Michael.Doe@Example.net is away");
    world
        .smtp
        .answer_next("550 no Michael.Doe@Example.net here");
    let tried = world.smtp.receivers().len();
    let request = json!({ "newEmail": format!("late-{EMAIL}"), "passphrase": NEXT_PASSPHRASE });
    mike.send("requestEmailChange", &request, "codeExpiresAt")
        .await;
    world.letters_tried(tried + 1).await;
    travel_to(world, "2026-03-30T19:05:00Z").await;
    world.letters_tried(tried + 2).await;
}

/// A job whose payload is invalid, and contains an address.
async fn a_job_cannot_be_read(world: &World) {
    let run_at = "2026-03-01T00:00:00Z".parse().unwrap();
    let row = job::ActiveModel {
        id: Set(JobId(uuid::Uuid::from_u128(1))),
        kind: Set("mail_account_notice".to_owned()),
        lane: Set(job::Lane::Letters),
        payload: Set(json!(NEXT_EMAIL).to_string()),
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
    let connection = world.database.connect().await;
    let added = job::Entity::insert(row).exec_without_returning(&connection);
    added.await.unwrap();
    let mut kept = None;
    eventually("the job is tried", async || {
        let found = job::Entity::find_by_id(JobId(uuid::Uuid::from_u128(1)));
        kept = found.one(&connection).await.unwrap().unwrap().last_error;
        kept.is_some()
    })
    .await;
    let kept = kept.unwrap().to_lowercase();
    assert!(!kept.contains("doe"), "kept with the job: {kept}");
}

/// The database refuses rows, which PostgreSQL quotes in its error, and then lacks a table.
async fn the_database_is_broken(world: &World, mike: &Phone<'_>) {
    let refuse = match world.database.engine() {
        Engine::Sqlite => {
            "CREATE TRIGGER refuse BEFORE INSERT ON pending_sign_up
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        Engine::Postgres => "ALTER TABLE pending_sign_up ADD CHECK (email = '') NOT VALID",
    };
    let connection = world.database.connect().await;
    connection.execute_unprepared(refuse).await.unwrap();
    let nobody = Phone::new(&world.server);
    let refused = nobody.refused("signUp", &sign_up(&nobody)).await;
    assert_eq!(refused, "INTERNAL_SERVER_ERROR");
    let lose = "ALTER TABLE member RENAME TO elsewhere";
    connection.execute_unprepared(lose).await.unwrap();
    let refused = mike
        .refused("updateProfile", &json!({ "bio": "Gone outdoors" }))
        .await;
    assert_eq!(refused, "INTERNAL_SERVER_ERROR");
}
