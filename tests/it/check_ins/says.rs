//! The content of a check-in, who can read it, and the mood trend.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::check_in;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::new_id;
use crate::circles::circle_of;
use crate::profile::hide;

const CONTENT: &str =
    "mood energy emotions { slug name family } note keptWord wantsAWord visibility writtenLate";

async fn check_in(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let mutation = format!(
        "mutation($input: CheckInInput!) {{ checkIn(input: $input) {{ checkIn {{ {CONTENT} }} errors {{ code path }} }} }}"
    );
    let answer = app
        .as_member(who, &mutation, json!({ "input": input }))
        .await;
    answer.at("/checkIn")
}

#[both]
async fn the_content_is_returned_and_can_be_edited(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    let input = json!({ "id": id, "mood": 2, "energy": 1, "emotions": ["let_down", "worn_out", "let_down"],
        "note": "  A long day.\r\nIt will pass. ", "keptWord": "PARTLY", "wantsAWord": true, "visibility": "CIRCLE" });
    // An unknown emotion is refused.
    let refused = check_in(&app, mike, input.clone()).await;
    assert_eq!(
        refused["errors"],
        json!([{ "code": "INVALID", "path": ["input", "emotions", "1"] }])
    );
    let mut input = input;
    input["emotions"] = json!(["let_down", "tired", "let_down"]);
    let saved = check_in(&app, mike, input.clone()).await;
    assert_eq!(
        saved["checkIn"],
        json!({ "mood": 2, "energy": 1, "note": "A long day.\nIt will pass.", "keptWord": "PARTLY",
            "wantsAWord": true, "visibility": "CIRCLE", "writtenLate": false, "emotions": [
                { "slug": "let_down", "name": "Let down", "family": "ANGER" },
                { "slug": "tired", "name": "Worn out", "family": "SADNESS" }] })
    );
    assert_eq!(check_in(&app, mike, input).await, saved);

    let edit = json!({ "id": id, "note": null, "emotions": ["hopeful"], "wantsAWord": false, "keptWord": "DONE" });
    let edited = check_in(&app, mike, edit).await["checkIn"].clone();
    assert_eq!(
        (&edited["note"], &edited["mood"]),
        (&json!(null), &json!(2))
    );
    assert_eq!(
        (&edited["emotions"][0]["slug"], &edited["keptWord"]),
        (&json!("hopeful"), &json!("DONE"))
    );
    let quiet = json!({ "id": id, "emotions": null, "energy": null, "keptWord": null, "visibility": "PRIVATE" });
    let edited = check_in(&app, mike, quiet).await["checkIn"].clone();
    assert_eq!(
        edited,
        json!({ "mood": 2, "energy": null, "emotions": [], "note": null, "keptWord": null, "wantsAWord": false,
            "visibility": "PRIVATE", "writtenLate": false })
    );

    let nothing = json!({ "id": id, "wantsAWord": null, "visibility": null });
    assert_eq!(check_in(&app, mike, nothing).await["checkIn"], edited);

    app.advance(TimeDelta::days(1));
    let late = json!({ "id": new_id(&app), "localDate": "2026-03-09" });
    assert_eq!(
        check_in(&app, mike, late).await["checkIn"]["writtenLate"],
        true
    );
}

#[both]
async fn invalid_content_is_refused_with_its_field(app: TestApp) {
    let mike = app.member("mike").await;
    let eleven: Vec<_> = (0..11).map(|_| "sad").collect();
    for (field, value, code) in [
        ("energy", json!(0), "OUT_OF_RANGE"),
        ("energy", json!(6), "OUT_OF_RANGE"),
        ("note", json!("a".repeat(2001)), "TOO_LONG"),
        ("emotions", json!(eleven), "TOO_LONG"),
    ] {
        let mut input = json!({ "id": new_id(&app) });
        input[field] = value;
        let refused = check_in(&app, mike, input).await;
        assert_eq!(
            refused["errors"],
            json!([{ "code": code, "path": ["input", field] }])
        );
        assert_eq!(refused["checkIn"], json!(null));
    }
}

#[both]
async fn a_note_with_control_characters_is_cleaned_and_kept(app: TestApp) {
    let mike = app.member("mike").await;
    let note =
        "First.\tThen\u{2028}a line,\u{b}another\r\nand\u{2029}the\u{0}\u{7} last\u{202e}.\u{202c}";
    let input = json!({ "id": new_id(&app), "note": note });
    let saved = check_in(&app, mike, input.clone()).await;
    assert_eq!(saved["errors"], json!([]));
    let kept = "First. Then\na line,\nanother\nand\nthe last.";
    assert_eq!(saved["checkIn"]["note"], kept);
    // Sent again, as typed or as stored, it is the same check-in: also from another device.
    assert_eq!(check_in(&app, mike, input.clone()).await, saved);
    let mut cleaned = input;
    cleaned["note"] = json!(kept);
    assert_eq!(check_in(&app, mike, cleaned.clone()).await, saved);
    cleaned["id"] = json!(new_id(&app));
    assert_eq!(check_in(&app, mike, cleaned).await, saved);
}

#[both]
async fn a_note_is_stored_encrypted_and_bound_to_its_check_in(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let note = "nobody else is to read this";
    for who in [mike, sam] {
        check_in(&app, who, json!({ "id": new_id(&app), "note": note })).await;
    }
    let db = app.app.db.pool();
    let rows = check_in::Entity::find().all(db).await.unwrap();
    let kept: Vec<Vec<u8>> = rows.iter().map(|row| row.note.clone().unwrap()).collect();
    assert_ne!(kept[0], kept[1]);
    for note in &kept {
        assert!(!String::from_utf8_lossy(note).contains("nobody"));
    }
    // A note in another check-in's row cannot be decrypted. Only this field fails, without details.
    for (row, note) in rows.iter().zip(kept.iter().rev()) {
        let swapped = check_in::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(row.id),
            note: sea_orm::ActiveValue::Set(Some(note.clone())),
            ..Default::default()
        };
        check_in::Entity::update(swapped).exec(db).await.unwrap();
    }
    let answer = app
        .as_member(
            mike,
            "{ me { checkIn(date: \"2026-03-10\") { note } } }",
            json!({}),
        )
        .await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(answer.data["me"]["checkIn"], json!({ "note": null }));
}

