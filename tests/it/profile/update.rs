//! Changing one's own profile.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use support::{TestApp, TestDatabase, both};

use super::{own, problem, problems, update};

fn whole_input() -> Value {
    json!({
        "handle": "Mike_T", "bio": "Two kids, one dog.\nLikes rain.", "story": "It began in 2019.",
        "ageBand": "FROM_35_TO_44", "country": "ie", "region": "Cork", "languages": ["EN", "ga", "en"],
        "timeZone": "Europe/Dublin", "mailLanguage": "en-ie", "contactModes": ["IN_PERSON", "TEXT"],
        "replyPace": "FEW_DAYS",
        "availability": [
            {"day": "SUNDAY", "parts": ["NIGHT", "MORNING"]}, {"day": "MONDAY", "parts": ["EVENING"]},
            {"day": "TUESDAY", "parts": []},
        ],
    })
}

#[both]
async fn an_update_is_stored_and_repeating_it_changes_nothing(app: TestApp) {
    let mike = app.member("mike").await;
    let first = update(&app, mike, whole_input()).await;
    assert_eq!(first["errors"], json!([]));
    let id = first["member"]["id"].clone();
    let expected = json!({
        "id": id, "handle": "Mike_T", "bio": "Two kids, one dog.\nLikes rain.",
        "story": "It began in 2019.", "ageBand": "FROM_35_TO_44", "country": "IE", "region": "Cork",
        "languages": ["en", "ga"], "timeZone": "Europe/Dublin", "mailLanguage": "en-IE", "topics": [],
        "lifeContexts": [], "contactModes": ["TEXT", "IN_PERSON"], "replyPace": "FEW_DAYS",
        "availability": [
            {"day": "MONDAY", "parts": ["EVENING"]}, {"day": "SUNDAY", "parts": ["MORNING", "NIGHT"]},
        ],
        "memberSince": "2026-03-01", "version": 2,
    });
    assert_eq!(first["member"], expected);
    assert_eq!(update(&app, mike, whole_input()).await, first);
    // A phone that lost the answer repeats the request with the version it expected.
    let mut again = whole_input();
    again["expectedVersion"] = json!(1);
    assert_eq!(update(&app, mike, again).await, first);
    assert_eq!(own(&app, mike).await, expected);
}

#[both]
async fn fields_that_are_not_sent_stay(app: TestApp) {
    let mike = app.member("mike").await;
    let mut expected = update(&app, mike, whole_input()).await["member"].clone();
    for (field, value, kept) in [
        ("bio", json!(null), json!(null)),
        ("story", json!(" "), json!(null)),
        ("languages", json!(["cy"]), json!(["cy"])),
        ("availability", json!(null), json!([])),
        ("region", json!("Kerry"), json!("Kerry")),
        ("ageBand", json!(null), json!(null)),
        ("replyPace", json!(null), json!(null)),
        ("contactModes", json!([]), json!([])),
        ("languages", json!(null), json!([])),
        ("timeZone", json!("Europe/Lisbon"), json!("Europe/Lisbon")),
    ] {
        expected[field] = kept;
        expected["version"] = json!(expected["version"].as_i64().unwrap() + 1);
        let updated = update(&app, mike, json!({ field: value })).await;
        assert_eq!(updated["member"], expected, "{field}");
    }
}

#[both]
async fn an_omitted_variable_is_not_null(app: TestApp) {
    let mike = app.member("mike").await;
    update(&app, mike, json!({"bio": "Likes rain.", "region": "Cork"})).await;
    let query = "mutation($bio: String, $region: String) {
        updateProfile(input: {bio: $bio, region: $region}) { member { bio region version } } }";
    let send = async |variables| {
        let answer = app.as_member(mike, query, variables).await;
        answer.at("/updateProfile/member")
    };
    let both = json!({"bio": "Likes rain.", "region": "Cork", "version": 2});
    assert_eq!(send(json!({})).await, both);
    let region = json!({"bio": null, "region": "Cork", "version": 3});
    assert_eq!(send(json!({"bio": null})).await, region);
    let neither = json!({"bio": null, "region": null, "version": 4});
    assert_eq!(send(json!({"region": null})).await, neither);
}

#[both]
async fn required_fields_cannot_be_cleared(app: TestApp) {
    let mike = app.member("mike").await;
    let before = own(&app, mike).await;
    for field in ["handle", "country", "timeZone", "mailLanguage"] {
        let refused = update(&app, mike, json!({field: null, "bio": "Not kept."})).await;
        let path = format!("input.{field}");
        assert_eq!(problems(&refused), problem("REQUIRED", &path));
        assert_eq!(refused["member"], json!(null));
    }
    assert_eq!(own(&app, mike).await, before);
}

#[both]
async fn every_problem_of_an_input_is_named(app: TestApp) {
    let mike = app.member("mike").await;
    let before = own(&app, mike).await;
    let refused = update(
        &app,
        mike,
        json!({
            "handle": "no", "bio": "é".repeat(501), "story": "é".repeat(5_001), "country": "UK",
            "region": "é".repeat(101), "languages": ["en", "klingon!"], "mailLanguage": "", "ageBand": null,
        }),
    )
    .await;
    let expected = [
        ("TOO_SHORT", "input.handle"),
        ("TOO_LONG", "input.bio"),
        ("TOO_LONG", "input.story"),
        ("INVALID", "input.country"),
        ("TOO_LONG", "input.region"),
        ("INVALID", "input.languages.1"),
        ("INVALID", "input.mailLanguage"),
    ];
    let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
    assert_eq!(problems(&refused), expected);
    let languages = ["en"; 11];
    let refused = update(&app, mike, json!({ "languages": languages })).await;
    assert_eq!(problems(&refused), problem("TOO_LONG", "input.languages"));
    assert_eq!(own(&app, mike).await, before);
}

