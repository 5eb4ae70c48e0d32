//! What a refusal says beside its code: which bound was reached, and when the same may be taken.

use api::viewer::SignedIn;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{TestApp, both};

use crate::peerings::{in_a_circle, leave, proposed, to};

const REFUSAL: &str = "errors { code retryAt limit ... on UserError { retryAt limit } }";

async fn refusal(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation($input: {name}!) {{ payload: {mutation}(input: $input) {{ {REFUSAL} }} }}"
    );
    let answer = app.as_member(who, &document, json!({ "input": input }));
    let errors = answer.await.at("/payload/errors");
    errors.get(0).cloned().unwrap_or_default()
}

#[both]
async fn a_refusal_that_ends_by_itself_says_when_and_then_it_is_taken(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    in_a_circle(&app, &[mike, sam]).await;
    let id = proposed(&app, mike, sam).await["id"].clone();
    app.advance(TimeDelta::hours(1));
    leave(&app, mike, "withdrawPeering", &id).await;

    let again = async || refusal(&app, mike, "proposePeering", to(&app, sam)).await;
    let refused = again().await;
    let expected =
        json!({ "code": "TOO_SOON", "retryAt": "2026-04-09T12:00:00.000Z", "limit": null });
    assert_eq!(refused, expected);
    let at: DateTime<Utc> = refused["retryAt"].as_str().unwrap().parse().unwrap();
    app.app.clock.set(at - TimeDelta::milliseconds(1)).unwrap();
    assert_eq!(again().await["code"], "TOO_SOON");
    app.app.clock.set(at).unwrap();
    assert_eq!(again().await, Value::Null);
}

#[both]
async fn a_refusal_names_the_bound_that_was_reached(app: TestApp) {
    let mike = app.member("mike").await;
    let mut men = vec![mike];
    for n in 0..4 {
        men.push(app.member(&format!("man{n}")).await);
    }
    in_a_circle(&app, &men).await;
    for man in &men[1..4] {
        proposed(&app, mike, *man).await;
    }
    let bound = |code: &str, limit: i32| json!({ "code": code, "retryAt": null, "limit": limit });
    let refused = refusal(&app, mike, "proposePeering", to(&app, men[4])).await;
    assert_eq!(refused, bound("TOO_MANY", 3));

    let profile = async |field: &str, value: Value| {
        refusal(&app, mike, "updateProfile", json!({ field: value })).await
    };
    assert_eq!(
        profile("bio", json!("x".repeat(501))).await,
        bound("TOO_LONG", 500)
    );
    assert_eq!(profile("handle", json!("mm")).await, bound("TOO_SHORT", 3));
    let languages: Vec<_> = (0..11).map(|_| "en").collect();
    assert_eq!(
        profile("languages", json!(languages)).await,
        bound("TOO_LONG", 10)
    );
    let pause = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "firstDate": "2026-03-11",
        "lastDate": "2028-03-11" });
    let refused = refusal(&app, mike, "startPause", pause).await;
    assert_eq!(refused, bound("OUT_OF_RANGE", 366));
}

#[both]
async fn a_database_that_is_away_is_told_from_a_fault(app: TestApp) {
    let mike = app.member("mike").await;
    app.app.db.close().await;
    let check_in = json!({ "input": { "id": app.app.ids.next::<uuid::Uuid>() } });
    for (document, variables) in [
        ("{ me { progress { daysShownUp } } }", json!({})),
        (
            "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }",
            check_in,
        ),
    ] {
        let answer = app.as_member(mike, document, variables).await;
        assert_eq!(answer.code(), "UNAVAILABLE", "{:?}", answer.errors);
        assert_eq!(answer.errors[0]["extensions"]["retryAfter"], 5);
    }
}
