//! A member can narrow, clear and delete a check-in's content at any time, and no late message brings it back.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::{CheckInId, check_in};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{assert_progress_is_consistent, new_id, progress_of};
use crate::circles::circle_of;
use crate::pacts::{agreed, sent};
use crate::peerings::partners;

const CONTENT: &str =
    "localDate mood energy emotions { slug } note keptWord wantsAWord visibility wordsDeletedAt";

async fn check_in(app: &TestApp, who: SignedIn, input: &Value) -> Value {
    let mutation = format!(
        "mutation($input: CheckInInput!) {{ checkIn(input: $input) {{ checkIn {{ {CONTENT} }} errors {{ code path }} }} }}"
    );
    let input = json!({ "input": input });
    app.as_member(who, &mutation, input).await.at("/checkIn")
}

/// As [`check_in`], for an input that must be accepted. Returns the check-in.
async fn save(app: &TestApp, who: SignedIn, input: &Value) -> Value {
    let payload = check_in(app, who, input).await;
    assert_eq!(payload["errors"], json!([]), "{input}");
    payload["checkIn"].clone()
}

fn global(id: Uuid) -> String {
    (*CheckInId(id).global()).clone()
}

async fn delete_words(app: &TestApp, who: SignedIn, id: Uuid) -> Value {
    let mutation = format!(
        "mutation($input: DeleteCheckInWordsInput!) {{ deleteCheckInWords(input: $input) {{
            checkIn {{ {CONTENT} }} errors {{ code path }} }} }}"
    );
    let input = json!({ "input": { "checkInId": global(id) } });
    let answer = app.as_member(who, &mutation, input).await;
    answer.at("/deleteCheckInWords")
}

fn full_content(id: Uuid) -> Value {
    json!({ "id": id, "mood": 2, "energy": 1, "emotions": ["tired", "sad"], "note": "For you.",
        "keptWord": "PARTLY", "wantsAWord": true, "visibility": "CIRCLE" })
}

fn cleared(deleted_at: &Value) -> Value {
    json!({ "localDate": "2026-03-10", "mood": null, "energy": null, "emotions": [], "note": null, "keptWord": null,
        "wantsAWord": false, "visibility": "PRIVATE", "wordsDeletedAt": deleted_at })
}

fn clear_all(id: Uuid) -> Value {
    json!({ "id": id, "mood": null, "energy": null, "emotions": null, "note": null, "keptWord": null,
        "wantsAWord": false, "visibility": "PRIVATE" })
}

