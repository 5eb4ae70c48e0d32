//! Received words stay with the receiver when the pact, the peering or the sender's account ends.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::received_words;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, end, hello, nudge, pacts, proposal, send, sent};
use crate::account;
use crate::peerings::{leave, partners};

const RECEIVED: &str = "id kind text template senderHandle senderId nudgeId pactId peeringId receivedAt endedAt keptUntil
    sender { handle }";

/// Returns everything that the member received, newest first.
async fn received(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = format!("{{ me {{ received {{ totalCount nodes {{ {RECEIVED} }} }} }} }}");
    let answer = app.as_member(who, &query, json!({})).await;
    let received = answer.at("/me/received");
    let nodes = received["nodes"].as_array().unwrap().clone();
    assert_eq!(received["totalCount"], nodes.len());
    nodes
}

/// Returns kind and text of everything that the member received.
async fn words(app: &TestApp, who: SignedIn) -> Vec<(String, Value)> {
    let all = received(app, who).await.into_iter();
    let all = all.map(|row| {
        (
            row["kind"].as_str().unwrap().to_owned(),
            row["text"].clone(),
        )
    });
    all.collect()
}

fn entry(kind: &str, text: &str) -> (String, Value) {
    (kind.to_owned(), json!(text))
}

async fn node(app: &TestApp, who: SignedIn, id: &Value) -> Value {
    let query = format!(
        "query($id: ID!) {{ node(id: $id) {{ __typename ... on ReceivedWords {{ {RECEIVED} }} }} }}"
    );
    let answer = app.as_member(who, &query, json!({ "id": id })).await;
    answer.at("/node")
}

async fn send_words(app: &TestApp, who: SignedIn, pact: &Value, words: &str) -> Value {
    let mut input = hello(app, pact);
    input["says"] = json!({ "own": words });
    let payload = nudge(app, who, "sendPactNudge", &input).await;
    assert_eq!(payload["errors"], json!([]));
    payload["nudge"].clone()
}

/// Makes a pact between Mike and Paul, who signed up with a passphrase. Paul writes a wish, and sends a nudge to Mike.
/// Returns the ids of peering, pact and nudge.
async fn pact_with_harsh_words(app: &TestApp) -> (SignedIn, SignedIn, [Value; 3]) {
    let mike = app.member("mike").await;
    let paul = account::join(app, "paul@example.org", "paul").await;
    let paul = account::signed_in(app, &paul);
    let peering = partners(app, mike, paul).await;
    let pact = agreed(app, mike, paul, &peering).await;
    app.advance(TimeDelta::minutes(1));
    let wish = json!({ "pactId": pact, "nudgeWish": "On your knees." });
    sent(app, paul, "updatePactSide", wish).await;
    app.advance(TimeDelta::minutes(1));
    let nudge = send_words(app, paul, &pact, "You had better answer.").await["id"].clone();
    app.advance(TimeDelta::minutes(1));
    (mike, paul, [peering, pact, nudge])
}

fn harsh_words() -> [(String, Value); 2] {
    [
        entry("NUDGE", "You had better answer."),
        entry("WISH", "On your knees."),
    ]
}

#[both]
async fn received_words_outlive_the_pact(app: TestApp) {
    words_outlive(app, "endPact").await;
}

#[both]
async fn received_words_outlive_the_peering(app: TestApp) {
    words_outlive(app, "endPeering").await;
}

async fn words_outlive(app: TestApp, mutation: &str) {
    let (mike, paul, [peering, pact, nudge]) = pact_with_harsh_words(&app).await;
    assert_eq!(
        words(&app, mike).await,
        [],
        "while the pact lasts, its words are shown there"
    );
    let feed = app
        .as_member(mike, "{ changes(first: 100) { endCursor } }", json!({}))
        .await;
    let cursor = feed.at("/changes/endCursor");
    let payload = match mutation {
        "endPact" => end(&app, paul, &pact).await,
        _ => leave(&app, paul, mutation, &peering).await,
    };
    assert_eq!(payload["errors"], json!([]));
    assert_eq!(words(&app, mike).await, harsh_words(), "{mutation}");
    let kept = received(&app, mike).await;
    let sent_by = json!(*paul.member.global());
    assert_eq!(
        kept[0],
        json!({ "id": kept[0]["id"], "kind": "NUDGE", "text": "You had better answer.", "template": null,
                "senderHandle": "paul", "senderId": sent_by, "nudgeId": nudge, "pactId": pact, "peeringId": peering,
                "receivedAt": "2026-03-10T12:02:00.000Z", "endedAt": "2026-03-10T12:03:00.000Z",
                "keptUntil": "2026-06-08T12:03:00.000Z", "sender": { "handle": "paul" } })
    );
    // The change feed agrees with `node`.
    let query = "query($after: String!) { changes(after: $after, first: 100) { edges { subjectId deleted } } }";
    let told = app.as_member(mike, query, json!({ "after": cursor })).await;
    let gone = json!({ "subjectId": nudge, "deleted": true });
    let edges = told.at("/changes/edges");
    assert!(edges.as_array().unwrap().contains(&gone), "{edges}");
    assert_eq!(node(&app, mike, &nudge).await, json!(null));
    let mut by_id = kept[0].clone();
    by_id["__typename"] = json!("ReceivedWords");
    assert_eq!(node(&app, mike, &kept[0]["id"]).await, by_id);
    // Ending it again changes nothing.
    end(&app, paul, &pact).await;
    assert_eq!(received(&app, mike).await, kept);
}

