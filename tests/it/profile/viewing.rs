//! What of a man is there for whom.

use api::graphql::node::NodeId as _;
use api::visibility::is_taking_part;
use entity::{CircleId, MemberId};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{ask_for, hide, own, seen, set_topic, update};
use crate::circles::circle_of;

both!(
    each_topic_is_seen_by_whom_it_is_shown_to,
    a_private_topic_looks_like_none,
    what_is_ones_own_business_is_null_to_others,
    a_hidden_member_is_there_for_himself_alone,
    nobody_sees_nobody,
    what_is_no_member_is_nobody,
    a_whole_profile_costs_one_statement
);

fn slugs(profile: &Value) -> Vec<&str> {
    let topics = profile["topics"].as_array().unwrap().iter();
    topics
        .map(|lived| lived["topic"]["slug"].as_str().unwrap())
        .collect()
}

async fn each_topic_is_seen_by_whom_it_is_shown_to(app: TestApp) {
    let mike = app.member("mike").await;
    let (mate, other) = (app.member("mate").await, app.member("other").await);
    let host = app.facilitator("host").await;
    circle_of(&app, host, &[mike, mate]).await;
    for (topic, visibility) in [
        ("anxiety", "PRIVATE"),
        ("depression", "PARTNERS"),
        ("grief", "CIRCLES"),
        ("sleep", "MEMBERS"),
    ] {
        let input = json!({"topic": topic, "stance": "LIVING_WITH", "visibility": visibility});
        set_topic(&app, mike, input).await;
    }
    let all = ["anxiety", "depression", "grief", "sleep"];
    assert_eq!(slugs(&own(&app, mike).await), all);
    assert_eq!(slugs(&seen(&app, mike, mike).await), all);
    assert_eq!(slugs(&seen(&app, mate, mike).await), ["grief", "sleep"]);
    assert_eq!(slugs(&seen(&app, host, mike).await), ["grief", "sleep"]);
    assert_eq!(slugs(&seen(&app, other, mike).await), ["sleep"]);
    // Who is in a circle of his own shares none.
    circle_of(&app, app.facilitator("third").await, &[other]).await;
    assert_eq!(slugs(&seen(&app, other, mike).await), ["sleep"]);
}

async fn a_private_topic_looks_like_none(app: TestApp) {
    let (mike, mate) = (app.member("mike").await, app.member("mate").await);
    circle_of(&app, app.facilitator("host").await, &[mike, mate]).await;
    let before = seen(&app, mate, mike).await;
    for visibility in ["PRIVATE", "PARTNERS"] {
        let input = json!({"topic": "prison", "stance": "LIVING_WITH", "visibility": visibility});
        set_topic(&app, mike, input).await;
        assert_eq!(seen(&app, mate, mike).await, before, "{visibility}");
    }
}

async fn what_is_ones_own_business_is_null_to_others(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let input = json!({"topic": "sleep", "stance": "LIVING_WITH", "visibility": "MEMBERS"});
    set_topic(&app, mike, input).await;
    update(&app, mike, json!({"bio": "Likes rain."})).await;
    let mut expected = own(&app, mike).await;
    assert_eq!(expected["timeZone"], json!("Europe/London"));
    assert_eq!(expected["mailLanguage"], json!("en-GB"));
    assert_eq!(expected["version"], json!(2));
    for field in ["timeZone", "mailLanguage", "version"] {
        expected[field] = json!(null);
    }
    expected["topics"][0]["visibility"] = json!(null);
    assert_eq!(seen(&app, paul, mike).await, expected);
}

async fn a_hidden_member_is_there_for_himself_alone(app: TestApp) {
    let (mike, mate) = (app.member("mike").await, app.member("mate").await);
    circle_of(&app, app.facilitator("host").await, &[mike, mate]).await;
    let before = seen(&app, mate, mike).await;
    hide(&app, mike, true).await;
    assert_eq!(seen(&app, mate, mike).await, json!(null));
    assert_eq!(own(&app, mike).await["handle"], json!("mike"));
    let db = app.app.db.pool();
    assert!(!is_taking_part(db, mike.member).await.unwrap());
    hide(&app, mike, false).await;
    assert_eq!(seen(&app, mate, mike).await, before);
    assert!(is_taking_part(db, mike.member).await.unwrap());
    let no_one = MemberId(Uuid::from_u128(7));
    assert!(!is_taking_part(db, no_one).await.unwrap());
}

async fn nobody_sees_nobody(app: TestApp) {
    let mike = app.member("mike").await;
    let query = "query($id: ID!) { member(id: $id) { handle } }";
    let known = json!({ "id": *mike.member.global() });
    let unknown = json!({ "id": *MemberId(Uuid::from_u128(7)).global() });
    for id in [known, unknown] {
        let nobody = app.anonymous(query, id).await;
        assert_eq!(nobody.code(), "UNAUTHENTICATED");
        assert_eq!(nobody.data["member"], json!(null));
        assert_eq!(nobody.statements, 0);
    }
}

async fn what_is_no_member_is_nobody(app: TestApp) {
    let mike = app.member("mike").await;
    let query = "query($id: ID!) { member(id: $id) { handle } }";
    let another_type = CircleId(mike.member.0).global();
    let unknown = MemberId(Uuid::from_u128(7)).global();
    for id in [another_type.as_str(), unknown.as_str(), "nonsense", ""] {
        let found = app.as_member(mike, query, json!({ "id": id })).await;
        assert_eq!(found.at("/member"), json!(null), "{id}");
    }
}

async fn a_whole_profile_costs_one_statement(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    for topic in ["anxiety", "grief", "sleep"] {
        let input = json!({"topic": topic, "stance": "LIVING_WITH", "visibility": "MEMBERS"});
        set_topic(&app, mike, input).await;
    }
    update(&app, mike, json!({"languages": ["en", "cy", "de"]})).await;
    // The vocabularies have been read by now.
    let answer = ask_for(&app, paul, mike).await;
    assert_eq!(answer.statements, 1);
    assert_eq!(answer.at("/member/topics").as_array().unwrap().len(), 3);
}
