//! Trusted documents: what the apps were released with, and nothing else.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Program, TestDatabase, TestServer};
use tempfile::TempDir;

const DEVELOPER: &str = "a developer's token, of forty characters";
const RELEASED: &str = "query Released { serverTime }";

fn manifest(folder: &TempDir, content: &Value) -> String {
    let file = folder.path().join("manifest.json");
    std::fs::write(&file, content.to_string()).unwrap();
    format!(
        "[graphql]\ntrusted_documents = {:?}\ndeveloper_token = \"{DEVELOPER}\"",
        file.display().to_string()
    )
}

#[tokio::test]
async fn only_released_documents_are_carried_out() {
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
    for (content, told) in [
        (
            json!({ "released-1": "query {" }),
            "the document released-1",
        ),
        (json!(["query { serverTime }"]), "neither"),
    ] {
        let settings = manifest(&folder, &content);
        let ended = Program::new("serve")
            .database(&database)
            .toml(&settings)
            .run()
            .await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(
            ended.said.contains(told) && ended.said.contains("manifest.json"),
            "{}",
            ended.said
        );
    }
}
