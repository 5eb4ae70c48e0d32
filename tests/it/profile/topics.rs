//! Topics and life contexts of a profile.

use serde_json::{Value, json};
use support::{TestApp, both};

use super::{own, problem, problems, seen, set_topic, try_set_topic};

#[both]
async fn everybody_can_read_the_vocabularies(app: TestApp) {
    let query = "{ topics { slug name description } lifeContexts { slug name } }";
    let first = app.anonymous(query, json!({})).await;
    assert_eq!(first.statements, 2);
    let again = app.anonymous(query, json!({})).await;
    assert_eq!(again.statements, 0);
    assert_eq!(again.data, first.data);
    let topic = &first.data["topics"][0];
    assert_eq!(
        (&topic["slug"], &topic["name"]),
        (&json!("anxiety"), &json!("Anxiety"))
    );
    assert_eq!(
        first.data["lifeContexts"][0],
        json!({"slug": "father", "name": "Father"})
    );
}

#[both]
async fn a_new_topic_is_private(app: TestApp) {
    let mike = app.member("mike").await;
    let set = set_topic(
        &app,
        mike,
        json!({"topic": "grief", "stance": "COME_THROUGH"}),
    )
    .await;
    let grief = json!([{
        "topic": {"slug": "grief", "name": "Grief"}, "stance": "COME_THROUGH", "visibility": "PRIVATE",
    }]);
    assert_eq!(set["member"]["topics"], grief);
    let input = json!({"topic": "anger", "stance": "LIVING_WITH", "visibility": null});
    let set = set_topic(&app, mike, input).await;
    assert_eq!(set["member"]["topics"][1]["visibility"], json!("PRIVATE"));
}

#[both]
async fn changing_a_topic_keeps_the_fields_that_are_not_sent(app: TestApp) {
    let mike = app.member("mike").await;
    let first = json!({"topic": "grief", "stance": "LIVING_WITH", "visibility": "CIRCLES"});
    let set = set_topic(&app, mike, first.clone()).await;
    assert_eq!(set_topic(&app, mike, first).await, set);
    let moved = set_topic(
        &app,
        mike,
        json!({"topic": "grief", "stance": "COME_THROUGH"}),
    )
    .await;
    let topics = json!([{
        "topic": {"slug": "grief", "name": "Grief"}, "stance": "COME_THROUGH", "visibility": "CIRCLES",
    }]);
    assert_eq!(moved["member"]["topics"], topics);
    let hidden = json!({"topic": "grief", "stance": "COME_THROUGH", "visibility": null});
    let hidden = set_topic(&app, mike, hidden).await;
    assert_eq!(
        hidden["member"]["topics"][0]["visibility"],
        json!("PRIVATE")
    );
}

async fn remove(app: &TestApp, who: api::viewer::SignedIn, slug: &str) -> Value {
    let query = "mutation($slug: String!) { removeTopic(input: {topic: $slug}) {
        member { topics { topic { slug } } } errors { code path } } }";
    let answer = app.as_member(who, query, json!({ "slug": slug })).await;
    answer.at("/removeTopic")
}

#[both]
async fn removing_a_topic_is_idempotent(app: TestApp) {
    let mike = app.member("mike").await;
    set_topic(
        &app,
        mike,
        json!({"topic": "grief", "stance": "LIVING_WITH"}),
    )
    .await;
    set_topic(
        &app,
        mike,
        json!({"topic": "sleep", "stance": "LIVING_WITH"}),
    )
    .await;
    let left = json!({"member": {"topics": [{"topic": {"slug": "sleep"}}]}, "errors": []});
    assert_eq!(remove(&app, mike, "grief").await, left);
    assert_eq!(remove(&app, mike, "grief").await, left);
}

#[both]
async fn a_slug_outside_the_vocabulary_is_refused(app: TestApp) {
    let mike = app.member("mike").await;
    let before = own(&app, mike).await;
    for slug in ["golf", "", "Grief", "grief:living_with:members sleep"] {
        let input = json!({"topic": slug, "stance": "LIVING_WITH"});
        let refused = try_set_topic(&app, mike, input).await;
        assert_eq!(
            problems(&refused),
            problem("INVALID", "input.topic"),
            "{slug}"
        );
        assert_eq!(
            problems(&remove(&app, mike, slug).await),
            problem("INVALID", "input.topic")
        );
    }
    let refused = contexts(&app, mike, json!(["father", "pilot"])).await;
    assert_eq!(
        problems(&refused),
        problem("INVALID", "input.lifeContexts.1")
    );
    assert_eq!(own(&app, mike).await, before);
}

#[both]
async fn a_profile_has_at_most_twenty_topics(app: TestApp) {
    let mike = app.member("mike").await;
    let words = app
        .anonymous("{ topics { slug } }", json!({}))
        .await
        .at("/topics");
    let slugs: Vec<&Value> = words
        .as_array()
        .unwrap()
        .iter()
        .map(|topic| &topic["slug"])
        .collect();
    let set = |slug: &Value| {
        let input = json!({"topic": slug, "stance": "LIVING_WITH"});
        try_set_topic(&app, mike, input)
    };
    for slug in &slugs[..19] {
        assert_eq!(set(slug).await["errors"], json!([]));
    }
    // Two phones compete for the last topic.
    for _ in 0..6 {
        let (one, other) = tokio::join!(set(slugs[19]), set(slugs[20]));
        let refused = [problems(&one), problems(&other)].concat();
        assert_eq!(refused, problem("TOO_LONG", "input.topic"));
        for slug in [slugs[19], slugs[20]] {
            remove(&app, mike, slug.as_str().unwrap()).await;
        }
    }
    assert_eq!(set(slugs[19]).await["errors"], json!([]));
    // Existing topics can still be changed.
    assert_eq!(set(slugs[0]).await["errors"], json!([]));
    let refused = problems(&set(slugs[21]).await);
    assert_eq!(refused, problem("TOO_LONG", "input.topic"));
    assert_eq!(
        own(&app, mike).await["topics"].as_array().unwrap().len(),
        20
    );
}

async fn contexts(app: &TestApp, who: api::viewer::SignedIn, slugs: Value) -> Value {
    let query = "mutation($slugs: [String!]!) { setLifeContexts(input: {lifeContexts: $slugs}) {
        member { lifeContexts { slug } } errors { code path } } }";
    let answer = app.as_member(who, query, json!({ "slugs": slugs })).await;
    answer.at("/setLifeContexts")
}

#[both]
async fn setting_life_contexts_replaces_the_list(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    crate::peerings::in_a_circle(&app, &[mike, paul]).await;
    let set = contexts(&app, mike, json!(["veteran", "father", "veteran"])).await;
    let two = json!([{"slug": "father"}, {"slug": "veteran"}]);
    assert_eq!(set, json!({"member": {"lifeContexts": two}, "errors": []}));
    assert_eq!(
        contexts(&app, mike, json!(["father", "veteran"])).await,
        set
    );
    assert_eq!(seen(&app, paul, mike).await["lifeContexts"], two);
    let none = contexts(&app, mike, json!([])).await;
    assert_eq!(none["member"]["lifeContexts"], json!([]));
    let refused = contexts(&app, mike, json!(vec!["father"; 11])).await;
    assert_eq!(
        problems(&refused),
        problem("TOO_LONG", "input.lifeContexts")
    );
}
