//! `belay member role`: an operator sets a member's role while the server runs.

use serde_json::json;
use support::{Program, TestApp, TestDatabase, TestServer, both};
use uuid::Uuid;

#[both]
async fn a_new_role_applies_from_the_next_request_on(database: TestDatabase) {
    let app = TestApp::in_the_present(database).await;
    let mike = app.member("mike").await;
    let server = TestServer::start(app.database(), "").await;
    let token = TestServer::token(mike);
    let make_circle = async || {
        let create = "mutation($input: CreateCircleInput!) {
            createCircle(input: $input) { circle { viewerRole } errors { code } } }";
        let id: Uuid = app.app.ids.next();
        let circle = json!({ "id": id, "name": "Tuesday men", "purpose": "To talk" });
        let answer = server.graphql(Some(&token), create, json!({ "input": circle }));
        answer.await["data"]["createCircle"].clone()
    };
    let role = async || {
        let role = "{ me { account { role } } }";
        let answer = server.graphql(Some(&token), role, json!({})).await;
        answer["data"]["me"]["account"]["role"].clone()
    };
    let refused = json!({ "circle": null, "errors": [{ "code": "NOT_ALLOWED" }] });
    assert_eq!(make_circle().await, refused);

    // The case of the address does not matter, and a repeat is harmless.
    for _ in 0..2 {
        let command = Program::new("member role Mike@Example.org facilitator");
        let ended = command.database(app.database()).run().await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        assert!(ended.said.contains("Done."), "{}", ended.said);
    }
    assert_eq!(role().await, "FACILITATOR");
    let made = json!({ "circle": { "viewerRole": "FACILITATOR" }, "errors": [] });
    assert_eq!(make_circle().await, made);

    let command = Program::new("member role mike@example.org member");
    let ended = command.database(app.database()).run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(role().await, "MEMBER");
    assert_eq!(make_circle().await, refused);
}

#[both]
async fn an_address_without_an_account_is_reported(app: TestApp) {
    app.member("mike").await;
    for (address, message) in [
        ("paul@example.org", "No account has this address."),
        ("mike", "That is no e-mail address."),
        ("mike@", "That is no e-mail address."),
    ] {
        let command = Program::new(&format!("member role {address} facilitator"));
        let ended = command.database(app.database()).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains(message), "{}", ended.said);
    }
    let no_role = Program::new("member role mike@example.org admin");
    let ended = no_role.database(app.database()).run().await;
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert!(ended.said.contains("facilitator"), "{}", ended.said);
}