#[both]
async fn received_words_are_visible_to_the_receiver_alone_for_ninety_days(app: TestApp) {
    let (mike, paul, [_, pact, _]) = pact_with_harsh_words(&app).await;
    let sam = app.member("sam").await;
    end(&app, paul, &pact).await;
    let kept = received(&app, mike).await;
    // Neither the sender nor others see it.
    for other in [paul, sam] {
        assert_eq!(words(&app, other).await, []);
        assert_eq!(node(&app, other, &kept[0]["id"]).await, json!(null));
    }
    app.advance(TimeDelta::days(90) - TimeDelta::seconds(1));
    api::pact::service::housekeep(&app.app).await.unwrap();
    assert_eq!(words(&app, mike).await, harsh_words());
    app.advance(TimeDelta::seconds(1));
    assert_eq!(words(&app, mike).await, []);
    assert_eq!(node(&app, mike, &kept[0]["id"]).await, json!(null));
    api::pact::service::housekeep(&app.app).await.unwrap();
    assert_eq!(
        received_words::Entity::find()
            .all(app.app.db.pool())
            .await
            .unwrap(),
        []
    );
}

async fn delete_account(app: &TestApp, who: SignedIn) {
    let delete = "mutation($word: String!) { deleteAccount(input: { passphrase: $word }) { errors { code } } }";
    let word = json!({ "word": account::PASSPHRASE });
    let deleted = app.as_member(who, delete, word).await;
    assert_eq!(deleted.at("/deleteAccount/errors"), json!([]));
}

async fn undo_deletion(app: &TestApp, who: SignedIn) {
    let undo = "mutation { undoAccountDeletion { errors { code } } }";
    let undone = app.as_member(who, undo, json!({})).await;
    assert_eq!(undone.at("/undoAccountDeletion/errors"), json!([]));
}

#[both]
async fn received_words_outlive_the_senders_account(app: TestApp) {
    let (mike, paul, _) = pact_with_harsh_words(&app).await;
    delete_account(&app, paul).await;
    assert_eq!(pacts(&app, mike).await, [json!(null); 0]);
    assert_eq!(words(&app, mike).await, harsh_words());
    let by = async || {
        let first = received(&app, mike).await.remove(0);
        (
            first["senderHandle"].clone(),
            first["senderId"].clone(),
            first["sender"].clone(),
        )
    };
    let his = (json!("paul"), json!(*paul.member.global()), json!(null));
    assert_eq!(by().await, his);
    app.advance(TimeDelta::days(31));
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    app.drain().await;
    let gone = entity::member::Entity::find_by_id(paul.member).one(app.app.db.pool());
    assert_eq!(gone.await.unwrap(), None);
    assert_eq!(words(&app, mike).await, harsh_words());
    assert_eq!(by().await, his);
    // Ninety days after his account was hidden.
    app.advance(TimeDelta::days(59));
    assert_eq!(words(&app, mike).await, []);
}

#[both]
async fn a_sender_who_comes_back_leaves_no_second_copy(app: TestApp) {
    let (mike, paul, [_, pact, _]) = pact_with_harsh_words(&app).await;
    for _ in 0..2 {
        delete_account(&app, paul).await;
        assert_eq!(words(&app, mike).await, harsh_words());
        undo_deletion(&app, paul).await;
        app.advance(TimeDelta::days(1));
        assert_eq!(words(&app, mike).await, []);
        assert_eq!(
            pacts(&app, mike).await[0]["partnerSide"]["nudgeWish"],
            "On your knees."
        );
    }
    end(&app, mike, &pact).await;
    assert_eq!(words(&app, mike).await, harsh_words());
    // After the end of the pact, his leaving and coming back changes nothing.
    delete_account(&app, paul).await;
    undo_deletion(&app, paul).await;
    assert_eq!(words(&app, mike).await, harsh_words());
}

