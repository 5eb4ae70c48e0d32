//! Details of refusals: the limit that was reached, and when a retry can succeed.

use api::viewer::SignedIn;
use async_graphql::{EmptyMutation, EmptySubscription, Enum, Schema, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{ListedCodes, TestApp, both};

use crate::peerings::{in_a_circle, leave, proposal_to, proposed};

const REFUSAL: &str = "errors { retryAt limit ... on UserError { retryAt limit } }";

async fn refusal(app: &TestApp, who: SignedIn, mutation: &str, input: Value) -> Value {
    let mut payload = app.mutate(who, mutation, input, REFUSAL).await;
    let mut error = payload["errors"]
        .get_mut(0)
        .map(Value::take)
        .unwrap_or_default();
    if let Value::Object(fields) = &mut error {
        fields.remove("path");
    }
    error
}

#[both]
async fn a_temporary_refusal_says_when_a_retry_succeeds(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    in_a_circle(&app, &[mike, sam]).await;
    let id = proposed(&app, mike, sam).await["id"].clone();
    app.advance(TimeDelta::hours(1));
    leave(&app, mike, "withdrawPeering", &id).await;

    let again = async || refusal(&app, mike, "proposePeering", proposal_to(&app, sam)).await;
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
async fn a_refusal_names_the_limit_that_was_reached(app: TestApp) {
    let mike = app.member("mike").await;
    let mut members = vec![mike];
    for n in 0..4 {
        members.push(app.member(&format!("man{n}")).await);
    }
    in_a_circle(&app, &members).await;
    for other in &members[1..4] {
        proposed(&app, mike, *other).await;
    }
    let limit_error =
        |code: &str, limit: i32| json!({ "code": code, "retryAt": null, "limit": limit });
    let refused = refusal(&app, mike, "proposePeering", proposal_to(&app, members[4])).await;
    assert_eq!(refused, limit_error("TOO_MANY", 3));

    let profile = async |field: &str, value: Value| {
        refusal(&app, mike, "updateProfile", json!({ field: value })).await
    };
    assert_eq!(
        profile("bio", json!("x".repeat(501))).await,
        limit_error("TOO_LONG", 500)
    );
    assert_eq!(
        profile("handle", json!("mm")).await,
        limit_error("TOO_SHORT", 3)
    );
    let languages: Vec<_> = (0..11).map(|_| "en").collect();
    assert_eq!(
        profile("languages", json!(languages)).await,
        limit_error("TOO_LONG", 10)
    );
    let pause = json!({ "id": app.app.ids.next::<uuid::Uuid>(), "firstDate": "2026-03-11",
        "lastDate": "2028-03-11" });
    let refused = refusal(&app, mike, "startPause", pause).await;
    assert_eq!(refused, limit_error("OUT_OF_RANGE", 366));
}

#[both]
async fn a_closed_database_gets_unavailable_and_a_time_to_retry(app: TestApp) {
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

/// The queries of a small schema, in which each payload has the name of a real one and the error `CONFLICT`.
#[derive(SimpleObject)]
struct Payloads {
    sign_in: SignInPayload,
    sign_out: SignOutPayload,
}

#[derive(SimpleObject)]
struct SignInPayload {
    errors: Vec<Refusal>,
}

#[derive(SimpleObject)]
struct SignOutPayload {
    errors: Vec<Refusal>,
}

#[derive(SimpleObject)]
struct Refusal {
    code: RefusalCode,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum RefusalCode {
    Conflict,
}

/// Asks the small schema. Its payloads are watched like those of every `TestApp`.
async fn watched(query: &str) -> Value {
    let conflict = || {
        let code = RefusalCode::Conflict;
        vec![Refusal { code }]
    };
    let payloads = Payloads {
        sign_in: SignInPayload { errors: conflict() },
        sign_out: SignOutPayload { errors: conflict() },
    };
    let codes = ListedCodes::default();
    let schema = Schema::build(payloads, EmptyMutation, EmptySubscription);
    let answer = schema
        .extension(codes.clone())
        .finish()
        .execute(query)
        .await;
    codes.assert_listed();
    answer.data.into_json().unwrap()
}

#[tokio::test]
async fn a_test_passes_if_a_payload_lists_the_code_of_its_error() {
    let answer = watched("{ signIn { errors { code } } }").await;
    assert_eq!(answer["signIn"]["errors"], json!([{ "code": "CONFLICT" }]));
}

#[tokio::test]
#[should_panic(expected = "the description of SignOutPayload lists no CONFLICT")]
async fn a_test_fails_if_a_payload_does_not_list_the_code_of_its_error() {
    watched("{ signOut { errors { code } } }").await;
}
