//! What an upgrade of the GraphQL library must keep: each of these was otherwise in some release of it.

use api::graphql::context::Sender;
use api::schema;
use api::viewer::Viewer;
use async_graphql::{Request, Variables};
use serde_json::json;
use support::{TestApp, both};

/// We give every variable that was left out its default, because the library goes by what was sent here. Once it does
/// not, that may go.
#[both]
async fn what_a_variable_says_decides_what_is_included(app: TestApp) {
    let query = "query($with: Boolean = true, $without: Boolean = true) {
        a: serverTime @include(if: $with) b: serverTime @skip(if: $without) }";
    for (variables, asked) in [
        (json!({ "with": true, "without": true }), vec!["a"]),
        (json!({ "with": true, "without": false }), vec!["a", "b"]),
        // Both have their defaults: the one is included, and the other skipped.
        (json!({}), vec!["a"]),
    ] {
        let answer = app.anonymous(query, variables.clone()).await.ok();
        let answered: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
        assert_eq!(answered, asked, "{variables}");
    }
}

#[both]
async fn a_field_that_could_not_be_had_is_null_beside_its_siblings(app: TestApp) {
    let answer = app.anonymous("{ a: serverTime me { memberId } b: serverTime }", json!({}));
    let answer = answer.await;
    assert_eq!(answer.data["me"], json!(null));
    assert!(answer.data.as_object().unwrap().contains_key("me"));
    assert_eq!(answer.data["a"], answer.data["b"]);
    assert_eq!(answer.errors[0]["path"], json!(["me"]));
    // No answer before this one left anything out.
    assert_eq!(answer.data.as_object().unwrap().len(), 3);
}

#[both]
async fn an_answer_is_in_the_order_of_the_question(app: TestApp) {
    let query = "{ topics { slug } zebra: serverTime lifeContexts { slug } ant: serverTime }";
    let sender = Sender::new(Viewer::Anonymous, [192, 0, 2, 1].into());
    let request = schema::sent_by(Request::new(query), sender);
    let response = app.schema.execute(request).await;
    let text = serde_json::to_string(&response.data).unwrap();
    let places =
        ["\"topics\"", "\"zebra\"", "\"lifeContexts\"", "\"ant\""].map(|key| text.find(key));
    assert!(places.iter().all(Option::is_some), "{text}");
    assert!(places.is_sorted(), "{text}");
}

#[both]
async fn a_variable_that_was_left_out_is_not_null(app: TestApp) {
    let mike = app.member("mike").await;
    let update = "mutation($bio: String, $story: String) {
        updateProfile(input: { bio: $bio, story: $story }) { member { bio story } errors { code } }
    }";
    let mut seen = Vec::new();
    for variables in [
        json!({ "bio": "Climbs.", "story": "It was long." }),
        json!({ "bio": null }),
        json!({}),
    ] {
        let request = Request::new(update).variables(Variables::from_json(variables));
        let sender = Sender::new(Viewer::Member(mike), [192, 0, 2, 1].into());
        let request = schema::sent_by(request, sender);
        let response = app.schema.execute(request).await;
        let data = response.data.into_json().unwrap();
        seen.push(data["updateProfile"]["member"].clone());
    }
    assert_eq!(
        seen[0],
        json!({ "bio": "Climbs.", "story": "It was long." })
    );
    assert_eq!(seen[1], json!({ "bio": null, "story": "It was long." }));
    assert_eq!(seen[2], seen[1]);
}
