//! Documents by their hash: automatic persisted queries, on one replica and on another.

use api::http::documents::jobs::housekeep;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::persisted_document::{self, Entity as PersistedDocument};
use reqwest::Method;
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _, TransactionTrait as _};
use serde_json::{Value, json};
use support::{Engine, TestApp, TestDatabase, TestServer, both, eventually};

const WHO: &str = "query Who { me { memberId } }";

fn digest(text: &str) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().to_vec()
}

pub(super) fn hash(text: &str) -> String {
    let digest = digest(text).into_iter();
    digest.fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
}

/// Sends a request with a hash, and with the text if it is given.
async fn ask(server: &TestServer, who: Option<SignedIn>, hash: &str, text: Option<&str>) -> Value {
    let mut body =
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    if let Some(text) = text {
        body["query"] = json!(text);
    }
    let mut request = server.request(Method::POST, "/graphql").json(&body);
    if let Some(who) = who {
        request = request.bearer_auth(TestServer::token(who));
    }
    let answer = request
        .header("accept", "application/graphql-response+json")
        .send()
        .await
        .unwrap();
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    if answer["errors"][0]["message"] == "PersistedQueryNotFound" {
        // Apollo's client for iOS drops the body of every other status.
        assert_eq!(status, 200);
        assert_eq!(
            answer["errors"][0]["extensions"]["code"],
            "PERSISTED_QUERY_NOT_FOUND"
        );
    }
    answer
}

