//! Profiles: what members tell of themselves, and who sees it.

mod handles;
mod topics;
mod update;
mod viewing;

use api::error::Fault;
use api::fact::Fact;
use api::node_id::NodeId as _;
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use serde_json::{Value, json};
use support::{Answer, TestApp};

/// All fields of a profile.
pub const WHOLE: &str = "id handle bio story ageBand country region languages timeZone mailLanguage
    topics { topic { slug name } stance visibility } lifeContexts { slug } contactModes replyPace
    availability { day parts } memberSince version";

/// Returns a member's own profile.
pub async fn own(app: &TestApp, who: SignedIn) -> Value {
    let query = format!("{{ me {{ profile {{ {WHOLE} }} }} }}");
    app.as_member(who, &query, json!({}))
        .await
        .at("/me/profile")
}

/// Returns a member's profile as another sees it, or null.
pub async fn seen(app: &TestApp, viewer: SignedIn, who: SignedIn) -> Value {
    ask_for(app, viewer, who).await.at("/member")
}

/// Asks for a member's profile.
pub async fn ask_for(app: &TestApp, viewer: SignedIn, who: SignedIn) -> Answer {
    let query = format!("query($id: ID!) {{ member(id: $id) {{ {WHOLE} }} }}");
    let variables = json!({ "id": *who.member.global() });
    app.as_member(viewer, &query, variables).await
}

/// Sends `updateProfile`. Returns the payload.
pub async fn update(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let query = format!(
        "mutation($input: UpdateProfileInput!) {{ updateProfile(input: $input) {{
            member {{ {WHOLE} }} errors {{ code path message }} }} }}"
    );
    let answer = app.as_member(who, &query, json!({ "input": input })).await;
    answer.at("/updateProfile")
}

/// Returns the codes of a payload's errors, each with its path.
pub fn problems(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            let path = error["path"].as_array().unwrap().iter();
            let path: Vec<_> = path.map(|step| step.as_str().unwrap()).collect();
            (error["code"].as_str().unwrap().to_owned(), path.join("."))
        })
        .collect()
}

/// Returns a single problem, to compare with [`problems`].
pub fn problem(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}

/// Sends `setTopic`, and asserts that there are no errors. Returns the payload.
pub async fn set_topic(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let payload = try_set_topic(app, who, input).await;
    assert_eq!(payload["errors"], json!([]));
    payload
}

/// Sends `setTopic`. Returns the payload.
pub async fn try_set_topic(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let query = format!(
        "mutation($input: SetTopicInput!) {{ setTopic(input: $input) {{
            member {{ {WHOLE} }} errors {{ code path }} }} }}"
    );
    let answer = app.as_member(who, &query, json!({ "input": input })).await;
    answer.at("/setTopic")
}

/// Hides a member as a requested deletion does, or shows them again.
pub async fn hide(app: &TestApp, who: SignedIn, hidden: bool) {
    let app = &app.app;
    let done: Result<(), Fault> = transact!(app, |tx| {
        let member = who.member;
        let fact = if hidden {
            Fact::Hidden { member }
        } else {
            Fact::ShownAgain { member }
        };
        app.follow(tx, fact).await?;
        Ok(Done::Keep(()))
    });
    done.unwrap();
}