#[both]
async fn a_former_wish_is_kept_for_the_receiver(app: TestApp) {
    let (mike, paul, [_, pact, _]) = pact_with_harsh_words(&app).await;
    let wish = |text: Value| json!({ "pactId": pact, "nudgeWish": text });
    sent(&app, paul, "updatePactSide", wish(json!("Kindly."))).await;
    assert_eq!(words(&app, mike).await, [entry("WISH", "On your knees.")]);
    // An update that changes nothing adds nothing.
    sent(&app, paul, "updatePactSide", wish(json!("Kindly."))).await;
    let style = json!({ "pactId": pact, "nudgeStyle": "PLAIN" });
    sent(&app, paul, "updatePactSide", style).await;
    assert_eq!(words(&app, mike).await.len(), 1);
    app.advance(TimeDelta::minutes(1));
    sent(&app, paul, "updatePactSide", wish(json!(null))).await;
    let both = [entry("WISH", "Kindly."), entry("WISH", "On your knees.")];
    assert_eq!(words(&app, mike).await, both);
}

#[both]
async fn a_withdrawn_or_declined_proposal_is_kept_for_the_receiver(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    let mut input = proposal(&app, &peering);
    input["nudgeWish"] = json!("Do as I say.");
    let first = sent(&app, paul, "proposePact", input).await;
    end(&app, paul, &first["id"]).await;
    let taken_back = entry("PROPOSAL", "Do as I say.");
    assert_eq!(words(&app, mike).await, std::slice::from_ref(&taken_back));
    app.advance(TimeDelta::days(1));
    let second = sent(&app, paul, "proposePact", proposal(&app, &peering)).await;
    let no = json!({ "pactId": second["id"], "accept": false });
    assert_eq!(
        send(&app, mike, "answerPact", no).await["errors"],
        json!([])
    );
    let declined = ("PROPOSAL".to_owned(), json!(null));
    assert_eq!(words(&app, mike).await, [declined, taken_back]);
    // The proposer sees nothing of the decline.
    assert_eq!(words(&app, paul).await, []);
    app.advance(TimeDelta::days(8));
    api::pact::service::housekeep(&app.app).await.unwrap();
    assert_eq!(words(&app, mike).await.len(), 2);
    assert_eq!(words(&app, paul).await, []);
}

#[both]
async fn received_words_are_kept_encrypted_and_bound_to_their_receiver(app: TestApp) {
    let (mike, paul, [_, pact, _]) = pact_with_harsh_words(&app).await;
    end(&app, paul, &pact).await;
    let db = app.app.db.pool();
    let rows = received_words::Entity::find().all(db).await.unwrap();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let kept = [row.words.clone().unwrap(), row.sender_handle.clone()].concat();
        let kept = String::from_utf8_lossy(&kept).into_owned();
        assert!(
            !["better", "knees", "paul"]
                .iter()
                .any(|word| kept.contains(word))
        );
    }
    let moved = received_words::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(rows[0].id),
        member_id: sea_orm::ActiveValue::Set(paul.member),
        ..Default::default()
    };
    received_words::Entity::update(moved)
        .exec(db)
        .await
        .unwrap();
    let query = "{ me { received { nodes { text } } } }";
    let answer = app.as_member(paul, query, json!({})).await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(words(&app, mike).await.len(), 1);
}

#[both]
async fn received_words_are_paged(app: TestApp) {
    let (mike, paul, [_, pact, _]) = pact_with_harsh_words(&app).await;
    end(&app, paul, &pact).await;
    let ask = async |arguments: &str| {
        let query = format!(
            "{{ me {{ received({arguments}) {{ nodes {{ kind }} pageInfo {{ endCursor hasNextPage }} }} }} }}"
        );
        let page = app.as_member(mike, &query, json!({})).await;
        assert_eq!(page.statements, 1);
        page.at("/me/received")
    };
    let first = ask("first: 1").await;
    assert_eq!(
        (
            &first["nodes"][0]["kind"],
            &first["pageInfo"]["hasNextPage"]
        ),
        (&json!("NUDGE"), &json!(true))
    );
    let after = first["pageInfo"]["endCursor"].as_str().unwrap();
    let second = ask(&format!("first: 1, after: {after:?}")).await;
    assert_eq!(
        (
            &second["nodes"][0]["kind"],
            &second["pageInfo"]["hasNextPage"]
        ),
        (&json!("WISH"), &json!(false))
    );
}