fn is_missing(answer: &Value) -> bool {
    answer["errors"][0]["message"] == "PersistedQueryNotFound"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_sends_a_text_once_and_every_replica_knows_it() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = Some(app.member("mike").await);
    let (a, b) = (
        TestServer::start(app.database(), "").await,
        TestServer::start(app.database(), "").await,
    );
    let text = "query Who { me { memberId } }";
    let hash = hash(text);
    assert!(is_missing(&ask(&a, mike, &hash, None).await));
    let first = ask(&a, mike, &hash, Some(text)).await;
    assert!(first["data"]["me"]["memberId"].is_string(), "{first}");
    eventually("it is kept for all", async || kept(&app).await == 1).await;
    for server in [&a, &b] {
        let known = ask(server, mike, &hash, None).await;
        assert_eq!(known["data"], first["data"]);
        let by_id = server
            .get(&format!("/graphql?documentId=sha256:{hash}"))
            .await;
        let by_id: Value = by_id.json().await.unwrap();
        assert_eq!(
            by_id["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{by_id}"
        );
    }

    let other = ask(&a, mike, &hash, Some("{ serverTime }")).await;
    assert_eq!(
        other["errors"][0]["extensions"]["code"], "BAD_REQUEST",
        "{other}"
    );
    for nonsense in ["", "zz", &"+1".repeat(32)] {
        assert!(is_missing(&ask(&a, mike, nonsense, None).await));
    }
}

#[both]
async fn only_valid_documents_of_members_without_values_are_kept_for_all(app: TestApp) {
    let mike = Some(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let last = "query Mike { serverTime }";
    for (who, text, kept_here) in [
        (mike, "{ nothing }", false),
        (mike, "query($n: Int) { serverTime }", false),
        (None, "query Nobody { serverTime }", true),
        (mike, "{ echo(text: \"I feel low\") }", true),
        (mike, last, true),
    ] {
        ask(&server, who, &hash(text), Some(text)).await;
        let found = ask(&server, who, &hash(text), None).await;
        assert_eq!(!is_missing(&found), kept_here, "{text}");
    }
    // Documents are kept for all in the background. Only the last one may be: if an earlier one were kept as well, it
    // would be in the table first.
    eventually("one is kept", async || kept(&app).await > 0).await;
    let db = app.database().connect().await;
    let rows = PersistedDocument::find().all(&db).await.unwrap();
    let hashes: Vec<_> = rows.into_iter().map(|row| row.hash).collect();
    assert_eq!(hashes, [digest(last)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setting_decides_where_a_document_is_kept() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mike = Some(app.member("mike").await);
    let text = "query Who { me { memberId } }";
    for (mode, kept_here) in [("off", false), ("memory", true)] {
        let settings = format!("[graphql]\npersisted_documents = \"{mode}\"");
        let server = TestServer::start(app.database(), &settings).await;
        let other = TestServer::start(app.database(), &settings).await;
        let first = ask(&server, mike, &hash(text), Some(text)).await;
        assert!(first["data"]["me"]["memberId"].is_string(), "{first}");
        let found = ask(&server, mike, &hash(text), None).await;
        assert_eq!(!is_missing(&found), kept_here, "{mode}: {found}");
        assert!(is_missing(&ask(&other, mike, &hash(text), None).await));
        assert_eq!(kept(&app).await, 0);
    }
}

#[both]
async fn no_more_documents_are_kept_than_allowed(app: TestApp) {
    let mike = Some(app.member("mike").await);
    let settings = "[graphql]\npersisted_limit = 3";
    let server = TestServer::start(app.database(), settings).await;
    let text = |n: usize| format!("query Number{n} {{ serverTime }}");
    for n in 0..10 {
        let text = text(n);
        let before = written(&server).await;
        ask(&server, mike, &hash(&text), Some(&text)).await;
        eventually("it is kept", async || written(&server).await > before).await;
    }
    eventually("the rest is gone", async || kept(&app).await == 3).await;
}

/// How many documents a server has written into the table.
async fn written(server: &TestServer) -> u64 {
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let mut lines = metrics.lines();
    let count = lines.find_map(|line| line.strip_prefix("belay_documents_persisted_total "));
    count.map_or(0, |count| count.parse().unwrap())
}

#[both]
async fn the_least_recently_used_document_is_removed_first(app: TestApp) {
    let db = app.database().connect().await;
    let noon = app.app.clock.now();
    let limit = app.app.config.graphql.persisted_limit;
    let surplus = 7;
    let rows = (0..limit + surplus).map(|n| {
        let used_at = noon - TimeDelta::minutes(i64::try_from(n).unwrap());
        persisted_document::ActiveModel {
            hash: Set(n.to_be_bytes().to_vec()),
            text: Set("{ serverTime }".to_owned()),
            created_at: Set(noon - TimeDelta::days(30)),
            used_at: Set(used_at),
        }
    });
    let rows: Vec<_> = rows.collect();
    for rows in rows.chunks(1000) {
        PersistedDocument::insert_many(rows.to_vec())
            .exec_without_returning(&db)
            .await
            .unwrap();
    }
    housekeep(&app.app).await.unwrap();
    let left = PersistedDocument::find().all(&db).await.unwrap();
    let oldest = left.iter().map(|row| row.used_at).min().unwrap();
    let last = i64::try_from(limit - 1).unwrap();
    assert_eq!(u64::try_from(left.len()).unwrap(), limit);
    assert_eq!(oldest, noon - TimeDelta::minutes(last));
}

#[both]
async fn keeping_a_document_costs_more_the_longer_it_is(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let settings = "[graphql.member_budget]\npoints = 20_000\nper_second = 1";
    let server = TestServer::start(app.database(), settings).await;
    let text = format!("query Long {{ serverTime {} }}", " ".repeat(20_000));
    let remaining = async |who, text: Option<&str>| {
        let answer = ask(
            &server,
            Some(who),
            &hash(text.unwrap_or(WHO)),
            text.or(Some(WHO)),
        )
        .await;
        answer["extensions"]["cost"]["remaining"].as_u64().unwrap()
    };
    for (who, costs) in [(mike, 2_000), (sam, 0)] {
        let before = remaining(who, Some(&text)).await;
        eventually("it is kept", async || kept(&app).await > 0).await;
        eventually("it is paid for", async || {
            let paid = before.saturating_sub(remaining(who, None).await);
            assert!(paid < costs + 200, "{paid}");
            paid >= costs
        })
        .await;
    }
}

async fn kept(app: &TestApp) -> usize {
    let db = app.database().connect().await;
    PersistedDocument::find().all(&db).await.unwrap().len()
}

/// A validated document is not validated again, but its variables are.
#[both]
async fn a_document_is_checked_the_second_time_like_the_first(app: TestApp) {
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let server = TestServer::start(app.database(), "").await;
    let check_in =
        "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code path } } }";
    let id: uuid::Uuid = app.app.ids.next();
    let mut answers = Vec::new();
    for round in 0..2 {
        let mut answer = Vec::new();
        for input in [
            json!({}),
            json!({ "input": null }),
            json!({ "input": { "id": "no id" } }),
            json!({ "input": { "id": id, "mood": "fine" } }),
            json!({ "input": { "id": id, "mod": 3 } }),
            json!({ "input": { "id": id, "mood": 9 } }),
        ] {
            let answered = server.graphql(Some(&token), check_in, input).await;
            answer.push(json!({ "errors": answered["errors"], "data": answered.get("data") }));
        }
        let codes: Vec<_> = answer
            .iter()
            .map(|answer| &answer["errors"][0]["extensions"]["code"])
            .collect();
        assert_eq!(codes[..5], ["BAD_USER_INPUT"; 5], "round {round}");
        assert_eq!(
            answer[5]["data"]["checkIn"]["errors"][0]["path"],
            json!(["input", "mood"])
        );
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
}

#[both]
async fn a_default_decides_what_is_selected(app: TestApp) {
    let server = TestServer::start(app.database(), "").await;
    let query = "query($with: Boolean = true, $without: Boolean! = true, $text: String = \"so\") {
        a: serverTime @include(if: $with) ...Rest
        echo(text: $text) }
        fragment Rest on Query { b: serverTime @skip(if: $without) c: serverTime }";
    for _ in 0..2 {
        for (variables, asked) in [
            (json!({}), vec!["a", "c", "echo"]),
            (json!({ "with": false }), vec!["c", "echo"]),
            (json!({ "without": false }), vec!["a", "b", "c", "echo"]),
        ] {
            let answer = server.graphql(None, query, variables.clone()).await;
            let data = answer["data"].as_object().unwrap();
            let mut answered: Vec<_> = data.keys().cloned().collect();
            answered.sort();
            assert_eq!(answered, asked, "{variables}: {answer}");
            assert_eq!(data["echo"], "so");
        }
        let text = server.graphql(None, query, json!({ "text": null })).await;
        assert_eq!(text["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }
    // A default of the wrong type is an error of the document.
    let wrong = "query($with: Boolean = 3) { serverTime @include(if: $with) }";
    let answer = server.graphql(None, wrong, json!({})).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{answer}");
    // A page is as large as its default says.
    let page = "query($first: Int = 100) { me { circles(first: $first) { nodes { id } } } }";
    let answer = server.graphql(None, page, json!({})).await;
    assert_eq!(answer["extensions"]["cost"]["requested"], 102, "{answer}");
}

/// The library does not validate an argument in which a variable has no value.
#[both]
async fn an_argument_that_was_not_validated_is_validated_the_next_time(app: TestApp) {
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let server = TestServer::start(app.database(), "").await;
    let typo = "mutation($id: UUID!, $mood: Int) {
        checkIn(input: { id: $id, mood: $mood, typo: 3 }) { errors { code } } }";
    let id: uuid::Uuid = app.app.ids.next();
    for _ in 0..2 {
        server
            .graphql(Some(&token), typo, json!({ "id": id }))
            .await;
    }
    let variables = json!({ "id": id, "mood": 3 });
    let answer = server.graphql(Some(&token), typo, variables).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!(code, "BAD_USER_INPUT", "{answer}");
    assert!(answer.get("data").is_none(), "{answer}");
}

#[both]
async fn a_document_is_found_even_if_its_use_cannot_be_stored(app: TestApp) {
    let db = app.database().connect().await;
    let before = app.app.clock.now() - TimeDelta::days(300);
    let row = persisted_document::ActiveModel {
        hash: Set(digest(WHO)),
        text: Set(WHO.to_owned()),
        created_at: Set(before),
        used_at: Set(before),
    };
    PersistedDocument::insert(row)
        .exec_without_returning(&db)
        .await
        .unwrap();
    let refuse = match app.database().engine() {
        Engine::Sqlite => {
            "CREATE TRIGGER refuse BEFORE UPDATE ON persisted_document
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
        Engine::Postgres => {
            "ALTER TABLE persisted_document ADD CONSTRAINT refuse
             CHECK (used_at < '2026-01-01') NOT VALID"
        }
    };
    db.execute_unprepared(refuse).await.unwrap();

    let server = TestServer::start(app.database(), "").await;
    let mike = Some(app.member("mike").await);
    let found = ask(&server, mike, &hash(WHO), None).await;
    assert!(found["data"]["me"]["memberId"].is_string(), "{found}");
    let written = server.written();
    assert!(
        written.contains("the last use of a document could not be stored"),
        "{written}"
    );
}

#[tokio::test]
async fn an_answer_does_not_wait_until_its_document_is_kept() {
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let mike = Some(app.member("mike").await);
    let settings = "[http]\noperation_timeout_seconds = 1";
    let server = TestServer::start(app.database(), settings).await;
    let connection = app.database().connect().await;
    let holder = connection.begin().await.unwrap();
    let lock = "LOCK TABLE persisted_document IN ACCESS EXCLUSIVE MODE";
    holder.execute_unprepared(lock).await.unwrap();

    let dismiss = "mutation { signOutEverywhereElse { errors { code } } }";
    let answer = ask(&server, mike, &hash(dismiss), Some(dismiss)).await;
    let done = json!({ "errors": [] });
    assert_eq!(answer["data"]["signOutEverywhereElse"], done, "{answer}");
    // Looking up a document counts towards the time limit of the operation.
    let sought = ask(&server, mike, &hash(WHO), None).await;
    assert_eq!(sought["errors"][0]["extensions"]["code"], "TIMEOUT");

    holder.rollback().await.unwrap();
    eventually("it is kept", async || kept(&app).await == 1).await;
}