#[both]
async fn texts_are_cleaned(app: TestApp) {
    let mike = app.member("mike").await;
    let sent = json!({
        "bio": " Jose\u{301}\r\nlikes rain \n", "story": "é".repeat(5_000), "region": "\u{200B}",
    });
    let updated = update(&app, mike, sent).await;
    assert_eq!(updated["errors"], json!([]));
    assert_eq!(updated["member"]["bio"], json!("José\nlikes rain"));
    assert_eq!(updated["member"]["region"], json!(null));
    // Odd characters are cleaned, and the text is not refused.
    for odd in ["a\u{0}\tb", "\u{202E}a b\u{202C}", "a\u{1B} b\u{7}"] {
        let updated = update(&app, mike, json!({ "bio": odd, "region": "North\nSouth" })).await;
        assert_eq!(updated["errors"], json!([]), "{odd:?}");
        assert_eq!(updated["member"]["bio"], "a b", "{odd:?}");
        assert_eq!(updated["member"]["region"], "North South");
    }
}

#[both]
async fn an_update_of_an_older_version_is_stale_and_returns_the_profile(app: TestApp) {
    let mike = app.member("mike").await;
    let newer = update(
        &app,
        mike,
        json!({"bio": "From the tablet.", "expectedVersion": 1}),
    )
    .await;
    assert_eq!(newer["errors"], json!([]));
    let stale = update(
        &app,
        mike,
        json!({"bio": "From the phone.", "expectedVersion": 1}),
    )
    .await;
    assert_eq!(problems(&stale), problem("STALE", "input.expectedVersion"));
    assert_eq!(stale["member"], newer["member"]);
    assert_eq!(own(&app, mike).await, newer["member"]);
}

#[both]
async fn of_two_updates_from_one_version_one_is_stale(app: TestApp) {
    let mike = app.member("mike").await;
    for version in 1..=8 {
        let from = |device: &str| {
            let bio = format!("{device} {version}");
            update(&app, mike, json!({"bio": bio, "expectedVersion": version}))
        };
        let (phone, tablet) = tokio::join!(from("phone"), from("tablet"));
        let stale = [&phone, &tablet].map(|payload| problems(payload).len());
        assert_eq!(stale.iter().sum::<usize>(), 1, "{phone} {tablet}");
        assert_eq!(own(&app, mike).await["version"], json!(version + 1));
    }
}

#[both]
async fn an_update_without_a_session_gets_unauthenticated(app: TestApp) {
    let query = "mutation { updateProfile(input: {bio: \"Hello\"}) { errors { code } } }";
    let nobody = app.anonymous(query, json!({})).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    assert_eq!(nobody.data["updateProfile"], json!(null));
}

/// A field with a valid value.
fn change() -> impl Strategy<Value = (&'static str, Value)> {
    let text = || {
        prop_oneof![
            Just(json!(null)),
            "[a-zé]([a-zé ]{0,20}[a-z])?".prop_map(Value::from)
        ]
    };
    prop_oneof![
        text().prop_map(|text| ("bio", text)),
        text().prop_map(|text| ("story", text)),
        text().prop_map(|text| ("region", text)),
        "[a-z]{3,24}".prop_filter_map("the service's own name", |text| {
            let parsed = api::profile::Handle::parse("handle", &text);
            parsed.ok().map(|handle| ("handle", json!(handle.as_str())))
        }),
        select(vec![json!(null), json!("FROM_18_TO_24"), json!("FROM_65")])
            .prop_map(|v| ("ageBand", v)),
        select(vec!["GB", "IE", "DE"]).prop_map(|v| ("country", json!(v))),
        select(vec!["Europe/Berlin", "Asia/Kathmandu"]).prop_map(|v| ("timeZone", json!(v))),
        select(vec!["en", "de-CH"]).prop_map(|v| ("mailLanguage", json!(v))),
        select(vec![json!(null), json!("SAME_DAY"), json!("NO_RUSH")])
            .prop_map(|v| ("replyPace", v)),
        proptest::sample::subsequence(vec!["en", "de", "cy", "pt-BR"], 0..=4)
            .prop_shuffle()
            .prop_map(|tags| ("languages", json!(tags))),
        proptest::sample::subsequence(vec!["TEXT", "VOICE", "VIDEO", "IN_PERSON"], 0..=4)
            .prop_map(|modes| ("contactModes", json!(modes))),
        proptest::sample::subsequence(vec!["MONDAY", "THURSDAY", "SUNDAY"], 0..=3).prop_map(
            |days| {
                let week = days
                    .iter()
                    .map(|day| json!({"day": day, "parts": ["MORNING", "NIGHT"]}));
                ("availability", week.collect())
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_changes_its_fields_and_no_others(
        patches in prop::collection::vec(prop::collection::vec(change(), 0..5), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(async {
            let app = TestApp::configured(TestDatabase::sqlite().await, "").await;
            let mike = app.member("mike").await;
            let mut expected = own(&app, mike).await;
            for patch in patches {
                let patch: Map<_, _> = patch.into_iter().map(|(field, v)| (field.to_owned(), v)).collect();
                let before = expected.clone();
                for (field, value) in &patch {
                    expected[field] = value.clone();
                }
                if expected != before {
                    expected["version"] = json!(before["version"].as_i64().unwrap() + 1);
                }
                let updated = update(&app, mike, Value::Object(patch)).await;
                prop_assert_eq!(&updated["errors"], &json!([]));
                prop_assert_eq!(&updated["member"], &expected);
            }
            Ok(())
        })?;
    }
}
