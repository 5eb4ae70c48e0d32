//! What each viewer sees of a profile.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use api::visibility::is_taking_part;
use entity::{CircleId, MemberId};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{ask_for, hide, own, seen, set_topic, update};
use crate::circles::circle_of;

/// `one` proposes a peering to `other` in a new circle, and then leaves the circle.
async fn propose_and_leave(app: &TestApp, one: SignedIn, other: SignedIn) {
    let host = app.facilitator("fourth").await;
    let circle = circle_of(app, host, &[one, other]).await;
    crate::peerings::proposed(app, one, other).await;
    let query = "mutation($id: ID!) { leaveCircle(input: { circleId: $id }) { errors { code } } }";
    let left = app.as_member(one, query, json!({ "id": *circle.global() }));
    assert_eq!(left.await.at("/leaveCircle/errors"), json!([]));
}

fn slugs(profile: &Value) -> Vec<&str> {
    let topics = profile["topics"].as_array().unwrap().iter();
    topics
        .map(|lived| lived["topic"]["slug"].as_str().unwrap())
        .collect()
}

#[both]
async fn each_topic_is_seen_by_its_audience_alone(app: TestApp) {
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
    // A member of another circle has no tie with him.
    circle_of(&app, app.facilitator("third").await, &[other]).await;
    assert_eq!(seen(&app, other, mike).await, json!(null));
    // An open proposal is a tie.
    propose_and_leave(&app, other, mike).await;
    assert_eq!(slugs(&seen(&app, other, mike).await), ["sleep"]);
}

#[both]
async fn each_field_is_seen_by_its_audience_alone(app: TestApp) {
    let (mike, mate) = (app.member("mike").await, app.member("mate").await);
    let (other, friend) = (app.member("other").await, app.member("friend").await);
    circle_of(&app, app.facilitator("host").await, &[mike, mate]).await;
    propose_and_leave(&app, other, mike).await;
    crate::peerings::partners(&app, mike, friend).await;
    let says = json!({ "bio": "Rower.", "story": "Long.", "region": "Kent", "ageBand": "FROM_45_TO_54",
        "visibility": { "bio": "MEMBERS", "story": "PARTNERS", "region": "PRIVATE",
            "ageBand": "CIRCLES", "lifeContexts": "PRIVATE" } });
    assert_eq!(update(&app, mike, says).await["errors"], json!([]));
    let contexts = "mutation { setLifeContexts(input: { lifeContexts: [\"father\"] }) {
        errors { code } } }";
    app.as_member(mike, contexts, json!({})).await.ok();
    let parts = async |viewer| {
        let profile = seen(&app, viewer, mike).await;
        ["bio", "story", "region", "ageBand"].map(|part| !profile[part].is_null())
    };
    assert_eq!(parts(mike).await, [true; 4]);
    assert_eq!(parts(friend).await, [true, true, false, true]);
    assert_eq!(parts(mate).await, [true, false, false, true]);
    assert_eq!(parts(other).await, [true, false, false, false]);
    assert_eq!(seen(&app, mate, mike).await["lifeContexts"], json!([]));
    let choice = "{ me { profile { visibility { bio story region ageBand lifeContexts } } } }";
    let chosen = app.as_member(mike, choice, json!({})).await;
    assert_eq!(
        chosen.at("/me/profile/visibility"),
        json!({ "bio": "MEMBERS", "story": "PARTNERS", "region": "PRIVATE", "ageBand": "CIRCLES",
            "lifeContexts": "PRIVATE" })
    );
    // A field that is left out, or null, stays unchanged.
    let patch = json!({ "visibility": { "bio": "PRIVATE", "story": null } });
    assert_eq!(update(&app, mike, patch).await["errors"], json!([]));
    assert_eq!(parts(friend).await, [false, true, false, true]);
}

#[both]
async fn a_member_without_a_tie_sees_no_profile(app: TestApp) {
    let (mike, mate) = (app.member("mike").await, app.member("mate").await);
    let stranger = app.member("stranger").await;
    let circle = circle_of(&app, app.facilitator("host").await, &[mike, mate]).await;
    assert_eq!(seen(&app, mate, mike).await["handle"], "mike");
    let query = "mutation($id: ID!) { leaveCircle(input: { circleId: $id }) { errors { code } } }";
    let circle = json!({ "id": *circle.global() });
    app.as_member(mate, query, circle).await.ok();
    // He still knows the id, which looks like an unknown one.
    let nobody = ask_for(&app, mate, mike).await;
    assert_eq!(nobody.data["member"], json!(null));
    assert_eq!(ask_for(&app, stranger, mike).await.data, nobody.data);
    let node = "query($id: ID!) { node(id: $id) { __typename } }";
    let found = app.as_member(mate, node, json!({ "id": *mike.member.global() }));
    assert_eq!(found.await.at("/node"), json!(null));
}

#[both]
async fn a_members_id_does_not_reveal_when_they_joined(app: TestApp) {
    let joined = crate::account::join(&app, "mike@example.org", "mike").await;
    let mike = crate::account::signed_in(&app, &joined);
    // Version 7 begins with the instant; version 4 is random.
    assert_eq!(mike.member.0.get_version_num(), 4);
}

#[both]
async fn others_do_not_see_that_a_private_topic_exists(app: TestApp) {
    let (mike, mate) = (app.member("mike").await, app.member("mate").await);
    circle_of(&app, app.facilitator("host").await, &[mike, mate]).await;
    let before = seen(&app, mate, mike).await;
    for visibility in ["PRIVATE", "PARTNERS"] {
        let input = json!({"topic": "prison", "stance": "LIVING_WITH", "visibility": visibility});
        set_topic(&app, mike, input).await;
        assert_eq!(seen(&app, mate, mike).await, before, "{visibility}");
    }
}

#[both]
async fn fields_for_oneself_are_null_to_others(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    circle_of(&app, app.facilitator("host").await, &[mike, paul]).await;
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

#[both]
async fn a_hidden_member_is_visible_to_themselves_alone(app: TestApp) {
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

#[both]
async fn a_profile_without_a_session_gets_unauthenticated(app: TestApp) {
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

#[both]
async fn an_id_of_no_member_is_null(app: TestApp) {
    let mike = app.member("mike").await;
    let query = "query($id: ID!) { member(id: $id) { handle } }";
    let another_type = CircleId(mike.member.0).global();
    let unknown = MemberId(Uuid::from_u128(7)).global();
    for id in [another_type.as_str(), unknown.as_str(), "nonsense", ""] {
        let found = app.as_member(mike, query, json!({ "id": id })).await;
        assert_eq!(found.at("/member"), json!(null), "{id}");
    }
}

#[both]
async fn a_whole_profile_costs_one_statement(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    circle_of(&app, app.facilitator("host").await, &[mike, paul]).await;
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
