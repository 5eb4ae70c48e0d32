//! Trusted documents: only the documents of released apps are executed.

use entity::persisted_document::Entity as PersistedDocument;
use reqwest::Method;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{Program, TestApp, TestDatabase, TestServer, both, eventually};
use tempfile::TempDir;

const DEVELOPER: &str = "a developer's token, of forty characters";
const RELEASED: &str = "query Released { serverTime }";
const OTHER: &str = "query Other { serverTime }";

fn manifest(folder: &TempDir, content: &Value) -> String {
    let file = folder.path().join("manifest.json");
    std::fs::write(&file, content.to_string()).unwrap();
    format!(
        "[graphql]\ntrusted_documents = {:?}\ndeveloper_token = \"{DEVELOPER}\"",
        file.display().to_string()
    )
}

/// The document of this text by its hash, as Apollo's clients ask for it.
fn by_hash_of(text: &str) -> Value {
    let hash = super::documents::hash(text);
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

async fn ask(server: &TestServer, body: &Value, headers: &[(&str, &str)]) -> Value {
    let mut request = server.request(Method::POST, "/graphql").json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().json().await.unwrap()
}

fn is_executed(answer: &Value) -> bool {
    answer["data"]["serverTime"].is_string()
}

#[both]
async fn a_document_kept_before_there_was_a_manifest_is_not_executed(app: TestApp) {
    let mike = format!("Bearer {}", TestServer::token(app.member("mike").await));
    let member = [("authorization", mike.as_str())];
    let developer = [member[0], ("x-developer-token", DEVELOPER)];
    let mut with_text = by_hash_of(OTHER);
    with_text["query"] = json!(OTHER);

    let server = TestServer::start(app.database(), "").await;
    let answer = ask(&server, &with_text, &member).await;
    assert!(is_executed(&answer), "{answer}");
    let db = app.database().connect().await;
    eventually("the document is kept", async || {
        PersistedDocument::find().one(&db).await.unwrap().is_some()
    })
    .await;
    drop(server);

    let folder = TempDir::new().unwrap();
    let settings = manifest(&folder, &json!({ "released-1": RELEASED }));
    let server = TestServer::start(app.database(), &settings).await;
    let refused = async || {
        for headers in [&member[..], &[]] {
            let answer = ask(&server, &by_hash_of(OTHER), headers).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert_eq!(code, "PERSISTED_QUERY_NOT_FOUND", "{answer}");
            assert!(answer.get("data").is_none(), "{answer}");
        }
    };
    refused().await;
    // A developer may send any document, which does not make it available to others.
    let known = ask(&server, &by_hash_of(OTHER), &developer).await;
    assert!(is_executed(&known), "{known}");
    let sent = ask(&server, &with_text, &developer).await;
    assert!(is_executed(&sent), "{sent}");
    refused().await;
    // A released document is also found by the hash of its text.
    let released = ask(&server, &by_hash_of(RELEASED), &[]).await;
    assert!(is_executed(&released), "{released}");
}

#[tokio::test]
async fn only_released_documents_are_executed() {
    let folder = TempDir::new().unwrap();
    let settings = manifest(&folder, &json!({ "released-1": RELEASED }));
    let server = TestServer::start(&TestDatabase::sqlite().await, &settings).await;
    let ask = async |body: Value, developer: bool| {
        let mut request = server.request(Method::POST, "/graphql").json(&body);
        request = request.header("accept", "application/graphql-response+json");
        if developer {
            request = request.header("x-developer-token", DEVELOPER);
        }
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };

    let by_hash = |id: &str| json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": id } } });
    for known in [
        json!({ "documentId": "released-1" }),
        by_hash("released-1"),
        json!({ "query": RELEASED }),
    ] {
        let (status, answer) = ask(known, false).await;
        assert!(
            status == 200 && answer["data"]["serverTime"].is_string(),
            "{answer}"
        );
    }

    let other = json!({ "query": "query Another { serverTime }" });
    let (status, refused) = ask(other.clone(), false).await;
    assert_eq!(
        (status, &refused["errors"][0]["extensions"]["code"]),
        (403, &json!("FORBIDDEN"))
    );
    let (status, unknown) = ask(json!({ "documentId": "released-2" }), false).await;
    assert_eq!(
        (status, &unknown["errors"][0]["extensions"]["code"]),
        (200, &json!("PERSISTED_QUERY_NOT_FOUND"))
    );

    let (status, answer) = ask(other, true).await;
    assert!(
        status == 200 && answer["data"]["serverTime"].is_string(),
        "{answer}"
    );
}

#[tokio::test]
async fn a_manifest_that_cannot_be_used_stops_the_start_and_is_named() {
    let folder = TempDir::new().unwrap();
    let database = TestDatabase::sqlite().await;
    for (content, expected) in [
        (
            json!({ "released-1": "query {" }),
            "the document released-1",
        ),
        (
            json!({ "released-1": "query { nothing }" }),
            "the document released-1: Unknown field",
        ),
        (json!(["query { serverTime }"]), "neither"),
    ] {
        let settings = manifest(&folder, &content);
        for command in ["serve", "doctor"] {
            let ended = Program::new(command)
                .database(&database)
                .toml(&settings)
                .run()
                .await;
            assert_eq!(ended.code, Some(1), "{}", ended.said);
            assert!(
                ended.said.contains(expected) && ended.said.contains("manifest.json"),
                "{command}: {}",
                ended.said
            );
        }
    }
}