#[both]
async fn content_can_be_cleared_years_later(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    save(&app, mike, &full_content(id)).await;
    app.advance(TimeDelta::days(1));
    save(&app, mike, &json!({ "id": new_id(&app) })).await;
    let before = progress_of(&app, mike).await;
    // Content can be reduced step by step on days when nothing can be added any more.
    let narrowed = save(&app, mike, &json!({ "id": id, "visibility": "PARTNER" })).await;
    assert_eq!(
        (&narrowed["visibility"], &narrowed["note"]),
        (&json!("PARTNER"), &json!("For you."))
    );
    let fewer = save(
        &app,
        mike,
        &json!({ "id": id, "emotions": ["sad"], "wantsAWord": false }),
    )
    .await;
    assert_eq!(fewer["emotions"], json!([{ "slug": "sad" }]));
    for more in [
        json!({ "visibility": "CIRCLE" }),
        json!({ "mood": 3 }),
        json!({ "note": "For you. And you." }),
        json!({ "note": null, "wantsAWord": true }),
    ] {
        let mut more = more;
        more["id"] = json!(id);
        let refused = check_in(&app, mike, &more).await;
        assert_eq!(
            refused["errors"],
            json!([{ "code": "CONFLICT", "path": ["input", "id"] }]),
            "{more}"
        );
        assert_eq!(refused["checkIn"], fewer);
    }
    assert_eq!(progress_of(&app, mike).await, before);
    app.advance(TimeDelta::days(900));
    let before = progress_of(&app, mike).await;
    assert_eq!(
        save(&app, mike, &clear_all(id)).await,
        cleared(&json!(null))
    );
    assert_eq!(progress_of(&app, mike).await, before);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn an_old_message_does_not_restore_cleared_content(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let mut first = full_content(id);
    first["madeAt"] = json!(app.now().to_rfc3339());
    let more = json!({ "id": id, "note": "And one thing more.", "visibility": "CIRCLE" });
    save(&app, mike, &first).await;
    save(&app, mike, &more).await;
    app.advance(TimeDelta::hours(1));
    let narrowed = save(
        &app,
        mike,
        &json!({ "id": id, "note": null, "visibility": "PRIVATE" }),
    )
    .await;
    // The phone that lost the answer sends it again: on that day, the day after, and when the day has closed.
    for later in [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(4)] {
        app.advance(later);
        for message in [&first, &more] {
            assert_eq!(save(&app, mike, message).await, narrowed, "{later}");
        }
    }
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_message_repeated_late_does_not_undo_an_edit(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let first = json!({ "id": id, "mood": 1, "note": "Bad.", "madeAt": app.now().to_rfc3339() });
    save(&app, mike, &first).await;
    let edited = save(
        &app,
        mike,
        &json!({ "id": id, "mood": 3, "note": "Better." }),
    )
    .await;
    app.advance(TimeDelta::days(4));
    assert_eq!(save(&app, mike, &first).await, edited);
}

#[both]
async fn content_can_be_written_again_on_the_same_day(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let mut first = full_content(id);
    save(&app, mike, &first).await;
    save(&app, mike, &json!({ "id": id, "note": null })).await;
    let other = save(&app, mike, &json!({ "id": id, "note": "Other words." })).await;
    assert_eq!(other["note"], "Other words.");
    save(&app, mike, &json!({ "id": id, "note": null })).await;
    // The very same words, written again.
    app.advance(TimeDelta::minutes(1));
    first["madeAt"] = json!(app.now().to_rfc3339());
    assert_eq!(save(&app, mike, &first).await["note"], "For you.");
    // Narrowing the visibility works whatever was sent before.
    let narrow = json!({ "id": id, "visibility": "PRIVATE" });
    for _ in 0..2 {
        assert_eq!(save(&app, mike, &narrow).await["visibility"], "PRIVATE");
        app.advance(TimeDelta::minutes(1));
        let wide = json!({ "id": id, "visibility": "CIRCLE", "madeAt": app.now().to_rfc3339() });
        assert_eq!(save(&app, mike, &wide).await["visibility"], "CIRCLE");
    }
}

#[both]
async fn an_edit_queued_for_days_is_not_lost(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    save(&app, mike, &json!({ "id": id, "mood": 2 })).await;
    let edit = json!({ "id": id, "note": "Written in the evening.", "madeAt": (app.now() + TimeDelta::hours(8)).to_rfc3339() });
    app.advance(TimeDelta::days(6));
    let before = progress_of(&app, mike).await;
    assert_eq!(
        save(&app, mike, &edit).await["note"],
        "Written in the evening."
    );
    assert_eq!(progress_of(&app, mike).await, before);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn readers_lose_access_at_once(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    let pact = agreed(&app, mike, paul, &peering).await;
    let words = json!({ "pactId": pact, "sharing": "WORDS" });
    sent(&app, paul, "updatePactSide", words).await;
    let host = app.facilitator("host").await;
    let circle = circle_of(&app, host, &[mike, paul]).await;
    let read = async || {
        let query = "query($id: ID!) { circle(id: $id) { checkIns { totalCount nodes { note } } }
            me { pacts { nodes { partnerDays { note mood wantsAWord } } }
                unreadNotificationCount notifications { nodes { id kind } } } }";
        app.drain().await;
        let id = json!({ "id": *circle.global() });
        let all = app.as_member(mike, query, id).await.ok();
        let day = all
            .pointer("/me/pacts/nodes/0/partnerDays/6")
            .unwrap()
            .clone();
        let lines = all
            .pointer("/me/notifications/nodes")
            .unwrap()
            .clone()
            .as_array()
            .unwrap()
            .clone();
        let asked: Vec<_> = lines
            .into_iter()
            .filter(|line| line["kind"] == "PARTNER_WANTS_A_WORD")
            .collect();
        (all.pointer("/circle/checkIns").unwrap().clone(), day, asked)
    };
    app.advance(TimeDelta::minutes(1));
    let id = new_id(&app);
    save(&app, paul, &full_content(id)).await;
    let (in_circle, day, asked) = read().await;
    assert_eq!(
        in_circle,
        json!({ "totalCount": 1, "nodes": [{ "note": "For you." }] })
    );
    assert_eq!(
        day,
        json!({ "note": "For you.", "mood": 2, "wantsAWord": true })
    );
    assert_eq!(asked.len(), 1);

    let feed = app
        .as_member(mike, "{ changes(first: 100) { endCursor } }", json!({}))
        .await;
    let cursor = feed.at("/changes/endCursor");
    let mut mikes = app.listen(mike, "subscription { partnerActivity { kind subjectId } }");
    save(&app, paul, &json!({ "id": id, "visibility": "PRIVATE" })).await;
    assert_eq!(
        mikes.heard(),
        [json!({ "kind": "CHECKED_IN", "subjectId": pact })]
    );
    let nobody = json!({ "totalCount": 0, "nodes": [] });
    let silent = json!({ "note": null, "mood": null, "wantsAWord": false });
    assert_eq!(read().await, (nobody.clone(), silent.clone(), Vec::new()));
    let query = "query($after: String!) { changes(after: $after, first: 100) { edges { deleted subjectId node { id } } } }";
    let edges = app.as_member(mike, query, json!({ "after": cursor })).await;
    let line = json!({ "deleted": true, "subjectId": asked[0]["id"], "node": null });
    let edges = edges.at("/changes/edges");
    assert!(edges.as_array().unwrap().contains(&line), "{edges}");

    // Repeated changes of the visibility cause no further notifications.
    for visibility in ["CIRCLE", "PRIVATE", "CIRCLE"] {
        app.advance(TimeDelta::minutes(1));
        let again = json!({ "id": id, "visibility": visibility, "madeAt": app.now().to_rfc3339() });
        save(&app, paul, &again).await;
    }
    let (_, day, asked) = read().await;
    assert_eq!((&day["wantsAWord"], asked.len()), (&json!(true), 0));
    assert_eq!(delete_words(&app, paul, id).await["errors"], json!([]));
    assert_eq!(read().await, (nobody, silent, Vec::new()));
}

#[both]
async fn words_are_deleted_for_good(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let first = full_content(id);
    save(&app, mike, &first).await;
    app.advance(TimeDelta::hours(1));
    let before = progress_of(&app, mike).await;
    let deleted = delete_words(&app, mike, id).await;
    let gone = cleared(&json!("2026-03-10T13:00:00.000Z"));
    assert_eq!(deleted, json!({ "checkIn": gone, "errors": [] }));
    app.advance(TimeDelta::hours(1));
    assert_eq!(delete_words(&app, mike, id).await, deleted);
    assert_eq!(progress_of(&app, mike).await, before);
    // Messages that a phone still has to send neither restore the content nor replace it.
    let anew = json!({ "id": id, "note": "For you.", "madeAt": app.now().to_rfc3339() });
    for message in [&first, &anew] {
        assert_eq!(save(&app, mike, message).await, gone);
    }
    let row = check_in::Entity::find_by_id(CheckInId(id))
        .one(app.app.db.pool())
        .await;
    let row = row.unwrap().unwrap();
    assert_eq!(
        (row.note, row.mood, row.emotions, row.sent),
        (None, None, None, None)
    );
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn another_members_check_in_looks_like_an_unknown_one(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let id = new_id(&app);
    let there = save(&app, mike, &full_content(id)).await;
    let refused = delete_words(&app, sam, id).await;
    assert_eq!(refused, delete_words(&app, sam, new_id(&app)).await);
    assert_eq!(
        refused,
        json!({ "checkIn": null, "errors": [{ "code": "NOT_FOUND", "path": ["input", "checkInId"] }] })
    );
    assert_eq!(save(&app, mike, &json!({ "id": id })).await, there);
}