#[both]
async fn a_circles_members_read_what_is_shared_with_it(app: TestApp) {
    let host = app.facilitator("host").await;
    let (mike, sam, tom) = (
        app.member("mike").await,
        app.member("sam").await,
        app.member("tom").await,
    );
    let circle = circle_of(&app, host, &[mike, sam]).await;
    let shared = json!({ "id": new_id(&app), "mood": 2, "note": "Rough.", "emotions": ["tired"], "visibility": "CIRCLE" });
    check_in(&app, mike, shared).await;
    for visibility in ["PRIVATE", "PARTNER"] {
        let who = if visibility == "PRIVATE" { sam } else { host };
        check_in(
            &app,
            who,
            json!({ "id": new_id(&app), "note": "Mine.", "visibility": visibility }),
        )
        .await;
    }
    let query = "query($id: ID!) { circle(id: $id) { checkIns { totalCount nodes { member { handle } localDate mood note
        emotions { slug } wantsAWord } } } }";
    let id = json!({ "id": *api::node_id::NodeId::global(circle) });
    let read = async |who| app.as_member(who, query, id.clone()).await;
    let expected = json!({ "totalCount": 1, "nodes": [{ "member": { "handle": "mike" }, "localDate": "2026-03-10",
        "mood": 2, "note": "Rough.", "emotions": [{ "slug": "tired" }], "wantsAWord": false }] });
    for who in [host, sam, mike] {
        assert_eq!(read(who).await.at("/circle/checkIns"), expected);
    }
    assert_eq!(read(tom).await.at("/circle"), json!(null));

    // A hidden member's check-ins are not shown, nor are those older than two weeks.
    hide(&app, mike, true).await;
    assert_eq!(read(sam).await.at("/circle/checkIns/nodes"), json!([]));
    hide(&app, mike, false).await;
    app.advance(TimeDelta::days(15));
    assert_eq!(read(sam).await.at("/circle/checkIns/totalCount"), 0);
}

#[both]
async fn the_mood_trend_is_given_week_by_week(app: TestApp) {
    let mike = app.member("mike").await;
    // From Tuesday the 10th to Monday the 16th.
    for (mood, emotions) in [
        (2, vec!["sad"]),
        (4, vec!["sad", "hopeful"]),
        (3, vec![]),
        (5, vec!["happy", "sad"]),
    ] {
        let input = json!({ "id": new_id(&app), "mood": mood, "emotions": emotions });
        check_in(&app, mike, input).await;
        app.advance(TimeDelta::days(2));
    }
    check_in(&app, mike, json!({ "id": new_id(&app), "energy": 1 })).await;
    let query = "query($from: Date!, $to: Date!) { me { moodTrend(from: $from, to: $to) {
        weeks { monday days mood { mean spread } energy { mean spread } } emotions { emotion { slug } days } } } }";
    let ask = async |who, from: &str, to: &str| {
        app.as_member(who, query, json!({ "from": from, "to": to }))
            .await
    };
    let trend = ask(mike, "2026-03-01", "2026-03-31").await;
    assert_eq!(
        trend.statements, 2,
        "the check-ins, and once in ten minutes the words"
    );
    let trend = trend.at("/me/moodTrend");
    assert_eq!(
        trend["weeks"],
        json!([
            { "monday": "2026-03-09", "days": 3, "mood": { "mean": 3.0, "spread": (2.0_f64 / 3.0).sqrt() }, "energy": null },
            { "monday": "2026-03-16", "days": 2, "mood": { "mean": 5.0, "spread": 0.0 },
              "energy": { "mean": 1.0, "spread": 0.0 } },
        ])
    );
    assert_eq!(
        trend["emotions"],
        json!([{ "emotion": { "slug": "sad" }, "days": 3 }, { "emotion": { "slug": "happy" }, "days": 1 },
            { "emotion": { "slug": "hopeful" }, "days": 1 }])
    );
    let part = ask(mike, "2026-03-12", "2026-03-12")
        .await
        .at("/me/moodTrend/weeks");
    assert_eq!(part[0]["mood"]["mean"], 4.0);

    let sam = app.member("sam").await;
    let empty = json!({ "weeks": [], "emotions": [] });
    assert_eq!(
        ask(sam, "2026-03-01", "2026-03-31")
            .await
            .at("/me/moodTrend"),
        empty
    );
    for (from, to) in [("2026-03-02", "2026-03-01"), ("2016-01-01", "2026-03-01")] {
        assert_eq!(ask(mike, from, to).await.code(), "BAD_USER_INPUT");
    }
}

#[both]
async fn the_vocabulary_has_six_families_of_ten(app: TestApp) {
    let words = app
        .anonymous("{ emotions { slug family name definition } }", json!({}))
        .await
        .at("/emotions");
    let words = words.as_array().unwrap();
    let families: Vec<&Value> = words.iter().map(|word| &word["family"]).collect();
    for family in families.chunks(10) {
        assert!(family.iter().all(|other| *other == family[0]), "{family:?}");
    }
    let distinct: std::collections::BTreeSet<_> =
        families.iter().map(|family| family.as_str()).collect();
    assert_eq!((words.len(), distinct.len()), (60, 6));
}
